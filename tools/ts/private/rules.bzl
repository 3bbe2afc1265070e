"""ts_library, ts_binary and ts_test."""

load("//tools/packages:providers.bzl", "NpmPackageInfo")
load("//tools/ts:providers.bzl", "TsInfo")
load(":bundle.bzl", "BUNDLE_ATTRS", "bundle_js")
load(":compile.bzl", "COMPILE_ATTRS", "compile_ts", "rlocation")
load(":env.bzl", "environment_words")
load(":launcher.bzl", "LAUNCHER_ATTRS", "create_launcher", "runfile_argument", "unbundled_program")
load(":toolchain.bzl", "TOOLCHAIN_TYPE")

_SOURCES = [".ts", ".mts", ".tsx", ".json"]

_LIBRARY_ATTRS = {
    "data": attr.label_list(doc = "Files that programs using it read at run time.", allow_files = True),
    "deps": attr.label_list(
        doc = "TypeScript libraries and npm packages (`@npm//pino`) that the sources import. Imports of others fail.",
        providers = [[TsInfo], [NpmPackageInfo]],
    ),
    "extends": attr.label_list(doc = "The tsconfig.json files that `tsconfig` extends, directly or not.", allow_files = [".json"]),
    "srcs": attr.label_list(
        doc = "Sources of this package: .ts, .mts, .tsx, .d.ts and .json.",
        allow_files = _SOURCES,
    ),
    "tsconfig": attr.label(
        doc = "A tsconfig.json whose compilerOptions replace Fathom's own (strict, nodenext, es2024); what it extends is named by `extends`. Outputs and module resolution stay Bazel's.",
        allow_single_file = [".json"],
    ),
}

def _data_runfiles(ctx, extra = []):
    """Runfiles of data and of deps' data."""
    runfiles = ctx.runfiles(files = ctx.files.data + extra)
    for target in ctx.attr.deps + ctx.attr.data:
        if NpmPackageInfo not in target:
            runfiles = runfiles.merge(target[DefaultInfo].default_runfiles)
    return runfiles

def _ts_library_impl(ctx):
    info = compile_ts(ctx, ctx.files.srcs, ctx.attr.deps, ctx.file.tsconfig, ctx.files.extends)
    return [
        info,
        DefaultInfo(
            files = depset([info.checked], transitive = [info.js, info.declarations]),
            runfiles = _data_runfiles(ctx),
        ),
        OutputGroupInfo(js = info.js, types = info.declarations),
    ]

ts_library = rule(
    implementation = _ts_library_impl,
    doc = """Compiles TypeScript sources to JavaScript and declarations.

A type error fails the build, also that of an image or program which takes the JavaScript alone. Sources are ES modules whose relative
imports end in `.ts`. An import of anything that `deps` does not name fails with the label to add.
""",
    attrs = dict(_LIBRARY_ATTRS, **COMPILE_ATTRS),
    provides = [TsInfo],
    toolchains = [TOOLCHAIN_TYPE],
)

def js_of(ctx, info, source, attribute):
    """The JavaScript that a source of this target was compiled to.

    Args:
      ctx: the rule's context.
      info: TsInfo of the target.
      source: File: the source.
      attribute: string: the attribute that names it, for errors.

    Returns:
      File.
    """
    wanted = source.short_path
    for extension, js in [(".mts", ".mjs"), (".tsx", ".js"), (".ts", ".js")]:
        if wanted.endswith(extension):
            wanted = wanted[:-len(extension)] + js
            break
    for file in info.js.to_list():
        if file.short_path == wanted:
            return file
    return fail("{}: '{}' must be one of srcs, got {}. Add it to srcs.".format(ctx.label, attribute, source.short_path))

def _ts_binary_impl(ctx):
    srcs = ctx.files.srcs if ctx.file.entry_point in ctx.files.srcs else ctx.files.srcs + [ctx.file.entry_point]
    info = compile_ts(ctx, srcs, ctx.attr.deps, ctx.file.tsconfig, ctx.files.extends)
    entry = js_of(ctx, info, ctx.file.entry_point, "entry_point")
    data = _data_runfiles(ctx, [info.checked])
    if ctx.attr.bundle:
        [bundle] = bundle_js(ctx, ctx.label.name, info, entry)
        program = struct(node_arguments = [], env = {}, runfiles = data)
        entry = bundle
    else:
        program = unbundled_program(ctx, ctx.label.name, info)
    launcher = create_launcher(
        ctx,
        ctx.label.name,
        entry,
        node_arguments = program.node_arguments,
        env = dict(program.env, **environment_words(ctx)),
        runfiles = program.runfiles.merge(data),
    )
    return [
        info,
        DefaultInfo(
            executable = launcher.executable,
            files = depset([launcher.executable] + ([entry] if ctx.attr.bundle else [])),
            runfiles = launcher.runfiles,
        ),
        OutputGroupInfo(bundle = depset([entry] if ctx.attr.bundle else [])),
    ]

_BINARY_ATTRS = dict(
    dict(_LIBRARY_ATTRS, **COMPILE_ATTRS),
    env = attr.string_dict(doc = "Environment variables of the program; `$(location …)` of data is the path where the program runs."),
    **LAUNCHER_ATTRS
)

ts_binary = rule(
    implementation = _ts_binary_impl,
    doc = """Makes a program of TypeScript sources, run by the pinned node.

With `bundle`, the program and all its imports become one file, which starts fastest; without, the compiled files run
as they are, and an import that the build does not declare fails at run time as well.

    ts_binary(
        name = "main",
        entry_point = "main.ts",
        env = {"WORDS": "$(location words.txt)"},
        data = ["words.txt"],
        deps = [":lib", "@npm//@types/node"],
    )
""",
    attrs = dict(
        dict(_BINARY_ATTRS, **BUNDLE_ATTRS),
        bundle = attr.bool(doc = "Whether to bundle with esbuild.", default = False),
        entry_point = attr.label(doc = "The source that runs.", mandatory = True, allow_single_file = [".ts", ".mts", ".tsx"]),
    ),
    executable = True,
    provides = [TsInfo],
    toolchains = [TOOLCHAIN_TYPE],
)

def _ts_test_impl(ctx):
    info = compile_ts(ctx, ctx.files.srcs, ctx.attr.deps, ctx.file.tsconfig, ctx.files.extends)
    tests = [src for src in ctx.files.srcs if src.basename.rpartition(".")[0].endswith(("_test", ".test", ".spec"))]
    if not tests:
        fail("{}: 'srcs' must have a file named …_test.ts, got {}. Rename the file with the tests.".format(ctx.label, [f.basename for f in ctx.files.srcs]))
    program = unbundled_program(ctx, ctx.label.name, info)
    launcher = create_launcher(
        ctx,
        ctx.label.name,
        ctx.file._test_main,
        arguments = [runfile_argument(rlocation(ctx, js_of(ctx, info, src, "srcs"))) for src in tests],
        node_arguments = program.node_arguments,
        env = dict(program.env, **environment_words(ctx)),
        runfiles = program.runfiles.merge(_data_runfiles(ctx, [info.checked])),
    )
    return [DefaultInfo(executable = launcher.executable, runfiles = launcher.runfiles)]

ts_test = rule(
    implementation = _ts_test_impl,
    doc = """Runs TypeScript tests with node's test runner.

Sources named `…_test.ts` hold the cases (`import { test } from 'node:test'`). Each case goes into Bazel's XML;
`shard_count` spreads cases, `--test_filter` takes a regular expression of their names. A run without a case fails.

    ts_test(
        name = "greeting_test",
        size = "small",
        srcs = ["greeting_test.ts"],
        deps = [":lib", "@npm//@types/node"],
    )
""",
    attrs = dict(
        _BINARY_ATTRS,
        _test_main = attr.label(doc = "The runner.", default = "//tools/ts:runtime/test_main.ts", allow_single_file = True),
    ),
    test = True,
    toolchains = [TOOLCHAIN_TYPE],
)
