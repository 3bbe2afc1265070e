"""ts_browser_bundle: what a browser loads of a TypeScript program."""

load("//tools/packages:providers.bzl", "NpmPackageInfo")
load("//tools/ts:providers.bzl", "TsInfo")
load(":bundle.bzl", "BUNDLE_ATTRS", "bundle_js")
load(":compile.bzl", "COMPILE_ATTRS", "compile_ts")
load(":rules.bzl", "js_of")
load(":toolchain.bzl", "TOOLCHAIN_TYPE")

def _ts_browser_bundle_impl(ctx):
    srcs = ctx.files.srcs if ctx.file.entry_point in ctx.files.srcs else ctx.files.srcs + [ctx.file.entry_point]
    info = compile_ts(ctx, srcs, ctx.attr.deps, ctx.file.tsconfig, ctx.files.extends)
    outputs = bundle_js(
        ctx,
        ctx.label.name,
        info,
        js_of(ctx, info, ctx.file.entry_point, "entry_point"),
        platform = "browser",
        styles = ctx.file.styles,
    )
    return [info, DefaultInfo(files = depset(outputs), runfiles = ctx.runfiles(files = outputs))]

ts_browser_bundle = rule(
    implementation = _ts_browser_bundle_impl,
    doc = """Bundles a TypeScript program for browsers: `<name>.js`, an ES module without imports, and `<name>.css`.

Sources are compiled as those of ts_library are. Their `tsconfig` is where they say that there is a document and what
JSX means: `{"compilerOptions": {"lib": ["es2024", "dom", "dom.iterable"], "jsx": "react-jsx", "jsxImportSource": "preact"}}`.
Both files are made small, and run in browsers of 2024 and newer.

    ts_browser_bundle(
        name = "shop",
        srcs = ["cart.tsx"],
        entry_point = "main.tsx",
        styles = "styles.css",
        tsconfig = "tsconfig.json",
        deps = ["@npm//preact"],
    )
""",
    attrs = dict(
        dict(COMPILE_ATTRS, **BUNDLE_ATTRS),
        deps = attr.label_list(
            doc = "TypeScript libraries and npm packages that the sources import.",
            providers = [[TsInfo], [NpmPackageInfo]],
        ),
        entry_point = attr.label(doc = "The source that runs when the page loads it.", mandatory = True, allow_single_file = [".ts", ".mts", ".tsx"]),
        extends = attr.label_list(doc = "The tsconfig.json files that `tsconfig` extends, directly or not.", allow_files = [".json"]),
        srcs = attr.label_list(doc = "More sources of this package.", allow_files = [".ts", ".mts", ".tsx", ".json"]),
        styles = attr.label(doc = "The style sheet. It may `@import` those of npm packages in deps: `@import 'uplot/dist/uPlot.min.css';`.", allow_single_file = [".css"]),
        tsconfig = attr.label(doc = "As of ts_library.", allow_single_file = [".json"]),
    ),
    provides = [TsInfo],
    toolchains = [TOOLCHAIN_TYPE],
)
