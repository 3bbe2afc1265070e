"""oci_push: an executable that brings one image to a registry."""

load("//tools/oci:providers.bzl", "OciImageInfo")
load("//tools/ts/private:launcher.bzl", "create_launcher", "runfile_argument", "shell_quote")
load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")

_DOC = """Pushes an image: `bazel run :push`.

What the registry has is not sent again; a tag is written last, so that it never names an incomplete image. Prints
`registry/repository@digest`.

Arguments: `--tag TAG` (several times: instead of `remote_tags`), `--registry HOST[:PORT]`, `--repository NAME`.

A registry that is the reference of a running cluster's registry is reached at the endpoint in the cluster's state;
any other is spoken to over https.
"""

def _runfile(ctx, file):
    return file.short_path[3:] if file.short_path.startswith("../") else ctx.workspace_name + "/" + file.short_path

def _oci_push_impl(ctx):
    image = ctx.attr.image[OciImageInfo]
    arguments = [shell_quote("--image"), runfile_argument(_runfile(ctx, image.index_entry))]
    arguments += [shell_quote("--registry=" + ctx.attr.registry)]
    arguments += [shell_quote("--repository=" + (ctx.attr.repository or image.repository))]
    arguments += [shell_quote("--default-tag=" + tag) for tag in ctx.attr.remote_tags]
    program = [file for file in ctx.files._program if file.extension == "mjs"][0]
    launcher = create_launcher(
        ctx,
        ctx.label.name,
        program,
        arguments = arguments,
        runfiles = ctx.attr.image[DefaultInfo].default_runfiles,
    )
    return [DefaultInfo(executable = launcher.executable, runfiles = launcher.runfiles)]

oci_push = rule(
    implementation = _oci_push_impl,
    doc = _DOC,
    attrs = {
        "image": attr.label(doc = "The image.", mandatory = True, providers = [OciImageInfo]),
        "registry": attr.string(doc = "`host[:port]`.", mandatory = True),
        "remote_tags": attr.string_list(doc = "Tags. Default: none, the image is reached by its digest."),
        "repository": attr.string(doc = "Its name in the registry. Default: the image's."),
        "_program": attr.label(doc = "The pusher.", default = "//tools/oci:push_tool"),
    },
    executable = True,
    toolchains = [TOOLCHAIN_TYPE],
)
