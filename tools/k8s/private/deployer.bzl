"""`<name>.image`: an image that applies a stack from inside a cluster, and the program that pushes it."""

load("//tools/k8s:providers.bzl", "K8sStackInfo")
load("//tools/oci:providers.bzl", "OciImageInfo", "OciLayerInfo")
load("//tools/oci/private:image.bzl", "default_repository", "oci_image")
load("//tools/oci/private:layer_action.bzl", "LAYER_ACTION_ATTRS", "write_layer")
load("//tools/ts/private:launcher.bzl", "runfile_argument", "shell_quote")
load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load(":verb.bzl", "VERB_ATTRS", "create_verb", "runfiles_path")

def _k8s_stack_layer_impl(ctx):
    stack = ctx.attr.stack[K8sStackInfo]
    files = depset(transitive = [stack.inputs, stack.image_digests])
    packed = ctx.actions.declare_file(ctx.label.name + ".stack.json")
    params = ctx.actions.declare_file(ctx.label.name + ".pack.json")
    ctx.actions.write(params, json.encode(struct(
        plan = runfiles_path(ctx, stack.plan),
        files = {runfiles_path(ctx, file): file.path for file in files.to_list()},
        out = packed.path,
    )))
    ctx.actions.run(
        mnemonic = "K8sPack",
        progress_message = "Packing stack {}".format(packed.short_path),
        executable = ctx.executable._pack,
        arguments = [params.path],
        inputs = depset([params], transitive = [files]),
        outputs = [packed],
    )
    source = {"kind": "file", "source": packed.path, "path": "/app/stack.json", "mode": "0644"}
    tool = ctx.attr._layer_tool[DefaultInfo].files_to_run
    layer = write_layer(ctx, tool, {"sources": [source]}, depset([packed]), "K8sStackLayer")
    return [layer, DefaultInfo(files = depset([layer.blob, layer.descriptor, layer.contents]))]

_k8s_stack_layer = rule(
    implementation = _k8s_stack_layer_impl,
    doc = "Packs a stack, with its objects and the digests of its images, as /app/stack.json. Reads no blob.",
    attrs = dict(
        LAYER_ACTION_ATTRS,
        stack = attr.label(doc = "The object or stack.", mandatory = True, providers = [K8sStackInfo]),
        _layer_tool = attr.label(doc = "The layer builder.", default = "//tools/oci:layer_tool", executable = True, cfg = "exec"),
        _pack = attr.label(doc = "Packs plan inputs.", default = "//tools/k8s:pack", executable = True, cfg = "exec"),
    ),
    provides = [OciLayerInfo],
)

def _k8s_deployer_impl(ctx):
    image = ctx.attr.image[OciImageInfo]
    verb = create_verb(
        ctx,
        ctx.label.name,
        "image",
        ctx.attr.stack[K8sStackInfo],
        arguments = [
            shell_quote("--deployer"),
            runfile_argument(runfiles_path(ctx, image.index_entry)),
            shell_quote("--registry=" + ctx.attr.registry),
            shell_quote("--repository=" + image.repository),
        ],
        runfiles = ctx.attr.image[DefaultInfo].default_runfiles,
    )
    return [
        image,
        ctx.attr.image[OutputGroupInfo],
        DefaultInfo(executable = verb.executable, files = ctx.attr.image[DefaultInfo].files, runfiles = verb.runfiles),
    ]

_k8s_deployer = rule(
    implementation = _k8s_deployer_impl,
    doc = """An image that applies a stack from inside a cluster. Made by k8s_object and k8s_objects.

Built, it is an image as oci_image makes them, which can be given to oci_push or to `images` of a k8s_object; run, it
pushes itself and all images of the stack, and prints `registry/repository@digest`.
""",
    attrs = dict(
        VERB_ATTRS,
        image = attr.label(doc = "The image.", mandatory = True, providers = [OciImageInfo]),
        registry = attr.string(doc = "Where it is pushed to. Default: what `--registry` says."),
        stack = attr.label(doc = "The object or stack.", mandatory = True, providers = [K8sStackInfo]),
    ),
    executable = True,
    provides = [OciImageInfo],
    toolchains = [TOOLCHAIN_TYPE],
)

def deployer_target(name, registry, **kwargs):
    """Declares `<name>.image`.

    Args:
      name: string: the object or stack.
      registry: string: where the image is pushed to, or empty.
      **kwargs: visibility, testonly and the like.
    """
    hidden = dict(kwargs, tags = ["manual"], visibility = ["//visibility:private"])
    image = name + "__deployer"
    _k8s_stack_layer(
        name = image + "_layer",
        stack = ":" + name,
        **hidden
    )
    oci_image(
        name = image,
        base = Label("//tools/k8s:deployer"),
        layers = [":" + image + "_layer"],
        repository = default_repository(struct(package = native.package_name(), name = name)),
        **hidden
    )
    _k8s_deployer(
        name = name + ".image",
        image = ":" + image,
        registry = registry,
        stack = ":" + name,
        tags = ["manual"],
        **kwargs
    )
