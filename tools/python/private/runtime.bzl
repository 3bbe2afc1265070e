"""The Python of an image, to run on the machine that builds."""

load("//tools/oci:providers.bzl", "OciImageInfo")
load("//tools/python:providers.bzl", "PyRuntimeInfo")

def _py_runtime_impl(ctx):
    directory = ctx.actions.declare_directory(ctx.label.name)
    blobs = [layer.blob for layer in ctx.attr.image[OciImageInfo].layers.to_list()]
    ctx.actions.run(
        mnemonic = "PyRuntime",
        progress_message = "Unpacking Python of {}".format(ctx.attr.image.label),
        executable = ctx.executable._tool,
        arguments = [directory.path] + [blob.path for blob in blobs],
        inputs = blobs,
        outputs = [directory],
    )
    return [PyRuntimeInfo(directory = directory), DefaultInfo(files = depset([directory]))]

py_runtime = rule(
    implementation = _py_runtime_impl,
    doc = """Unpacks the Python of an image, so that tests run by the same one as the program.

It is started through the C library's own loader, so it runs on machines whose C library is older.

    py_runtime(
        name = "runtime",
        image = ":base",
    )
""",
    attrs = {
        "image": attr.label(doc = "An image with Debian's Python, for the platform that builds.", mandatory = True, providers = [OciImageInfo]),
        "_tool": attr.label(default = "//tools/python:runtime_tool", executable = True, cfg = "exec"),
    },
    provides = [PyRuntimeInfo],
)
