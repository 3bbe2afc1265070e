"""Targets of a Debian repository; its BUILD files are written by the debian_packages repository rule."""

load("//tools/packages:providers.bzl", "DebianFilesInfo", "DebianPackageInfo", "ThirdPartyInfo")
load("//tools/packages/private:facts.bzl", "package_fact", "third_party")

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
    entry = ctx.attr.files[DebianFilesInfo].entry
    entries = [target[DebianFilesInfo].entry for target in ctx.attr.closure]
    return [
        DebianPackageInfo(
            label = ctx.label,
            package_name = entry.package_name,
            version = entry.version,
            archive = entry.archive,
            closure = depset(entries),
        ),
        third_party([e.fact for e in entries]),
        DefaultInfo(files = depset([entry.archive])),
    ]

debian_package = rule(
    implementation = _debian_package_impl,
    doc = "A Debian package with its closure, for `debs` of oci_layer. Internal: written by debian_packages.",
    attrs = {
        "closure": attr.label_list(doc = "The debian_files of the package and of all that it needs.", providers = [DebianFilesInfo]),
        "files": attr.label(doc = "The debian_files of the package.", mandatory = True, providers = [DebianFilesInfo]),
    },
    provides = [DebianPackageInfo, ThirdPartyInfo],
)
