"""The toolchain that compiles and runs TypeScript."""

load("//tools/packages:providers.bzl", "NpmPackageInfo")
load("//tools/ts:providers.bzl", "TsToolchainInfo")

# With the repository: the string is read where a rule is used, and there `//` may be another workspace.
TOOLCHAIN_TYPE = "@fathom//tools/ts:toolchain_type"

def _ts_toolchain_impl(ctx):
    return [platform_common.ToolchainInfo(ts = TsToolchainInfo(
        node = ctx.file.node,
        tsc = ctx.attr.tsc[NpmPackageInfo],
        esbuild = ctx.attr.esbuild[NpmPackageInfo],
    ))]

ts_toolchain = rule(
    implementation = _ts_toolchain_impl,
    doc = """Node, the native TypeScript compiler and esbuild for one kind of machine.

    ts_toolchain(
        name = "linux_x64",
        esbuild = "@fathom_npm//@esbuild/linux-x64",
        node = "@fathom_npm//:node",
        tsc = "@fathom_npm//@typescript/typescript-linux-x64",
    )
""",
    attrs = {
        "esbuild": attr.label(doc = "The bundler's native npm package; bin/esbuild is the program.", mandatory = True, providers = [NpmPackageInfo]),
        "node": attr.label(doc = "The node executable.", mandatory = True, allow_single_file = True),
        "tsc": attr.label(doc = "The compiler's native npm package; lib/tsc is the program.", mandatory = True, providers = [NpmPackageInfo]),
    },
)
