"""The toolchain that evaluates Jsonnet."""

load("//tools/jsonnet:providers.bzl", "JsonnetToolchainInfo")

TOOLCHAIN_TYPE = "@fathom//tools/jsonnet:toolchain_type"

def _jsonnet_toolchain_impl(ctx):
    evaluator = ctx.attr.evaluator
    return [platform_common.ToolchainInfo(jsonnet = JsonnetToolchainInfo(
        compiler = ctx.executable.compiler,
        evaluator = evaluator[DefaultInfo].files_to_run if evaluator else None,
    ))]

jsonnet_toolchain = rule(
    implementation = _jsonnet_toolchain_impl,
    doc = """A Jsonnet program for one kind of machine; it understands the command line of go-jsonnet's `jsonnet`.

Fathom registers go-jsonnet: it is the reference, and built from its Go module like everything else. Where Bazel keeps tools
running, one process of it evaluates program after program, and parses what they share once. jrsonnet renders the same from
the same sources (bench/render measures both: services one after the other in the same time, a large program in 0.4 of the
processor's time), but is a pre-release, and nothing here builds Rust. A toolchain that a WORKSPACE registers before
`fathom_repositories()` comes first:

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
        "evaluator": attr.label(
            doc = "The program that evaluates one after the other where Bazel keeps tools running, and makes the same of them: `third_party/go/jsonnet/main.go` says what it reads and writes. Default: none, `compiler` is started for each.",
            executable = True,
            cfg = "exec",
            allow_files = True,
        ),
    },
)
