"""oci_image: layers and a configuration as an image."""

load("//tools/oci:providers.bzl", "OciImageInfo", "OciLayerInfo", "OciPackagesInfo")
load("//tools/ts/private:compile.bzl", "rlocation")
load(":documents.bzl", "DOCUMENT_ATTRS", "describe_image")
load(":layer_action.bzl", "created_by")

_DOC = """Puts layers on a base and writes manifest and configuration.

No blob is read, so this costs the same for layers of any size. Outputs of `:image`: `image.digest` (one line, the
manifest's digest), `image.json` (what a pusher needs), `image.manifest.json`, `image.config.json`. Output groups:
`sbom` (`image.spdx.json`, SPDX 2.3), `provenance` (`image.provenance.json`, an in-toto statement with SLSA's
provenance), `digest`, `inspect`.

A path that two layers have and disagree on is said in a warning that names both: see `layer_conflicts`.
"""

_ATTRS = {
    "annotations": attr.string_dict(doc = "Annotations of the manifest."),
    "architecture": attr.string(doc = "Go's name of the processor. Default: the base's, else amd64."),
    "base": attr.label(doc = "The image below. Default: none.", providers = [OciImageInfo]),
    "cmd": attr.string_list(doc = "Arguments of the entrypoint, which a pod's `args` replace. Default: the base's, unless `entrypoint` is given."),
    "entrypoint": attr.string_list(doc = "The program. Default: the base's."),
    "env": attr.string_dict(doc = "Environment variables, added to the base's."),
    "labels": attr.string_dict(doc = "Labels, added to the base's."),
    "layer_conflicts": attr.string(
        doc = "What is done about a path that a layer of this image has and a layer below has differently: `warn`, `error` or `ignore`.",
        default = "warn",
        values = ["error", "ignore", "warn"],
    ),
    "layers": attr.label_list(doc = "Layers on top of the base's, the lowest first.", providers = [OciLayerInfo]),
    "operating_system": attr.string(doc = "Go's name of the system. Default: the base's, else linux."),
    "ports": attr.string_list(doc = "Ports that the program listens on: `8080`, `53/udp`."),
    "replaces": attr.string_list(doc = "Paths of layers below that this image's layers replace on purpose, with all that is below them: no conflicts."),
    "repository": attr.string(doc = "Its name in a registry. Default: the package's path, for a target not named `image` followed by the target's name."),
    "stop_signal": attr.string(doc = "What ends the program. Default: the base's, else SIGTERM."),
    "user": attr.string(doc = "`uid:gid`. Default: the base's, else 65532:65532 (nonroot)."),
    "volumes": attr.string_list(doc = "Folders that are volumes."),
    "workdir": attr.string(doc = "Where the program starts. Default: the base's, else /."),
    "_tool": attr.label(doc = "Writes the documents.", default = "//tools/oci:image_tool", executable = True, cfg = "exec"),
}

def _layer_inputs(ctx, layers):
    return [
        {
            "contents": layer.contents.path if layer.contents else None,
            "contentsRunfile": rlocation(ctx, layer.contents) if layer.contents else None,
            "descriptor": layer.descriptor.path,
            "runfile": rlocation(ctx, layer.blob),
        }
        for layer in layers
    ]

def default_repository(label):
    """A registry name for a target's image: the package's path, followed by the name unless that is `image`.

    Args:
      label: Label of the image.

    Returns:
      a string.
    """
    return "/".join([part for part in [label.package, "" if label.name == "image" else label.name] if part])

def _settings(ctx):
    """The attributes that were set, by their names in build_image.ts."""
    settings = {
        "os": ctx.attr.operating_system,
        "architecture": ctx.attr.architecture,
        "user": ctx.attr.user,
        "entrypoint": ctx.attr.entrypoint,
        "cmd": ctx.attr.cmd,
        "env": ctx.attr.env,
        "labels": ctx.attr.labels,
        "ports": ctx.attr.ports,
        "volumes": ctx.attr.volumes,
        "workdir": ctx.attr.workdir,
        "stopSignal": ctx.attr.stop_signal,
        "annotations": ctx.attr.annotations,
    }
    return {key: value for key, value in settings.items() if value}

def _oci_image_impl(ctx):
    base = ctx.attr.base[OciImageInfo] if ctx.attr.base else None
    own = [target[OciLayerInfo] for target in ctx.attr.layers]
    base_layers = base.layers.to_list() if base else []
    layers = depset(own, transitive = [base.layers] if base else [], order = "postorder")
    name = ctx.label.name
    manifest = ctx.actions.declare_file(name + ".manifest.json")
    config = ctx.actions.declare_file(name + ".config.json")
    digest = ctx.actions.declare_file(name + ".digest")
    index = ctx.actions.declare_file(name + ".json")
    parameters = ctx.actions.declare_file(name + ".image.json")
    repository = ctx.attr.repository or default_repository(ctx.label)
    ctx.actions.write(parameters, json.encode({
        "label": created_by(ctx.label),
        "repository": repository,
        "layerConflicts": ctx.attr.layer_conflicts,
        "replaces": ctx.attr.replaces,
        "baseConfig": base.config.path if base else None,
        "baseLayers": _layer_inputs(ctx, base_layers),
        "layers": _layer_inputs(ctx, own),
        "settings": _settings(ctx),
        "manifest": manifest.path,
        "manifestRunfile": rlocation(ctx, manifest),
        "config": config.path,
        "configRunfile": rlocation(ctx, config),
        "digest": digest.path,
        "index": index.path,
    }))
    contents = [layer.contents for layer in base_layers + own if layer.contents]
    ctx.actions.run(
        mnemonic = "OciImage",
        progress_message = "Describing image {}".format(repository),
        executable = ctx.executable._tool,
        arguments = [parameters.path],
        inputs = [parameters] + [layer.descriptor for layer in base_layers + own] + contents + ([base.config] if base else []),
        outputs = [manifest, config, digest, index],
    )
    documents = [digest, index, manifest, config]
    described = describe_image(ctx, struct(
        config = config,
        contents = contents,
        descriptors = [layer.descriptor for layer in base_layers + own],
        digest = digest,
        repository = repository,
        status = [],
    ))
    packages = [target[OciPackagesInfo].debian_packages for target in ctx.attr.layers if OciPackagesInfo in target]
    return [
        OciImageInfo(
            artifacts = described.artifacts,
            manifest = manifest,
            config = config,
            digest = digest,
            index_entry = index,
            layers = layers,
            repository = repository,
            debian_packages = depset(transitive = packages + ([base.debian_packages] if base else [])),
        ),
        DefaultInfo(
            files = depset(documents),
            runfiles = ctx.runfiles(files = documents + [layer.blob for layer in base_layers + own if not getattr(layer, "lazy", False)]),
        ),
        OutputGroupInfo(
            digest = depset([digest]),
            inspect = depset(documents + contents),
            provenance = depset([described.provenance]),
            sbom = depset([described.sbom]),
        ),
    ]

oci_image = rule(
    implementation = _oci_image_impl,
    doc = _DOC,
    attrs = dict(_ATTRS, **DOCUMENT_ATTRS),
    provides = [OciImageInfo],
)
