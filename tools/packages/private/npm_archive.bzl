"""npm_archive: one package of a package-lock.json, for a machine other than the one that builds."""

load("//tools/lib/bzl:labels.bzl", "absolute_label", "apparent_name")
load("//tools/packages/private:host.bzl", "run_or_fail")
load("//tools/packages/private:npm_program.bzl", "forget_project", "project_npm")

_DOC = """Fetches one package of a package-lock.json by its integrity hash, whatever system and processor it is for.

`npm ci` installs what runs on the machine that builds; what goes into an image for another one comes from here. npm of
the machine downloads it, so a user's own registry configuration holds, as does the `.npmrc` beside `lock`. The target is
`@<name>//:package`.
"""

_BUILD = """load("{rules}", "npm_files", "npm_package")

package(default_visibility = ["//visibility:public"])

npm_files(
    name = "files",
    package_name = "{package}",
    package_version = "{version}",
    key = "{key}",
    directory = "content",
    meta = "package.meta.json",
)

npm_package(
    name = "package",
    closure = [":files"],
    files = ":files",
)
"""

def _npm_archive_impl(ctx):
    package = ctx.attr.package
    lock = json.decode(ctx.read(ctx.path(ctx.attr.lock)))
    entry = lock.get("packages", {}).get("node_modules/" + package)
    if not entry or not entry.get("integrity"):
        fail("@{}: {} has no package {} with an integrity hash. Add it to the optionalDependencies of package.json, and lock it.".format(apparent_name(ctx.name), ctx.attr.lock, package))
    if entry.get("dependencies"):
        fail("@{}: {} needs other packages, which this rule does not fetch. Use npm_packages.".format(apparent_name(ctx.name), package))
    version = entry["version"]
    spec = "{}@{}".format(entry.get("name", package), version)
    npm = project_npm(ctx, ctx.attr.lock)
    ctx.report_progress("npm pack of {}".format(spec))
    packed = run_or_fail(
        ctx,
        "Fetching {}".format(spec),
        npm.command + [
            "pack",
            "--pack-destination=" + str(ctx.path(".")),
            "--ignore-scripts",
            "--prefer-offline",
            "--loglevel=error",
            "--no-json",
            spec,
        ],
        "Check the network, and npm's registry with `npm config get registry`.",
        timeout = ctx.attr.timeout_s,
        environment = npm.environment,
        working_directory = npm.folder,
        secrets = npm.secrets,
    )
    forget_project(ctx, npm)
    archive = packed.strip().split("\n")[-1]

    # A file on this machine, but Bazel's download is what checks a hash.
    ctx.download_and_extract(
        url = "file://" + str(ctx.path(archive)),
        integrity = entry["integrity"],
        stripPrefix = "package",
        output = "content",
        type = "tgz",
    )
    ctx.delete(archive)
    key = "{}@{}".format(package.replace("/", "+"), version)
    ctx.file("package.meta.json", json.encode({
        "deps": {},
        "integrity": entry["integrity"],
        "key": key,
        "license": entry.get("license", "NOASSERTION"),
        "name": package,
        "version": version,
    }) + "\n", executable = False)
    ctx.file("BUILD.bazel", _BUILD.format(
        rules = absolute_label(Label("//tools/packages/private:npm_package.bzl")),
        package = package,
        version = version,
        key = key,
    ), executable = False)

npm_archive = repository_rule(
    implementation = _npm_archive_impl,
    doc = _DOC,
    attrs = {
        "lock": attr.label(doc = "The package-lock.json (lockfileVersion 3).", mandatory = True, allow_single_file = True),
        "package": attr.string(doc = "The package's name in the lock; it must need no other.", mandatory = True),
        "timeout_s": attr.int(doc = "How long the download may take, in seconds.", default = 900),
    },
)
