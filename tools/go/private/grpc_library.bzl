"""go_grpc_library: Go of protocol buffers."""

load("@fathom_builtins//:proto.bzl", "ProtoInfo")
load("//tools/go:providers.bzl", "GoInfo")
load("//tools/packages/private:facts.bzl", "third_party")
load("//tools/proto/private:protoc.bzl", "PROTOC_ATTRS", "generate_code", "own_protos", "plugin")
load(":compile.bzl", "COMPILE_ATTRS", "compile_go", "go_info")

_DOC = """Generates Go for `proto_library` targets: messages, and of services clients and servers for google.golang.org/grpc.

The package is imported as `<module>/<package>`, whatever `go_package` the protos name, and is called like its folder;
`routeguidev1` where that is a version, as in `routeguide/v1`. Protos of other packages that these import need a
go_grpc_library in `deps`; those that have a `go_package` of a module, as Google's own have, come from there.

    proto_library(name = "greeter_proto", srcs = ["greeter.proto"])
    go_grpc_library(name = "greeter_go", deps = [":greeter_proto"])
"""

def package_name(folder):
    """The name of the Go package of a folder.

    Args:
      folder: string: its path.

    Returns:
      a string: the last word; with the one before it where it is a version.
    """
    words = folder.split("/")
    last = words[-1]
    if len(words) > 1 and last.startswith("v") and last[1:].isdigit():
        last = words[-2] + last
    return "".join([letter if letter.isalnum() else "_" for letter in last.lower().elems()])

def _impl(ctx):
    protos = [dep for dep in ctx.attr.deps if ProtoInfo in dep]
    names = own_protos(ctx, protos, "go_grpc_library")
    output = ctx.actions.declare_directory(ctx.label.name + ".src")
    info = go_info(ctx, [output], names)
    options = ["paths=import", "module=" + info.import_path] + [
        "M{}={}".format(one.proto, one.import_path + (";" + package_name(ctx.label.package) if one.proto in names else ""))
        for one in info.protos.to_list()
    ]
    generate_code(ctx, output, protos, names, [
        plugin("go", ctx.attr._plugin[DefaultInfo].files.to_list()[0], options),
        plugin("go-grpc", ctx.attr._grpc_plugin[DefaultInfo].files.to_list()[0], options),
    ], "Go")
    checked = ctx.actions.declare_file(ctx.label.name + ".checked")
    compile_go(ctx, "check", info, checked)
    return [
        info,
        third_party(info.modules.facts),
        DefaultInfo(files = depset([output, checked])),
    ]

go_grpc_library = rule(
    implementation = _impl,
    doc = _DOC,
    attrs = dict(
        dict(COMPILE_ATTRS, **PROTOC_ATTRS),
        deps = attr.label_list(
            doc = "proto_library targets of this package, and go_grpc_library targets of what those import.",
            mandatory = True,
            providers = [[ProtoInfo], [GoInfo]],
        ),
        _grpc_plugin = attr.label(default = "@go_protoc_plugins//:protoc-gen-go-grpc", cfg = "exec"),
        _plugin = attr.label(default = "@go_protoc_plugins//:protoc-gen-go", cfg = "exec"),
    ),
    provides = [GoInfo],
)
