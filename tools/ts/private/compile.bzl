"""The compilation of TypeScript.

Two actions a target: one checks types and writes declarations, the other writes JavaScript, from the sources alone.
What is made of the JavaScript (a layer, say) needs not wait for the types of what the sources import; what is shipped
or run waits for both, see `checked` in TsInfo. A tsconfig of the user's may ask for what only types tell (enums of
other files, say), so that one action does both.
"""

load("//tools/lib/bzl:labels.bzl", "apparent_name", "repository_name", "shown_label")
load("//tools/lib/bzl:paths.bzl", "workspace_path")
load("//tools/lib/bzl:worker.bzl", "worker_args", "worker_requirements")
load("//tools/packages:providers.bzl", "NpmPackageInfo")
load("//tools/ts:providers.bzl", "TsInfo")
load(":toolchain.bzl", "TOOLCHAIN_TYPE")

_SOURCE_EXTENSIONS = [".ts", ".mts", ".tsx", ".json"]

COMPILE_ATTRS = {
    "_compiler": attr.label(
        doc = "The driver of the compiler.",
        default = "//tools/ts:compile",
        cfg = "exec",
        executable = True,
    ),
}

def rlocation(ctx, file):
    """A file's name in runfiles: `<workspace>/<path>`.

    Args:
      ctx: a rule's context.
      file: a File.

    Returns:
      a string.
    """
    return file.short_path[3:] if file.short_path.startswith("../") else ctx.workspace_name + "/" + file.short_path

def _alias(ctx, file):
    """How importers in other repositories name a file, and its name in runfiles."""
    name = rlocation(ctx, file)
    path = workspace_path(file)
    return (path[len("external/"):] if file.short_path.startswith("../") else name, name)

def _outputs(ctx, src):
    """The files made from one source: (js, map, declaration), each a File or None."""
    name = src.short_path
    prefix = ctx.label.package + "/" if ctx.label.package else ""
    if src.short_path.startswith("../"):
        name = "/".join(src.short_path.split("/")[2:])
    if not name.startswith(prefix):
        fail("//{}: 'srcs' must be of its own package, got {}. Add a target to that package and depend on it.".format(ctx.label.package, src.short_path))
    name = name[len(prefix):]
    if name.endswith(".json"):
        return struct(js = ctx.actions.declare_file(name) if src.is_source else src, map = None, declaration = None)
    if name.endswith(".d.ts") or name.endswith(".d.mts"):
        return struct(js = None, map = None, declaration = ctx.actions.declare_file(name) if src.is_source else src)
    for extension, js in [(".mts", ".mjs"), (".tsx", ".js"), (".ts", ".js")]:
        if name.endswith(extension):
            stem = name[:-len(extension)]
            return struct(
                js = ctx.actions.declare_file(stem + js),
                map = ctx.actions.declare_file(stem + js + ".map"),
                declaration = ctx.actions.declare_file(stem + ".d" + (".mts" if extension == ".mts" else ".ts")),
            )
    return fail("{}: 'srcs' must be {} files, got {}".format(ctx.label, ", ".join(_SOURCE_EXTENSIONS), name))

def _npm_root(info):
    return struct(package_name = info.package_name, key = info.key, directory = info.directory, label = "@{}//{}".format(apparent_name(repository_name(info.label)), info.package_name))

def _named(file):
    # The path first: Bazel reads an argument of a worker that begins with `@` as the name of a file with more of them.
    return "{}\t{}".format(file.path, workspace_path(file))

def _compile_action(ctx, action, params, inputs, deps):
    """Declares one run of the compiler's driver; `action.stamp` is an output that the driver knows by other means.

    `deps` is a depset of declarations: of a large repo too many for a file a target.
    """
    toolchain = ctx.toolchains[TOOLCHAIN_TYPE].ts
    file = ctx.actions.declare_file(action.params_name)
    outputs = [struct(path = f.path, name = workspace_path(f)) for f in action.outputs]
    ctx.actions.write(file, json.encode(struct(outputs = outputs, **params)))
    args = worker_args(ctx)
    args.add(file)
    args.add_all(deps, map_each = _named)
    ctx.actions.run(
        mnemonic = action.mnemonic,
        progress_message = "{} {}".format(action.doing, params["label"]),
        executable = toolchain.node,
        arguments = [ctx.executable._compiler.path, args],
        inputs = depset([file, toolchain.tsc.directory], transitive = [inputs, deps]),
        # By these Bazel knows which worker is which: what differs from target to target is no tool.
        tools = [ctx.executable._compiler],
        outputs = action.outputs + ([action.stamp] if action.stamp else []),
        env = {"LC_ALL": "C"},
        execution_requirements = worker_requirements("TsCompile"),
    )

def compile_ts(ctx, srcs, deps, tsconfig = None, extends = [], label = None, diagnostics = None):
    """Declares the compilation of a target's sources and describes the result.

    Args:
      ctx: the rule's context; its attributes must include COMPILE_ATTRS and it must ask for the ts toolchain.
      srcs: list of File: .ts, .mts, .tsx, .d.ts and .json, of the target's own package.
      deps: list of Target with TsInfo or NpmPackageInfo.
      tsconfig: File or None: compiler options that are put over Fathom's own.
      extends: list of File: what `tsconfig` extends, directly or not.
      label: Label that users name in deps. Default: the target's own.
      diagnostics: File or None: for tests of failures: gets the errors, without which the action fails, and
        nothing is compiled.

    Returns:
      TsInfo.
    """
    label = label or ctx.label
    toolchain = ctx.toolchains[TOOLCHAIN_TYPE].ts
    ts_deps = [dep[TsInfo] for dep in deps if TsInfo in dep]
    npm_deps = [dep[NpmPackageInfo] for dep in deps if NpmPackageInfo in dep]
    for dep in deps:
        if TsInfo not in dep and NpmPackageInfo not in dep:
            fail("{}: 'deps' must be TypeScript libraries or npm packages, got {}. Files belong into 'srcs' or 'data'.".format(label, dep.label))
    types = [info.types for info in npm_deps if info.types]

    outputs = [] if diagnostics else [_outputs(ctx, src) for src in srcs]
    js = [o.js for o in outputs if o.js]
    maps = [o.map for o in outputs if o.map]
    declarations = [o.declaration for o in outputs if o.declaration]
    transitive_declarations = depset(declarations + [f for f in js if f.basename.endswith(".json")], transitive = [dep.transitive_declarations for dep in ts_deps])
    types_npm = depset(transitive = [info.closure for info in npm_deps + types] + [dep.types_npm for dep in ts_deps])
    npm_roots = depset(
        [_npm_root(info) for info in npm_deps],
        transitive = [dep.npm_roots for dep in ts_deps],
    )
    type_roots = depset([_npm_root(info) for info in types], transitive = [dep.types_roots for dep in ts_deps])

    roots = {root.package_name: root for root in npm_roots.to_list() + type_roots.to_list()}
    for info in npm_deps + types:
        roots[info.package_name] = _npm_root(info)
    npm_repository = "npm"
    for repository in [root.label.split("//")[0][1:] for root in roots.values()]:
        npm_repository = repository

    dep_files = depset(transitive = [dep.transitive_declarations for dep in ts_deps])
    npm_files = types_npm.to_list()
    common = dict(
        label = shown_label(label),
        tsc = toolchain.tsc.directory.path + "/lib/tsc",
        tsconfigs = [struct(path = file.path, name = workspace_path(file)) for file in ([tsconfig] + extends if tsconfig else [])],
        npmRepository = npm_repository,
        srcs = [struct(path = src.path, name = workspace_path(src)) for src in srcs],
    )
    checked = None if diagnostics else ctx.actions.declare_file(label.name + ".checked")
    made_js = [o for o in js + maps if o not in srcs]
    is_split = not tsconfig and not diagnostics
    _compile_action(
        ctx,
        struct(
            mnemonic = "TsCompile",
            doing = "Compiling TypeScript of",
            params_name = label.name + ".compile.json",
            outputs = [o for o in declarations if o not in srcs] + ([] if is_split else made_js),
            stamp = diagnostics or checked,
        ),
        dict(
            common,
            emit = "types" if is_split else "all",
            owners = [
                struct(label = shown_label(dep.label), files = [workspace_path(f) for f in dep.declarations.to_list() + dep.js.to_list()])
                for dep in ts_deps
            ],
            packages = [struct(name = root.package_name, path = root.directory.path, label = root.label) for root in roots.values()],
            directPackages = [info.package_name for info in npm_deps + types],
            diagnostics = diagnostics.path if diagnostics else "",
            stamp = checked.path if checked else "",
        ),
        depset(
            srcs + ([tsconfig] + extends if tsconfig else []) + [dep.checked for dep in ts_deps] +
            [entry.directory for entry in npm_files] + [entry.meta for entry in npm_files],
        ),
        dep_files,
    )
    if is_split and made_js:
        _compile_action(
            ctx,
            struct(
                mnemonic = "TsEmit",
                doing = "Writing JavaScript of",
                params_name = label.name + ".emit.json",
                outputs = made_js,
                stamp = None,
            ),
            dict(common, emit = "js", owners = [], packages = [], directPackages = [], diagnostics = "", stamp = ""),
            depset(srcs),
            depset(),
        )

    manifest = ctx.actions.declare_file(label.name + ".runtime.json")
    ctx.actions.write(manifest, json.encode(struct(
        label = shown_label(label),
        files = [rlocation(ctx, f) for f in js],
        aliases = {alias: file for alias, file in [_alias(ctx, f) for f in js] if alias != file},
        deps = [shown_label(dep.label) for dep in ts_deps],
        npmRepository = npm_repository,
        npm = {info.package_name: rlocation(ctx, info.directory) for info in npm_deps},
    )))
    return TsInfo(
        checked = checked,
        label = label,
        sources = depset(srcs),
        declarations = depset(declarations),
        transitive_declarations = transitive_declarations,
        js = depset(js),
        transitive_js = depset(js, transitive = [dep.transitive_js for dep in ts_deps]),
        source_maps = depset(maps, transitive = [dep.source_maps for dep in ts_deps]),
        direct_npm = npm_deps,
        npm = depset(transitive = [info.closure for info in npm_deps] + [dep.npm for dep in ts_deps]),
        npm_roots = npm_roots,
        types_npm = types_npm,
        types_roots = type_roots,
        runtime_manifests = depset([manifest], transitive = [dep.runtime_manifests for dep in ts_deps]),
    )
