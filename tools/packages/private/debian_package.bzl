"""Targets of a Debian repository; its BUILD files are written by the debian_packages repository rule."""

load("//tools/packages:providers.bzl", "DebianFilesInfo", "DebianPackageInfo", "ThirdPartyInfo")
load("//tools/packages/private:closure.bzl", "closure_attrs", "closure_providers")
load("//tools/packages/private:facts.bzl", "package_fact")

def _debian_files_impl(ctx):
    entry = struct(
        package_name = ctx.attr.package_name,
        version = ctx.attr.package_version,
        architecture = ctx.attr.architecture,
        archive = ctx.file.archive,
        sha256 = ctx.attr.sha256,
        fact = package_fact(
            "deb",
            ctx.attr.package_name,
            ctx.attr.package_version,
            checksum = "sha256:" + ctx.attr.sha256,
            architecture = ctx.attr.architecture,
        ),
    )
    return [DebianFilesInfo(entry = entry), DefaultInfo(files = depset([ctx.file.archive]))]

debian_files = rule(
    implementation = _debian_files_impl,
    doc = "One .deb without what it needs. Internal: written by debian_packages.",
    attrs = {
        "architecture": attr.string(doc = "Debian's name of the architecture.", mandatory = True),
        "archive": attr.label(doc = "The .deb.", allow_single_file = [".deb"], mandatory = True),
        "package_name": attr.string(doc = "The package's name.", mandatory = True),
        "package_version": attr.string(doc = "The locked version.", mandatory = True),
        "sha256": attr.string(doc = "Of the .deb.", mandatory = True),
    },
)

def _debian_package_impl(ctx):
    # An archive is of no use to what runs: images are made of it.
    return closure_providers(ctx, DebianFilesInfo, DebianPackageInfo, file = "archive", fields = ["package_name", "version"], runfiles = False)

debian_package = rule(
    implementation = _debian_package_impl,
    doc = "A Debian package with its closure, for `debs` of oci_layer. Internal: written by debian_packages.",
    attrs = closure_attrs("debian_files", DebianFilesInfo),
    provides = [DebianPackageInfo, ThirdPartyInfo],
)
