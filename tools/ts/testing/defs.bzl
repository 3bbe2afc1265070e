"""Rules for tests of tools/ts itself."""

load("//tools/packages:providers.bzl", "NpmPackageInfo")
load("//tools/ts:providers.bzl", "TsInfo")
load("//tools/ts/private:compile.bzl", "COMPILE_ATTRS", "compile_ts")
load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")

def _ts_diagnostics_impl(ctx):
    output = ctx.actions.declare_file(ctx.label.name + ".txt")
    compile_ts(ctx, ctx.files.srcs, ctx.attr.deps, diagnostics = output)
    return [DefaultInfo(files = depset([output]), runfiles = ctx.runfiles(files = [output]))]

ts_diagnostics = rule(
    implementation = _ts_diagnostics_impl,
    doc = "The errors that ts_library prints for these sources, as a file; sources without an error fail the build.",
    attrs = dict(
        COMPILE_ATTRS,
        deps = attr.label_list(doc = "As of ts_library.", providers = [[TsInfo], [NpmPackageInfo]]),
        srcs = attr.label_list(doc = "As of ts_library.", allow_files = [".ts"]),
    ),
    toolchains = [TOOLCHAIN_TYPE],
)
