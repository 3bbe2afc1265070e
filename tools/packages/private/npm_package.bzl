"""Targets of an npm repository; its BUILD files are written by the npm_packages repository rule."""

load("//tools/packages:providers.bzl", "NpmFilesInfo", "NpmPackageInfo", "ThirdPartyInfo")
load("//tools/packages/private:closure.bzl", "closure_attrs")
load("//tools/packages/private:facts.bzl", "package_fact", "third_party")

def _npm_files_impl(ctx):
    entry = struct(
        package_name = ctx.attr.package_name,
        version = ctx.attr.package_version,
        key = ctx.attr.key,
        directory = ctx.file.directory,
        meta = ctx.file.meta,
        fact = package_fact(
            "npm",
            ctx.attr.published_name or ctx.attr.package_name,
            ctx.attr.package_version,
            license = ctx.attr.license,
            checksum = ctx.attr.checksum,
        ),
    )
    return [
        NpmFilesInfo(entry = entry),
        DefaultInfo(files = depset([ctx.file.directory])),
    ]

npm_files = rule(
    implementation = _npm_files_impl,
    doc = "The unpacked files of one npm package. Internal: written by npm_packages.",
    attrs = {
        "checksum": attr.string(doc = "Of the archive: `sha512:<hex>`."),
        "directory": attr.label(doc = "The package's folder.", allow_single_file = True, mandatory = True),
        "key": attr.string(doc = "Its name in the store.", mandatory = True),
        "license": attr.string(doc = "What the lock says of it."),
        "meta": attr.label(doc = "Its description as JSON.", allow_single_file = True, mandatory = True),
        "package_name": attr.string(doc = "The name in import statements.", mandatory = True),
        "package_version": attr.string(doc = "The locked version.", mandatory = True),
        "published_name": attr.string(doc = "What the registry calls it, where that is another name: of an alias."),
    },
)

def _npm_package_impl(ctx):
    entry = ctx.attr.files[NpmFilesInfo].entry
    entries = [target[NpmFilesInfo].entry for target in ctx.attr.closure]
    files = depset([e.directory for e in entries] + [e.meta for e in entries])
    return [
        NpmPackageInfo(
            label = ctx.label,
            package_name = entry.package_name,
            version = entry.version,
            key = entry.key,
            directory = entry.directory,
            meta = entry.meta,
            closure = depset(entries),
            types = ctx.attr.types[NpmPackageInfo] if ctx.attr.types else None,
        ),
        third_party([e.fact for e in entries]),
        DefaultInfo(files = files, runfiles = ctx.runfiles(transitive_files = files)),
    ]

npm_package = rule(
    implementation = _npm_package_impl,
    doc = "An npm package with its closure, for deps of ts_library and its like. Internal: written by npm_packages.",
    attrs = dict(
        closure_attrs("npm_files", NpmFilesInfo),
        types = attr.label(doc = "Its @types package, used with it in compilation.", providers = [NpmPackageInfo]),
    ),
    provides = [NpmPackageInfo, ThirdPartyInfo],
)
