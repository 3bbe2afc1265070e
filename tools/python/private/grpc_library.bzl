"""py_grpc_library: Python of protocol buffers."""

load("@fathom_builtins//:proto.bzl", "ProtoInfo")
load("//tools/packages:providers.bzl", "PypiPackageInfo")
load("//tools/packages/private:facts.bzl", "third_party")
load("//tools/proto/private:protoc.bzl", "PROTOC_ATTRS", "generate_code", "own_protos", "plugin")
load("//tools/python:providers.bzl", "PyLibraryInfo")
load(":program.bzl", "library_info")

_DOC = """Generates Python for `proto_library` targets: messages, and of services stubs and servicers for grpcio.

`routeguide/v1/x.proto` is imported as `routeguide.v1.x_pb2` and `routeguide.v1.x_pb2_grpc`; `x_pb2.pyi` has its types for
editors. Protos of other packages that these import need a py_grpc_library in `deps`.

    proto_library(name = "greeter_proto", srcs = ["greeter.proto"])
    py_grpc_library(name = "greeter_py", deps = [":greeter_proto"])
"""

def _impl(ctx):
    protos = [dep for dep in ctx.attr.deps if ProtoInfo in dep]
    names = own_protos(ctx, protos, "py_grpc_library")
    package = ctx.label.package + "/" if ctx.label.package else ""
    for name in names:
        if not name.startswith(package):
            fail("{}: 'deps' must have protos that others import by their path in the workspace, got \"{}\". Leave out strip_import_prefix.".format(ctx.label, name))
    stems = [name[len(package):-len(".proto")] for name in names]
    outputs = [ctx.actions.declare_file(stem + ending) for stem in stems for ending in ["_pb2.py", "_pb2.pyi", "_pb2_grpc.py"]]
    generate_code(
        ctx,
        # Of another repository, imports begin below its own folder.
        struct(files = outputs, folder = "/".join([part for part in [ctx.bin_dir.path, ctx.label.workspace_root] if part])),
        protos,
        names,
        [plugin("python"), plugin("pyi"), plugin("grpc_python")],
        "Python",
    )
    libraries = library_info(ctx, outputs)
    info = PyLibraryInfo(
        checked = libraries.checked,
        packages = depset(transitive = [libraries.packages] + [one[PypiPackageInfo].closure for one in ctx.attr.runtime]),
        sources = libraries.sources,
    )
    return [
        info,
        third_party([entry.fact for entry in info.packages.to_list()]),
        DefaultInfo(files = depset(outputs), runfiles = ctx.runfiles(transitive_files = info.sources)),
    ]

py_grpc_library = rule(
    implementation = _impl,
    doc = _DOC,
    attrs = dict(
        PROTOC_ATTRS,
        deps = attr.label_list(
            doc = "proto_library targets of this package, and py_grpc_library targets of what those import.",
            mandatory = True,
            providers = [[ProtoInfo], [PyLibraryInfo]],
        ),
        runtime = attr.label_list(
            doc = "The packages that generated code imports. Default: of the repository `@pypi`.",
            default = ["@pypi//:grpcio", "@pypi//:protobuf"],
            providers = [PypiPackageInfo],
        ),
        # It has Python's generators built in, those of services too.
        _protoc = attr.label(default = "//tools/python:protoc", executable = True, cfg = "exec"),
    ),
    provides = [PyLibraryInfo],
)
