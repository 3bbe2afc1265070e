"""go_programs: all programs of one vendored Go module, built by one action."""

load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")

def _go_build_impl(ctx):
    outputs = {name: ctx.actions.declare_file("bin/" + name) for name in ctx.attr.binaries}
    params = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(params, struct(
        src = ctx.file.src.path,
        sdk = ctx.file._sdk.path,
        binaries = [struct(package = package, output = outputs[name].path) for name, package in ctx.attr.binaries.items()],
        tags = ctx.attr.build_tags,
        ldflags = ctx.attr.ldflags,
        cgo = ctx.attr.cgo,
    ).to_json())
    ctx.actions.run(
        mnemonic = "GoBuild",
        progress_message = "Building Go programs {}".format(", ".join(ctx.attr.binaries.keys())),
        executable = ctx.toolchains[TOOLCHAIN_TYPE].ts.node,
        arguments = ["--disable-warning=ExperimentalWarning", ctx.file._driver.path, params.path],
        inputs = depset(
            [params, ctx.file.src, ctx.file._sdk, ctx.file._driver],
            transitive = [ctx.attr._driver_sources[DefaultInfo].files],
        ),
        tools = [ctx.toolchains[TOOLCHAIN_TYPE].ts.node],
        outputs = outputs.values(),
        # The C compiler of the machine is found by PATH; nothing else is.
        env = {"PATH": "/usr/bin:/bin"} if ctx.attr.cgo else {},
    )
    return [
        DefaultInfo(files = depset(outputs.values())),
        OutputGroupInfo(**{name: depset([output]) for name, output in outputs.items()}),
    ]

_go_build = rule(
    implementation = _go_build_impl,
    doc = "Builds all programs of a module.",
    attrs = {
        "binaries": attr.string_dict(doc = "Name → package path.", mandatory = True),
        "build_tags": attr.string_list(doc = "Go build tags."),
        "cgo": attr.bool(doc = "Whether to build with cgo."),
        "ldflags": attr.string_list(doc = "More flags of the linker."),
        "src": attr.label(doc = "The module's folder, with its vendor folder.", mandatory = True, allow_single_file = True),
        "_driver": attr.label(doc = "Runs go.", default = "//tools/packages:go_build_main.ts", allow_single_file = True),
        "_driver_sources": attr.label(doc = "What the driver imports.", default = "//tools/lib:stage0"),
        "_sdk": attr.label(doc = "The Go toolchain.", default = "@fathom_go_sdk//:go", allow_single_file = True),
    },
    toolchains = [TOOLCHAIN_TYPE],
)

def go_programs(name, src, binaries, tags, ldflags, cgo):
    """One target for each program; used by the BUILD files of go_binaries.

    Args:
      name: of the target that builds them all.
      src: label of the module's folder.
      binaries: dict of target name → package path.
      tags: list of Go build tags.
      ldflags: list of linker flags.
      cgo: bool.
    """
    _go_build(
        name = name,
        src = src,
        binaries = binaries,
        build_tags = tags,
        ldflags = ldflags,
        cgo = cgo,
    )
    for binary in binaries:
        native.filegroup(
            name = binary,
            srcs = [":" + name],
            output_group = binary,
        )
