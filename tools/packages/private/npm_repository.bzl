"""npm_packages: the packages of a package-lock.json as a Bazel repository."""

load("//tools/lib/bzl:labels.bzl", "absolute_label")
load("//tools/packages/private:host.bzl", "cache_folder", "machine")

_DOC = """Installs the packages of a package-lock.json, each checked against its integrity hash.

`npm ci` of the machine does it, without install scripts, so a user's own registry configuration holds and downloads
are shared through npm's cache. Labels: `@<name>//pino`, `@<name>//@grpc/grpc-js`.

A package sees the packages that it declares and no others, whatever npm hoisted.
"""

_ATTRS = {
    "lock": attr.label(
        doc = "The package-lock.json (lockfileVersion 3); package.json stands beside it.",
        allow_single_file = True,
        mandatory = True,
    ),
    "own_node": attr.bool(
        doc = "Whether to run the node of this very lock file instead of that of @fathom_npm, and to offer it as `:node`.",
        default = False,
    ),
    "package_json": attr.label(
        doc = "The package.json. Default: the one beside `lock`.",
        allow_single_file = True,
    ),
    "timeout_s": attr.int(
        doc = "How long `npm ci` may take, in seconds.",
        default = 900,
    ),
    "_tools": attr.label_list(
        doc = "The sources of the store tool, so that a change of one makes the repository anew.",
        default = [
            "//tools/packages:npm_store_main.ts",
            "//tools/packages:npm_store.ts",
            "//tools/packages:npm_lock.ts",
            "//tools/packages:npm_build_files.ts",
            "//tools/packages:closure.ts",
            "//tools/lib:cli.ts",
            "//tools/lib:errors.ts",
            "//tools/lib:redact.ts",
        ],
    ),
}

def _find_npm(ctx):
    """The npm of PATH, else the one that `./fathom` put into the cache folder; with the PATH that it needs."""
    path = ctx.os.environ.get("PATH", "")
    found = ctx.which("npm")
    if found:
        return str(found), path
    cache = cache_folder(ctx)
    cached = ctx.path(cache + "/bin/npm")
    if cached.exists:
        return str(cached), cache + "/bin:" + path
    fail("@{}: no npm on PATH, nor in {}/bin. Run `./fathom doctor`, or install node and npm.".format(ctx.name, cache))

def _npm_packages_impl(ctx):
    lock = ctx.path(ctx.attr.lock)
    package_json = ctx.path(ctx.attr.package_json) if ctx.attr.package_json else lock.dirname.get_child("package.json")
    for tool in ctx.attr._tools:
        ctx.path(tool)
    ctx.file("package.json", ctx.read(package_json))
    ctx.file("package-lock.json", ctx.read(lock))
    npm, path = _find_npm(ctx)
    ctx.report_progress("npm ci of {}".format(ctx.attr.lock))
    result = ctx.execute(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"],
        environment = {"PATH": path, "npm_config_update_notifier": "false"},
        timeout = ctx.attr.timeout_s,
    )
    if result.return_code != 0:
        fail("@{}: installing the packages of {} failed (exit {}):\n{}\nCheck the lock with `npm ci` in {}, and the network.".format(
            ctx.name,
            ctx.attr.lock,
            result.return_code,
            (result.stderr + result.stdout)[-4000:],
            lock.dirname,
        ))
    if ctx.attr.own_node:
        machine_package = "node-" + machine(ctx).replace("_", "-")
        own = ctx.path("node_modules/{}/bin/node".format(machine_package))
        if not own.exists:
            fail("@{}: {} has no {}. Add it to the optionalDependencies of package.json, and lock it.".format(ctx.name, ctx.attr.lock, machine_package))

        # The store tool moves node's package as well: what runs is a second name of the same file.
        ctx.execute(["ln", str(own), "node"])
        node = ctx.path("node")
    else:
        node = ctx.path(Label("@fathom_npm//:node"))
    result = ctx.execute([
        str(node),
        str(ctx.path(Label("//tools/packages:npm_store_main.ts"))),
        "package-lock.json",
        absolute_label(Label("//tools/packages/private:npm_package.bzl")),
        str(ctx.attr.lock),
    ], timeout = 300)
    if result.return_code != 0:
        fail("@{}: {}".format(ctx.name, result.stderr))

npm_packages = repository_rule(
    implementation = _npm_packages_impl,
    doc = _DOC,
    attrs = _ATTRS,
)
