"""Bundles: a program and all that it imports as one file, so that it starts fast."""

load("//tools/lib/bzl:paths.bzl", "workspace_path")
load(":toolchain.bzl", "TOOLCHAIN_TYPE")

BUNDLE_ATTRS = {
    "_bundler": attr.label(
        doc = "The driver of the bundler.",
        default = "//tools/ts:bundle",
        allow_single_file = True,
        cfg = "exec",
    ),
}

def bundle_js(ctx, name, info, entry, platform = "node", styles = None):
    """Declares the bundling of a program.

    Args:
      ctx: the rule's context, with BUNDLE_ATTRS and the ts toolchain.
      name: string: the bundle is `<name>.mjs`, for browsers `<name>.js`.
      info: TsInfo of the program.
      entry: File: the JavaScript of the entry point.
      platform: string: what runs it: "node" or "browser".
      styles: File or None: a style sheet that becomes `<name>.css`.

    Returns:
      list of File.
    """
    toolchain = ctx.toolchains[TOOLCHAIN_TYPE].ts
    bundle = ctx.actions.declare_file(name + (".mjs" if platform == "node" else ".js"))
    sheet = ctx.actions.declare_file(name + ".css") if styles else None
    outputs = [bundle] + ([sheet] if styles else [])
    params = ctx.actions.declare_file(name + ".bundle.json")
    npm = info.npm.to_list()
    js = info.transitive_js.to_list()
    ctx.actions.write(params, json.encode(struct(
        esbuild = toolchain.esbuild.directory.path + "/bin/esbuild",
        entry = workspace_path(entry),
        js = [struct(path = f.path, name = workspace_path(f)) for f in js],
        roots = [struct(name = root.package_name, key = root.key) for root in info.npm_roots.to_list()],
        packages = [struct(name = e.package_name, key = e.key, path = e.directory.path, meta = e.meta.path) for e in npm],
        output = bundle.path,
        platform = platform,
        styles = [struct(path = styles.path, name = workspace_path(styles), output = sheet.path)] if styles else [],
    )))
    ctx.actions.run(
        mnemonic = "TsBundle",
        progress_message = "Bundling {}".format(bundle.short_path),
        executable = toolchain.node,
        arguments = [ctx.file._bundler.path, params.path],
        inputs = [params, ctx.file._bundler, toolchain.esbuild.directory, info.checked] + js + ([styles] if styles else []),
        tools = depset([toolchain.node] + [e.directory for e in npm] + [e.meta for e in npm]),
        outputs = outputs,
        env = {"LC_ALL": "C"},
    )
    return outputs
