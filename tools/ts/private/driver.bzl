"""Stage 0: what the rules of this folder themselves run, each as one file of JavaScript.

Node could start the sources, but would take the types out of each of them at each start, which is three times as long as
the start itself. esbuild does it once; it needs nothing but its own program.
"""

load(":toolchain.bzl", "TOOLCHAIN_TYPE")

def _ts_driver_impl(ctx):
    toolchain = ctx.toolchains[TOOLCHAIN_TYPE].ts
    driver = ctx.actions.declare_file(ctx.label.name + ".mjs")
    ctx.actions.run(
        mnemonic = "TsDriver",
        progress_message = "Bundling {}".format(driver.short_path),
        executable = toolchain.esbuild.directory.path + "/bin/esbuild",
        arguments = [
            ctx.file.entry_point.path,
            "--bundle",
            "--charset=utf8",
            "--format=esm",
            "--legal-comments=none",
            "--log-level=warning",
            "--outfile=" + driver.path,
            "--platform=node",
            # In a sandbox all files are links: what they import is beside the links.
            "--preserve-symlinks",
            "--target=node24",
            # None of a folder above counts.
            "--tsconfig-raw={}",
        ],
        inputs = [ctx.file.entry_point, toolchain.esbuild.directory] + ctx.files.srcs,
        outputs = [driver],
        env = {"LC_ALL": "C"},
    )
    return [DefaultInfo(files = depset([driver]), executable = driver, runfiles = ctx.runfiles([toolchain.node]))]

ts_driver = rule(
    implementation = _ts_driver_impl,
    doc = """A program of erasable TypeScript, with node's own modules alone, as one file of JavaScript.

It is called executable, though node has to run it: what is not, Bazel 4 does not take for a tool, and goes on with a
worker whose program has changed.
""",
    executable = True,
    attrs = {
        "entry_point": attr.label(doc = "The source that runs.", mandatory = True, allow_single_file = [".ts"]),
        "srcs": attr.label_list(doc = "What it imports.", allow_files = [".ts"]),
    },
    toolchains = [TOOLCHAIN_TYPE],
)
