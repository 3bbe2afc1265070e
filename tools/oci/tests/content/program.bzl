"""What stands for a program of any language."""

def _program_impl(ctx):
    ctx.actions.write(ctx.outputs.out, "", is_executable = True)
    ctx.actions.write(ctx.outputs.listed, "listed\n")
    return [DefaultInfo(
        executable = ctx.outputs.out,
        files = depset([ctx.outputs.out, ctx.outputs.listed] + ctx.files.srcs),
    )]

program = rule(
    implementation = _program_impl,
    doc = "An executable, and beside it a file that is none: on disk both are, as Bazel makes each output executable.",
    attrs = {
        "listed": attr.output(doc = "The file.", mandatory = True),
        "out": attr.output(doc = "The executable.", mandatory = True),
        "srcs": attr.label_list(doc = "Sources that come with it.", allow_files = True),
    },
    executable = True,
)
