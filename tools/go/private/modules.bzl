"""The modules that Go sources of a workspace may import, compiled once."""

load("//tools/go:providers.bzl", "GoModulesInfo")
load("//tools/lib/bzl:labels.bzl", "shown_label")
load("//tools/packages/private:facts.bzl", "package_fact", "third_party")

def _go_modules_rule_impl(ctx):
    revisions = [ctx.file.sources, ctx.file._sdk_version]
    cache = ctx.actions.declare_file(ctx.label.name + ".tar.zst")
    params = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(params, json.encode(dict(
        goarch = ctx.attr.goarch,
        goos = ctx.attr.goos,
        kind = "modules",
        label = shown_label(ctx.label),
        list = ctx.attr.list,
        lock = ctx.attr.lock,
        output = cache.path,
        sdk = ctx.file._sdk.path,
        src = ctx.file.src.path,
    )))
    ctx.actions.run(
        mnemonic = "GoModules",
        progress_message = "Compiling the Go modules of {}".format(ctx.attr.lock),
        executable = ctx.executable._tool,
        arguments = [params.path],
        inputs = [params, ctx.file.src, ctx.file._sdk] + revisions,
        outputs = [cache],
    )
    facts = [
        package_fact("golang", module, version, checksum = checksum, license = licence)
        for module, (version, checksum, licence) in ctx.attr.modules.items()
    ]
    return [
        GoModulesInfo(
            cache = cache,
            facts = facts,
            goarch = ctx.attr.goarch,
            goos = ctx.attr.goos,
            import_path = ctx.attr.import_path,
            list = ctx.attr.list,
            lock = ctx.attr.lock,
            sdk = ctx.file._sdk,
            revisions = revisions,
            src = ctx.file.src,
        ),
        third_party(facts),
        DefaultInfo(files = depset([cache])),
    ]

_go_modules_rule = rule(
    implementation = _go_modules_rule_impl,
    doc = "Compiles vendored modules. Internal: written by go_modules.",
    attrs = {
        "goarch": attr.string(doc = "Go's name of the processor that runs the programs.", mandatory = True),
        "goos": attr.string(doc = "Go's name of the system that runs the programs.", mandatory = True),
        "import_path": attr.string(doc = "The prefix of import paths of the workspace's own packages.", mandatory = True),
        "list": attr.string(doc = "The source with the imports, for messages.", mandatory = True),
        "lock": attr.string(doc = "The go.mod, for messages.", mandatory = True),
        "modules": attr.string_list_dict(doc = "Module path → version, its hash in go.sum, and its licence.", mandatory = True),
        "sources": attr.label(doc = "What says what is in `src`.", mandatory = True, allow_single_file = True),
        "src": attr.label(doc = "The module's folder, with its vendor folder.", mandatory = True, allow_single_file = True),
        "_sdk": attr.label(doc = "The Go toolchain.", default = "@fathom_go_sdk//:go", allow_single_file = True),
        "_sdk_version": attr.label(doc = "Its version.", default = "@fathom_go_sdk//:VERSION", allow_single_file = True),
        "_tool": attr.label(doc = "Runs go.", default = "//tools/go:go_tool", executable = True, cfg = "exec"),
    },
)

def go_precompiled_modules(name, **kwargs):
    """The modules, for the platform that the target is built for.

    Args:
      name: `modules`.
      **kwargs: attributes of the rule.
    """
    _go_modules_rule(
        name = name,
        goarch = select({
            "@platforms//cpu:aarch64": "arm64",
            "//conditions:default": "amd64",
        }),
        goos = select({
            "@platforms//os:osx": "darwin",
            "//conditions:default": "linux",
        }),
        **kwargs
    )
