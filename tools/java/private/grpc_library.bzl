"""java_grpc_library: Java of protocol buffers."""

load("@fathom_builtins//:proto.bzl", "ProtoInfo")
load("//tools/java:providers.bzl", "JavaLibraryInfo")
load("//tools/packages:providers.bzl", "MavenArtifactInfo")
load("//tools/packages/private:facts.bzl", "third_party")
load("//tools/proto/private:protoc.bzl", "PROTOC_ATTRS", "generate_code", "own_protos", "plugin")
load(":compile.bzl", "COMPILE_ATTRS", "compile_java")

_DOC = """Generates and compiles Java for `proto_library` targets: messages, and of services stubs and bases for grpc-java.

The package is the proto's `java_package`, else its `package`; messages are in one class called like the file
(`RouteGuideOuterClass` where a service has that name), or with `java_multiple_files` each in its own. Protos of other
packages that these import need a java_grpc_library in `deps`.

    proto_library(name = "greeter_proto", srcs = ["greeter.proto"])
    java_grpc_library(name = "greeter_java", deps = [":greeter_proto"])
"""

def _impl(ctx):
    protos = [dep for dep in ctx.attr.deps if ProtoInfo in dep]
    names = own_protos(ctx, protos, "java_grpc_library")
    output = ctx.actions.declare_directory(ctx.label.name + ".src")
    generate_code(ctx, output, protos, names, [
        plugin("java"),
        plugin("grpc-java", ctx.attr._plugin[MavenArtifactInfo].file, ["@generated=omit"]),
    ], "Java")
    info = compile_java(ctx, [output], [dep for dep in ctx.attr.deps if JavaLibraryInfo in dep] + ctx.attr.runtime)
    return [
        info,
        third_party([entry.fact for entry in info.artifacts.to_list()]),
        DefaultInfo(files = depset([info.jars.to_list()[0]])),
        OutputGroupInfo(sources = depset([output])),
    ]

java_grpc_library = rule(
    implementation = _impl,
    doc = _DOC,
    attrs = dict(
        dict(COMPILE_ATTRS, **PROTOC_ATTRS),
        deps = attr.label_list(
            doc = "proto_library targets of this package, and java_grpc_library targets of what those import.",
            mandatory = True,
            providers = [[ProtoInfo], [JavaLibraryInfo]],
        ),
        runtime = attr.label_list(
            doc = "The artifacts that generated code uses. Default: of the repository `@maven`.",
            default = ["@maven//:com_google_protobuf_protobuf_java", "@maven//:io_grpc_grpc_protobuf", "@maven//:io_grpc_grpc_stub"],
            providers = [MavenArtifactInfo],
        ),
        _plugin = attr.label(default = "@fathom_maven//:io_grpc_protoc_gen_grpc_java_exe_linux_x86_64", providers = [MavenArtifactInfo]),
    ),
    provides = [JavaLibraryInfo],
)
