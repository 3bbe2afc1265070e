"""Targets of a PyPI repository; its BUILD files are written by the pypi_packages repository rule."""

load("//tools/packages:providers.bzl", "PypiFilesInfo", "PypiPackageInfo", "ThirdPartyInfo")
load("//tools/packages/private:facts.bzl", "package_fact", "third_party")

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
    entry = ctx.attr.files[PypiFilesInfo].entry
    entries = [target[PypiFilesInfo].entry for target in ctx.attr.closure]
    files = depset([e.directory for e in entries])
    return [
        PypiPackageInfo(
            label = ctx.label,
            package_name = entry.package_name,
            version = entry.version,
            directory = entry.directory,
            closure = depset(entries),
        ),
        third_party([e.fact for e in entries]),
        DefaultInfo(files = depset([entry.directory]), runfiles = ctx.runfiles(transitive_files = files)),
    ]

pypi_package = rule(
    implementation = _pypi_package_impl,
    doc = "A package of PyPI with its closure, for `deps` of py_image. Internal: written by pypi_packages.",
    attrs = {
        "closure": attr.label_list(doc = "The pypi_files of the package and of all that it needs.", providers = [PypiFilesInfo]),
        "files": attr.label(doc = "The pypi_files of the package.", mandatory = True, providers = [PypiFilesInfo]),
    },
    provides = [PypiPackageInfo, ThirdPartyInfo],
)
