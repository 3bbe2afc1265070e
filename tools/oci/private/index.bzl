"""oci_image_index: images of one program for several platforms."""

load("//tools/oci:providers.bzl", "OciImageIndexInfo", "OciImageInfo")
load("//tools/ts/private:compile.bzl", "rlocation")
load(":image.bzl", "default_repository", "layer_checks")
load(":layer_action.bzl", "created_by")

def _oci_image_index_impl(ctx):
    name = ctx.label.name
    images = [target[OciImageInfo] for target in ctx.attr.images]
    index = ctx.actions.declare_file(name + ".index.json")
    digest = ctx.actions.declare_file(name + ".digest")
    entry = ctx.actions.declare_file(name + ".json")
    parameters = ctx.actions.declare_file(name + ".params")
    repository = ctx.attr.repository or default_repository(ctx.label)
    ctx.actions.write(parameters, json.encode({
        "annotations": ctx.attr.annotations,
        "digest": digest.path,
        "images": [
            {"config": image.config.path, "entry": image.index_entry.path, "label": created_by(target.label)}
            for target, image in zip(ctx.attr.images, images)
        ],
        "index": index.path,
        "indexRunfile": rlocation(ctx, index),
        "output": entry.path,
        "repository": repository,
    }))
    ctx.actions.run(
        mnemonic = "OciIndex",
        progress_message = "Describing index {}".format(repository),
        executable = ctx.executable._tool,
        arguments = [parameters.path],
        inputs = [parameters] + [image.config for image in images] + [image.index_entry for image in images],
        outputs = [index, digest, entry],
    )
    documents = [index, digest, entry]
    runfiles = ctx.runfiles(files = documents)
    for target in ctx.attr.images:
        runfiles = runfiles.merge(target[DefaultInfo].default_runfiles)
    return [
        OciImageIndexInfo(
            digest = digest,
            images = images,
            index = index,
            index_entry = entry,
            repository = repository,
        ),
        DefaultInfo(
            files = depset(documents, transitive = [layer_checks(image.layers.to_list()) for image in images]),
            runfiles = runfiles,
        ),
        OutputGroupInfo(digest = depset([digest])),
    ]

oci_image_index = rule(
    implementation = _oci_image_index_impl,
    doc = """Puts images for several platforms under one digest.

Reads the images' documents alone. Outputs of `:image`: `image.digest` (one line, the index's digest), `image.index.json`
(the index), `image.json` (what a pusher needs). Two images for one platform fail the build.
""",
    attrs = {
        "annotations": attr.string_dict(doc = "Annotations of the index."),
        "images": attr.label_list(doc = "Images, each for another platform.", mandatory = True, allow_empty = False, providers = [OciImageInfo]),
        "repository": attr.string(doc = "Its name in a registry. Default: as of oci_image."),
        "_tool": attr.label(doc = "Writes the index.", default = "//tools/oci:index_tool", executable = True, cfg = "exec"),
    },
    provides = [OciImageIndexInfo],
)
