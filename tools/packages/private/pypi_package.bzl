"""Targets of a PyPI repository; its BUILD files are written by the pypi_packages repository rule."""

load("//tools/packages:providers.bzl", "PypiFilesInfo", "PypiPackageInfo", "ThirdPartyInfo")
load("//tools/packages/private:closure.bzl", "closure_attrs", "closure_providers")
load("//tools/packages/private:facts.bzl", "package_fact")

def _pypi_files_impl(ctx):
    entry = struct(
        package_name = ctx.attr.package_name,
        version = ctx.attr.package_version,
        directory = ctx.file.directory,
        fact = package_fact(
            "pypi",
            ctx.attr.package_name,
            ctx.attr.package_version,
            license = ctx.attr.license,
            checksum = "sha256:" + ctx.attr.sha256,
        ),
    )
    return [PypiFilesInfo(entry = entry), DefaultInfo(files = depset([ctx.file.directory]))]

pypi_files = rule(
    implementation = _pypi_files_impl,
    doc = "One unpacked wheel without what it needs. Internal: written by pypi_packages.",
    attrs = {
        "directory": attr.label(doc = "The unpacked wheel.", allow_single_file = True, mandatory = True),
        "license": attr.string(doc = "What the lock says of it."),
        "package_name": attr.string(doc = "Its key in the lock.", mandatory = True),
        "package_version": attr.string(doc = "The locked version.", mandatory = True),
        "sha256": attr.string(doc = "Of the wheel.", mandatory = True),
    },
)

def _pypi_package_impl(ctx):
    return closure_providers(ctx, PypiFilesInfo, PypiPackageInfo, file = "directory", fields = ["package_name", "version"])

pypi_package = rule(
    implementation = _pypi_package_impl,
    doc = "A package of PyPI with its closure, for `deps` of py_image. Internal: written by pypi_packages.",
    attrs = closure_attrs("pypi_files", PypiFilesInfo),
    provides = [PypiPackageInfo, ThirdPartyInfo],
)
