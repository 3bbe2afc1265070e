"""debian_packages: the packages of a Debian lock, each a repository of its own that is fetched when it is needed."""

load("//tools/lib/bzl:labels.bzl", "absolute_label")

_DOC = """Makes the packages of a lock available as `@<name>//:<package>`.

This repository only reads the lock; `load("@<name>//:packages.bzl", "debian_repositories")` and a call of it declare
one repository for each package, whose .deb is downloaded when a target first needs it and is checked against the
lock's sha256. `bazel run @fathom//tools/packages:debian_pin -- <list>.json` writes the lock.

The mirror is FATHOM_DEBIAN_MIRROR (`http://host/debian`), else `mirrors`, else what apt is configured with.
For versions that it no longer has, FATHOM_DEBIAN_SNAPSHOTS is asked: the base URL of a snapshot archive.
"""

def _repository_name(name, architecture, package):
    return "{}_{}_{}".format(name, architecture, package.replace("+", "_"))

def _closure(packages, package):
    """Names of a package and of all that it needs, sorted; Debian's dependencies may be circular."""
    found = {package: None}
    pending = [package]
    for _ in range(len(packages)):
        if not pending:
            break
        following = []
        for name in pending:
            for dep in packages[name]["depends"]:
                if dep not in found:
                    found[dep] = None
                    following.append(dep)
        pending = following
    return sorted(found.keys())

def _debian_packages_impl(ctx):
    lock = json.decode(ctx.read(ctx.path(ctx.attr.lock)))
    if lock.get("version") != 1:
        fail("@{}: 'lock' must be a Debian lock of version 1, got {}. Write it with //tools/packages:debian_pin.".format(ctx.name, ctx.attr.lock))
    packages = lock["packages"][ctx.attr.architecture]
    rules = absolute_label(Label("//tools/packages/private:debian_package.bzl"))
    build = ["load(\"{}\", \"debian_package\")".format(rules), "package(default_visibility = [\"//visibility:public\"])"]
    macro = [
        "\"\"\"The repositories of the packages of {}.\"\"\"".format(ctx.attr.lock),
        "load(\"{}\", \"debian_archive\")".format(absolute_label(Label("//tools/packages/private:debian_repository.bzl"))),
        "def debian_repositories():",
        "    \"\"\"Declares one repository for each package; none is fetched before it is needed.\"\"\"",
    ]
    for name in sorted(packages.keys()):
        entry = packages[name]
        files = ["@{}//:files".format(_repository_name(ctx.attr.name, ctx.attr.architecture, dep)) for dep in _closure(packages, name)]
        build.append("debian_package(name = {}, files = {}, closure = {})".format(
            repr(name),
            repr("@{}//:files".format(_repository_name(ctx.attr.name, ctx.attr.architecture, name))),
            repr(files),
        ))
        macro.append("    debian_archive(name = {}, package = {}, version = {}, architecture = {}, sha256 = {}, archive = {}, path = {}, snapshot = {}, mirrors = {})".format(
            repr(_repository_name(ctx.attr.name, ctx.attr.architecture, name)),
            repr(name),
            repr(entry["version"]),
            repr(ctx.attr.architecture),
            repr(entry["sha256"]),
            repr(entry["archive"]),
            repr(entry["path"]),
            repr(lock["snapshot"]),
            repr(ctx.attr.mirrors),
        ))
    ctx.file("BUILD.bazel", "\n".join(build) + "\n")
    ctx.file("packages.bzl", "\n".join(macro) + "\n")

debian_packages = repository_rule(
    implementation = _debian_packages_impl,
    doc = _DOC,
    attrs = {
        "architecture": attr.string(doc = "Debian's name of the architecture that the images run on.", default = "amd64"),
        "lock": attr.label(doc = "The lock, `<list>.lock.json`.", allow_single_file = [".json"], mandatory = True),
        "mirrors": attr.string_list(doc = "Base URLs of archive `debian`, tried in order. Default: what apt is configured with."),
    },
)

def _apt_mirrors(ctx):
    """The http(s) mirrors of Debian that apt is configured with."""
    apt = ctx.which("apt-get")
    if not apt:
        return []
    result = ctx.execute([apt, "indextargets", "--format", "$(SITE)", "Created-By: Packages"], timeout = 60)
    mirrors = {}
    for line in result.stdout.split("\n") if result.return_code == 0 else []:
        site = line.strip().rstrip("/")
        if site.startswith(("http://", "https://")) and site.endswith("/debian"):
            mirrors[site] = None
    return mirrors.keys()

def _mirror_urls(ctx):
    own = ctx.os.environ.get("FATHOM_DEBIAN_MIRROR", "").rstrip("/")
    mirrors = [own] if own else ctx.attr.mirrors or _apt_mirrors(ctx)

    if not mirrors:
        fail("@{}: no Debian mirror is known: apt is not configured on this machine. Set FATHOM_DEBIAN_MIRROR to the base URL of one.".format(ctx.name))

    # The archives of one mirror stand side by side: /debian, /debian-security.
    bases = [mirror[:-len("debian")] + ctx.attr.archive if mirror.endswith("/debian") else mirror for mirror in mirrors]
    return ["{}/{}".format(base, ctx.attr.path) for base in bases]

def _download(ctx, output):
    """Downloads the .deb from a mirror, else from the snapshots, or fails with what the mirror said."""
    urls = _mirror_urls(ctx)
    snapshots = ctx.os.environ.get("FATHOM_DEBIAN_SNAPSHOTS", "").rstrip("/")
    snapshot = ["{}/{}/{}/{}".format(snapshots, ctx.attr.archive, ctx.attr.snapshot, ctx.attr.path)] if snapshots else []
    for source in [urls, snapshot]:
        if not source:
            continue
        if ctx.download(source, output, sha256 = ctx.attr.sha256, allow_fail = True).success:
            return

    # Once more, for Bazel's own words on it: no such file, or another one, with both hashes.
    ctx.download(urls, output, sha256 = ctx.attr.sha256)

def _debian_archive_impl(ctx):
    file = ctx.attr.path.split("/")[-1]
    ctx.report_progress("Fetching {}".format(file))

    # Epochs and the like: a file name that any Bazel takes as a label.
    local = "{}.deb".format(ctx.attr.package)
    _download(ctx, local)
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
