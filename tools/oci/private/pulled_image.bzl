"""What the repositories of oci_pull hold: an image whose blobs are in a registry."""

load("//tools/oci:providers.bzl", "OciImageInfo", "OciLayerInfo")

def _runfile(ctx, file):
    return file.short_path[3:] if file.short_path.startswith("../") else ctx.workspace_name + "/" + file.short_path

def _layer(ctx, number, description):
    """Declares a layer's descriptor, and the action that downloads its blob for whoever needs that."""
    descriptor = ctx.actions.declare_file("layer{}.descriptor.json".format(number))
    ctx.actions.write(descriptor, json.encode(description))
    blob = ctx.actions.declare_file("layer{}.blob".format(number))
    args = ctx.actions.args()
    args.add("fetch")
    args.add(ctx.attr.image, format = "--image=%s")
    args.add(description["digest"], format = "--digest=%s")
    args.add(str(description["size"]), format = "--size=%s")
    args.add(blob, format = "--output=%s")
    if ctx.attr.plain_http:
        args.add("--plain-http")
    ctx.actions.run(
        mnemonic = "OciFetch",
        progress_message = "Fetching layer {} of {}".format(number, ctx.attr.image),
        executable = ctx.executable._tool,
        arguments = [args],
        outputs = [blob],
        execution_requirements = {"no-remote-exec": "1", "requires-network": "1"},
        use_default_shell_env = True,
    )
    return OciLayerInfo(blob = blob, contents = None, descriptor = descriptor, lazy = True)

def _oci_pulled_image_impl(ctx):
    description = json.decode(ctx.attr.description)
    layers = [_layer(ctx, number, layer) for number, layer in enumerate(description["layers"])]
    digest = ctx.actions.declare_file(ctx.label.name + ".digest")
    index = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(digest, description["manifest"]["digest"] + "\n")
    ctx.actions.write(index, json.encode({
        "version": 1,
        "repository": ctx.attr.repository,
        "manifest": dict(description["manifest"], path = _runfile(ctx, ctx.file.manifest)),
        "config": dict(description["config"], path = _runfile(ctx, ctx.file.config)),
        "layers": [
            {
                "digest": description["layers"][number]["digest"],
                "mediaType": description["layers"][number]["mediaType"],
                "path": _runfile(ctx, layer.blob),
                "size": description["layers"][number]["size"],
                "source": description["layers"][number]["source"],
            }
            for number, layer in enumerate(layers)
        ],
    }))
    documents = [digest, index, ctx.file.manifest, ctx.file.config]
    return [
        OciImageInfo(
            artifacts = [],
            manifest = ctx.file.manifest,
            config = ctx.file.config,
            debian_packages = depset(),
            digest = digest,
            index_entry = index,
            layers = depset(layers, order = "postorder"),
            repository = ctx.attr.repository,
        ),
        # No blob: a push has them from their registry.
        DefaultInfo(files = depset(documents), runfiles = ctx.runfiles(files = documents)),
        OutputGroupInfo(digest = depset([digest]), blobs = depset([layer.blob for layer in layers])),
    ]

oci_pulled_image = rule(
    implementation = _oci_pulled_image_impl,
    doc = "An image of a registry. Internal: written by oci_pull. The output group `blobs` downloads its layers.",
    attrs = {
        "config": attr.label(doc = "The configuration.", allow_single_file = [".json"], mandatory = True),
        "description": attr.string(doc = "JSON: descriptors of manifest, configuration and layers.", mandatory = True),
        "image": attr.string(doc = "`registry/repository`.", mandatory = True),
        "manifest": attr.label(doc = "The manifest.", allow_single_file = [".json"], mandatory = True),
        "plain_http": attr.bool(doc = "Whether the registry speaks plain http."),
        "repository": attr.string(doc = "Its name where it is pushed.", mandatory = True),
        "_tool": attr.label(doc = "Downloads blobs.", default = "//tools/oci:pull_tool", executable = True, cfg = "exec"),
    },
    provides = [OciImageInfo],
)
