"""npm_packages: the packages of a package-lock.json as a Bazel repository."""

load("//tools/lib/bzl:labels.bzl", "absolute_label", "apparent_name", "shown_label")
load("//tools/packages/private:host.bzl", "cache_folder", "machine", "run_or_fail", "sibling_path", "without_secrets")
load("//tools/packages/private:npm_program.bzl", "forget_project", "project_npm")

_DOC = """Installs the packages of a package-lock.json, each checked against its integrity hash.

`npm ci` of the machine does it, so a user's own registry configuration holds, as does the `.npmrc` beside `lock`, and
downloads are shared through npm's cache. Install scripts do not run, but for those of packages that `allow_scripts`
names. Labels: `@<name>//pino`, `@<name>//@grpc/grpc-js`.

A package sees the packages that it declares and no others, whatever npm hoisted.

    npm_packages(
        name = "npm",
        allow_scripts = ["re2"],
        lock = "//:package-lock.json",
    )
"""

NPM_ATTRS = {
    "allow_scripts": attr.string_list(
        doc = "Packages whose install scripts run, such as those that build a native addon. What a script makes is not covered by a hash: it runs on the machine that builds, with what that has. Prebuilt addons need none.",
    ),
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

def _fail_explained(ctx, npm, result):
    """Ends with npm's failure in the form that all kinds of packages have, where there is a node to find it."""
    cached = cache_folder(ctx) + "/bin/node"
    nodes = [cached, "node"] if ctx.attr.own_node else [str(ctx.path(Label("@fathom_npm//:node")))]
    for node in nodes:
        explained = ctx.execute([
            node,
            "--disable-warning=ExperimentalWarning",
            str(ctx.path(Label("//tools/packages:fetch/explain_main.ts"))),
            json.encode({
                "kind": "npm",
                "lock": "package-lock.json",
                "output": without_secrets(result.stdout, npm.secrets),
                "said": without_secrets(result.stderr, npm.secrets)[-4000:],
                "shown": shown_label(ctx.attr.lock),
            }),
        ])

        # An old node, or none, says something else.
        if explained.stderr.startswith("error: "):
            fail("@{}: {}".format(apparent_name(ctx.name), explained.stderr.strip()))
    fail("@{}: installing the packages of {} failed (exit {}):\n{}".format(
        apparent_name(ctx.name),
        ctx.attr.lock,
        result.return_code,
        without_secrets(result.stderr + result.stdout, npm.secrets)[-4000:],
    ))

# What a .npmrc may not change: what is run, what is printed, and the form of node_modules that the store tool reads.
_CI_FLAGS = [
    "--json",
    "--ignore-scripts",
    "--install-strategy=hoisted",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    "--loglevel=error",
]

def _run_allowed_scripts(ctx, npm):
    """Runs the install scripts of the packages in allow_scripts, and of no others."""
    if not ctx.attr.allow_scripts:
        return
    for name in ctx.attr.allow_scripts:
        if not ctx.path("node_modules/" + name).exists:
            fail("@{}: 'allow_scripts' must name packages of {}, got {}. Correct the name, or leave it out.".format(apparent_name(ctx.name), ctx.attr.lock, name))

    # In the repository, as scripts may write to where npm runs (INIT_CWD).
    run_or_fail(
        ctx,
        "Running the install scripts of {}".format(", ".join(ctx.attr.allow_scripts)),
        npm.command + ["rebuild", "--ignore-scripts=false", "--foreground-scripts", "--loglevel=error"] + ctx.attr.allow_scripts,
        "Its lines above say why; a native addon may need g++, make and python3.",
        timeout = ctx.attr.timeout_s,
        environment = npm.environment,
        secrets = npm.secrets,
    )

def _npm_packages_impl(ctx):
    lock = ctx.path(ctx.attr.lock)
    package_json = ctx.path(ctx.attr.package_json) if ctx.attr.package_json else sibling_path(ctx, ctx.attr.lock, "package.json")
    if not package_json:
        fail("@{}: 'lock' must have a package.json beside it, got {}. Name it as 'package_json'.".format(apparent_name(ctx.name), ctx.attr.lock))
    for tool in ctx.attr._tools:
        ctx.path(tool)
    ctx.file("package.json", ctx.read(package_json))
    ctx.file("package-lock.json", ctx.read(lock))
    npm = project_npm(ctx, ctx.attr.lock)
    ctx.report_progress("npm ci of {}".format(ctx.attr.lock))
    result = ctx.execute(
        npm.command + ["ci"] + _CI_FLAGS,
        environment = npm.environment,
        timeout = ctx.attr.timeout_s,
        working_directory = npm.folder,
    )
    if result.return_code != 0:
        _fail_explained(ctx, npm, result)
    _run_allowed_scripts(ctx, npm)
    forget_project(ctx, npm)
    if ctx.attr.own_node:
        machine_package = "node-" + machine(ctx).replace("_", "-")
        own = ctx.path("node_modules/{}/bin/node".format(machine_package))
        if not own.exists:
            fail("@{}: {} has no {}. Add it to the optionalDependencies of package.json, and lock it.".format(apparent_name(ctx.name), ctx.attr.lock, machine_package))

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
        fail("@{}: {}".format(apparent_name(ctx.name), result.stderr))

npm_packages = repository_rule(
    implementation = _npm_packages_impl,
    doc = _DOC,
    attrs = NPM_ATTRS,
)
