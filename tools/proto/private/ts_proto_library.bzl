"""ts_proto_library: messages, and grpc-js services and clients, from .proto files."""

load("@fathom_builtins//:proto.bzl", "ProtoInfo")
load("//tools/lib/bzl:labels.bzl", "repository_name", "shown_label")
load("//tools/lib/bzl:paths.bzl", "package_path")
load("//tools/packages:providers.bzl", "NpmPackageInfo")
load("//tools/proto:providers.bzl", "TsProtoInfo")
load("//tools/proto/private:protoc.bzl", "import_name", "proto_roots")
load("//tools/ts:providers.bzl", "TsInfo")
load("//tools/ts/private:compile.bzl", "COMPILE_ATTRS", "compile_ts")
load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")

_DOC = """Generates and compiles TypeScript for `proto_library` targets.

`x.proto` becomes `x.ts`, imported by its path with `.ts` at the end: messages with `encode`, `decode`, `fromJSON` and
`toJSON`, and for each service `XService`, `XServer` and `XClient` for @grpc/grpc-js. Beside it `x_descriptor.ts`
exports `descriptorSetBase64`: the file and all that it imports, as server reflection wants them.

The .proto files of a proto_library must be those of this target's package, except for libraries of other
repositories, whose modules are made below this package. Protos that they import need a ts_proto_library in `deps`.

    proto_library(name = "greeter_proto", srcs = ["greeter.proto"])
    ts_proto_library(name = "greeter_ts", deps = [":greeter_proto"])
"""

_ATTRS = dict(
    COMPILE_ATTRS,
    deps = attr.label_list(
        doc = "proto_library targets to generate code for, and ts_proto_library targets of what those import.",
        mandatory = True,
        providers = [[ProtoInfo], [TsInfo, TsProtoInfo]],
    ),
    options = attr.string_list(doc = "Further options of ts-proto, such as `forceLong=bigint`. They come last, so they win."),
    runtime = attr.label_list(
        doc = "The npm packages that generated code imports. Default: of the repository `@npm`.",
        default = ["@npm//@bufbuild/protobuf", "@npm//@grpc/grpc-js", "@npm//@types/node"],
        providers = [NpmPackageInfo],
    ),
    _generator = attr.label(default = "//tools/proto:generate", executable = True, cfg = "exec"),
    _plugin = attr.label(default = "//tools/proto:protoc_gen_ts_proto", executable = True, cfg = "exec"),
    _protoc = attr.label(default = "@com_google_protobuf//:protoc", executable = True, cfg = "exec", allow_files = True),
)

def _package_path(ctx, path):
    """A path of this package from the root of the tree in which TypeScript is compiled."""
    folder = package_path(repository_name(ctx.label), ctx.label.package)
    return (folder + "/" if folder else "") + path

def _generated(ctx, protos):
    """The files to make: list of struct(proto = import name, stem, code, descriptor)."""
    package = ctx.label.package + "/" if ctx.label.package else ""
    files = []
    for dep in protos:
        own = dep.label.package == ctx.label.package and repository_name(dep.label) == repository_name(ctx.label)
        if not own and repository_name(dep.label) == repository_name(ctx.label):
            fail("{}: 'deps' must be proto libraries of this package, got {}. Add a ts_proto_library to //{} and depend on it.".format(ctx.label, dep.label, dep.label.package))
        for file in dep[ProtoInfo].direct_sources:
            name = import_name(dep[ProtoInfo], file)
            stem = (name[len(package):] if name.startswith(package) else name)[:-len(".proto")]
            files.append(struct(
                proto = name,
                stem = stem,
                code = ctx.actions.declare_file(stem + ".ts"),
                descriptor = ctx.actions.declare_file(stem + "_descriptor.ts"),
            ))
    return files

def _impl(ctx):
    protos = [dep for dep in ctx.attr.deps if ProtoInfo in dep]
    libraries = [dep for dep in ctx.attr.deps if TsInfo in dep]
    files = _generated(ctx, protos)
    modules = [struct(proto = f.proto, module = _package_path(ctx, f.stem)) for f in files]
    imported = depset(transitive = [dep[TsProtoInfo].modules for dep in libraries])

    sources = depset(transitive = [dep[ProtoInfo].transitive_sources for dep in protos])
    roots = proto_roots(protos)
    params = ctx.actions.declare_file(ctx.label.name + ".generate.json")
    ctx.actions.write(params, json.encode(struct(
        label = shown_label(ctx.label),
        protoc = ctx.executable._protoc.path,
        plugin = ctx.executable._plugin.path,
        roots = roots,
        options = ctx.attr.options,
        files = [
            struct(proto = f.proto, module = _package_path(ctx, f.stem), code = f.code.path, descriptor = f.descriptor.path)
            for f in files
        ],
        modules = modules + imported.to_list(),
    )))
    outputs = [f.code for f in files] + [f.descriptor for f in files]
    if files:
        ctx.actions.run(
            mnemonic = "TsProto",
            progress_message = "Generating TypeScript of {}".format(shown_label(ctx.label)),
            executable = ctx.executable._generator,
            arguments = [params.path],
            inputs = depset([params], transitive = [sources]),
            outputs = outputs,
            tools = [ctx.attr._plugin[DefaultInfo].files_to_run, ctx.executable._protoc],
        )
    info = compile_ts(ctx, outputs, libraries + ctx.attr.runtime)
    return [
        info,
        TsProtoInfo(modules = depset(modules, transitive = [imported])),
        DefaultInfo(files = depset(transitive = [info.js, info.declarations])),
        OutputGroupInfo(sources = depset(outputs), types = info.declarations),
    ]

ts_proto_library = rule(
    implementation = _impl,
    doc = _DOC,
    attrs = _ATTRS,
    provides = [TsInfo, TsProtoInfo],
    toolchains = [TOOLCHAIN_TYPE],
)
