"""The toolchain that evaluates Jsonnet."""

load("//tools/jsonnet:providers.bzl", "JsonnetToolchainInfo")

TOOLCHAIN_TYPE = "@fathom//tools/jsonnet:toolchain_type"

def _jsonnet_toolchain_impl(ctx):
    return [platform_common.ToolchainInfo(jsonnet = JsonnetToolchainInfo(compiler = ctx.executable.compiler))]

jsonnet_toolchain = rule(
    implementation = _jsonnet_toolchain_impl,
    doc = "A Jsonnet program for one kind of machine; it understands the command line of go-jsonnet's `jsonnet`.",
    attrs = {
        "compiler": attr.label(doc = "The program.", mandatory = True, executable = True, cfg = "exec", allow_files = True),
    },
)
