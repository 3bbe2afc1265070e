"""The toolchain that evaluates Jsonnet."""

load("//tools/jsonnet:providers.bzl", "JsonnetToolchainInfo")

TOOLCHAIN_TYPE = "@fathom//tools/jsonnet:toolchain_type"

def _jsonnet_toolchain_impl(ctx):
    return [platform_common.ToolchainInfo(jsonnet = JsonnetToolchainInfo(compiler = ctx.executable.compiler))]

jsonnet_toolchain = rule(
    implementation = _jsonnet_toolchain_impl,
    doc = """A Jsonnet program for one kind of machine; it understands the command line of go-jsonnet's `jsonnet`.

Fathom registers go-jsonnet: it is the reference, and built from its Go module like everything else. jrsonnet renders the
same from the same sources (bench/render measures both: a service in 8 milliseconds instead of 28, a hundred in one process
in 0.13 seconds instead of 0.77), but is a pre-release, and nothing here builds Rust. A toolchain that a WORKSPACE
registers before `fathom_repositories()` comes first:

    jsonnet_toolchain(
        name = "jrsonnet",
        compiler = "jrsonnet_program",
    )

    toolchain(
        name = "jrsonnet_toolchain",
        toolchain = ":jrsonnet",
        toolchain_type = "@fathom//tools/jsonnet:toolchain_type",
    )
""",
    attrs = {
        "compiler": attr.label(doc = "The program.", mandatory = True, executable = True, cfg = "exec", allow_files = True),
    },
)
