"""The rule behind an image's sub-targets: a launcher of the inspection tool with the image's documents."""

load("//tools/oci:providers.bzl", "OciImageInfo")
load("//tools/oci:subtargets.bzl", "SUBTARGETS")
load("//tools/ts/private:compile.bzl", "rlocation")
load("//tools/ts/private:launcher.bzl", "create_launcher", "runfile_argument", "shell_quote")
load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load(":layer_action.bzl", "created_by")

def _oci_image_subtarget_impl(ctx):
    subtarget = SUBTARGETS[ctx.attr.subtarget]
    image = ctx.attr.image[OciImageInfo]
    arguments = [shell_quote("--command=" + subtarget.command)]
    if subtarget.prints:
        files = ctx.attr.image[OutputGroupInfo][subtarget.prints].to_list()
        arguments += [shell_quote("--document"), runfile_argument(rlocation(ctx, files[0]))]
    else:
        layers = image.layers.to_list()
        files = [image.index_entry, image.config] + [layer.contents or layer.blob for layer in layers]
        arguments += [
            shell_quote("--label=" + created_by(ctx.attr.image.label)),
            shell_quote("--image"),
            runfile_argument(rlocation(ctx, image.index_entry)),
        ]
    launcher = create_launcher(
        ctx,
        ctx.label.name,
        [file for file in ctx.files._tool if file.extension == "mjs"][0],
        arguments = arguments + ["--caller"],
        runfiles = ctx.runfiles(files = files),
    )
    return [DefaultInfo(executable = launcher.executable, runfiles = launcher.runfiles)]

oci_image_subtarget = rule(
    implementation = _oci_image_subtarget_impl,
    doc = "One thing that can be run of an image. Made by oci_image.",
    attrs = {
        "image": attr.label(doc = "The image.", mandatory = True, providers = [OciImageInfo]),
        "subtarget": attr.string(doc = "What to do.", mandatory = True, values = SUBTARGETS.keys()),
        "_tool": attr.label(doc = "The inspection tool.", default = "//tools/oci:inspect_tool"),
    },
    executable = True,
    toolchains = [TOOLCHAIN_TYPE],
)

def image_subtargets(name, **kwargs):
    """Declares `<name>.<sub-target>` for each of SUBTARGETS.

    Args:
      name: string: the image.
      **kwargs: testonly, visibility and the like.
    """
    for subtarget in SUBTARGETS:
        oci_image_subtarget(
            name = name + "." + subtarget,
            image = ":" + name,
            subtarget = subtarget,
            tags = ["manual"],
            **kwargs
        )
