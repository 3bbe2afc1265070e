"""oci_tarball: an image as one file, for nodes and machines that no registry reaches yet."""

load("//tools/oci:providers.bzl", "OciImageInfo")
load("//tools/ts/private:compile.bzl", "rlocation")
load(":image.bzl", "layer_checks")

_DOC = """Writes an image as a tar file in the OCI image layout, which `ctr images import` reads.

The image is recorded as `<registry>/<repository>@<digest>` and as `<registry>/<repository>:<tag>` for each tag.
The file is `<name>.tar`, of a target that is named so already `<name>`.

    oci_tarball(
        name = "tarball",
        image = ":image",
        registry = "registry.example.com",
        tags_in_registry = ["latest"],
    )
"""

def _oci_tarball_impl(ctx):
    image = ctx.attr.image[OciImageInfo]
    output = ctx.actions.declare_file(ctx.label.name + ("" if ctx.label.name.endswith(".tar") else ".tar"))
    files = [image.manifest, image.config] + [layer.blob for layer in image.layers.to_list()]
    args = ctx.actions.args()
    args.add("--image", image.index_entry)
    args.add("--output", output)
    if ctx.attr.registry:
        args.add("--name", "{}/{}".format(ctx.attr.registry, image.repository))
    for tag in ctx.attr.tags_in_registry:
        args.add("--tag", tag)
    for file in files:
        args.add("--blob", "{}={}".format(rlocation(ctx, file), file.path))
    ctx.actions.run(
        mnemonic = "OciTarball",
        progress_message = "Writing image {} as a tar file".format(image.repository),
        executable = ctx.executable._tool,
        arguments = [args],
        inputs = depset(files + [image.index_entry], transitive = [layer_checks(image.layers.to_list())]),
        outputs = [output],
    )
    return [DefaultInfo(files = depset([output]), runfiles = ctx.runfiles(files = [output]))]

oci_tarball = rule(
    implementation = _oci_tarball_impl,
    doc = _DOC,
    attrs = {
        "image": attr.label(doc = "The image.", mandatory = True, providers = [OciImageInfo]),
        "registry": attr.string(doc = "The registry's name in the image's name. Default: the image has no name."),
        "tags_in_registry": attr.string_list(doc = "Tags under which it is recorded as well.", default = ["built"]),
        "_tool": attr.label(doc = "Writes the tar.", default = "//tools/oci:tarball_tool", executable = True, cfg = "exec"),
    },
)
