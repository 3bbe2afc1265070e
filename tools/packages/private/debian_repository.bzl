"""debian_packages: the packages of a Debian lock, each a repository of its own that is fetched when it is needed."""

load("//tools/lib/bzl:labels.bzl", "absolute_label")
load("//tools/packages/private:hub.bzl", "HUB_ATTRS", "write_hub")
load("//tools/packages/private:stage0.bzl", "fetch_file")

_DOC = """Makes the packages of a lock available as `@<name>//:<package>`.

This repository only reads the lock; `load("@<name>//:packages.bzl", "debian_repositories")` and a call of it declare
one repository for each package, whose .deb is downloaded when a target first needs it and is checked against the
lock's sha256; downloads are kept, by hash, in Fathom's cache folder. `bazel run @fathom//tools/packages:debian_pin -- <list>.json` writes the lock.

The mirror is FATHOM_DEBIAN_MIRROR (`http://host/debian`), else `mirrors`, else what apt is configured with.
For versions that it no longer has, FATHOM_DEBIAN_SNAPSHOTS is asked: the base URL of a snapshot archive.

    load("@fathom//tools/packages:defs.bzl", "debian_packages")

    debian_packages(
        name = "debian",
        lock = "//third_party/debian:trixie.lock.json",
    )

    load("@debian//:packages.bzl", "debian_repositories")

    debian_repositories()
"""

_RULES = struct(
    archive_file = Label("//tools/packages/private:debian_repository.bzl"),
    archive_rule = "debian_archive",
    macro = "debian_repositories",
    package_file = Label("//tools/packages/private:debian_package.bzl"),
    package_rule = "debian_package",
)

DEBIAN_ATTRS = dict(
    HUB_ATTRS,
    architecture = attr.string(doc = "Debian's name of the architecture that the images run on.", default = "amd64"),
    mirrors = attr.string_list(doc = "Base URLs of archive `debian`, tried in order. Default: what apt is configured with."),
)

def _debian_packages_impl(ctx):
    write_hub(ctx, "debian", _RULES, architecture = ctx.attr.architecture, mirrors = ctx.attr.mirrors)

debian_packages = repository_rule(
    implementation = _debian_packages_impl,
    doc = _DOC,
    attrs = DEBIAN_ATTRS,
)

def _debian_archive_impl(ctx):
    # Epochs and the like: a file name that any Bazel takes as a label.
    local = "{}.deb".format(ctx.attr.package)
    fetch_file(ctx, {
        "archive": ctx.attr.archive,
        "file": ctx.attr.path.split("/")[-1],
        "kind": "debian",
        "mirrors": ctx.attr.mirrors,
        "output": local,
        "path": ctx.attr.path,
        "sha256": ctx.attr.sha256,
        "snapshot": ctx.attr.snapshot,
    })
    ctx.file("BUILD.bazel", """load("{rules}", "debian_files")
debian_files(
    name = "files",
    archive = "{local}",
    architecture = "{architecture}",
    package_name = "{package}",
    package_version = "{version}",
    sha256 = "{sha256}",
    visibility = ["//visibility:public"],
)
""".format(
        rules = absolute_label(Label("//tools/packages/private:debian_package.bzl")),
        local = local,
        architecture = ctx.attr.architecture,
        package = ctx.attr.package,
        version = ctx.attr.version,
        sha256 = ctx.attr.sha256,
    ))

debian_archive = repository_rule(
    implementation = _debian_archive_impl,
    doc = "One .deb. Internal: declared by `debian_repositories` of a debian_packages repository.",
    attrs = {
        "architecture": attr.string(doc = "Of the lock.", mandatory = True),
        "archive": attr.string(doc = "`debian` or `debian-security`.", mandatory = True),
        "mirrors": attr.string_list(doc = "As in debian_packages."),
        "package": attr.string(doc = "The package's name.", mandatory = True),
        "path": attr.string(doc = "The pool path.", mandatory = True),
        "sha256": attr.string(doc = "Of the .deb.", mandatory = True),
        "snapshot": attr.string(doc = "The snapshot that has this version.", mandatory = True),
        "version": attr.string(doc = "The locked version.", mandatory = True),
    },
    environ = ["FATHOM_DEBIAN_MIRROR"],
)
