"""oci_image: layers and a configuration as an image."""

load("//tools/lib/bzl:worker.bzl", "worker_args", "worker_requirements")
load("//tools/oci:providers.bzl", "OciImageInfo", "OciLayerInfo", "OciPackagesInfo")
load("//tools/ts/private:compile.bzl", "rlocation")
load(":documents.bzl", "DOCUMENT_ATTRS", "declare_documents")
load(":layer_action.bzl", "created_by")
load(":remote_cache.bzl", "REMOTE_CACHE_ATTRS", "remote_cache_url")

_DOC = """Puts layers on a base and writes manifest and configuration.

No blob is read, so this costs the same for layers of any size. Outputs of `:image`: `image.digest` (one line, the
manifest's digest), `image.json` (what a pusher needs), `image.manifest.json`, `image.config.json`. Output groups:
`sbom` (`image.spdx.json`, SPDX 2.3), `provenance` (`image.provenance.json`, an in-toto statement with SLSA's
provenance), `digest`, `inspect`.

A path that two layers have and disagree on is said in a warning that names both: see `layer_conflicts`.
"""

_ATTRS = {
    "annotations": attr.string_dict(doc = "Annotations of the manifest; `{KEY}` of a stamped image is filled in."),
    "architecture": attr.string(doc = "Go's name of the processor. Default: the base's, else amd64."),
    "base": attr.label(doc = "The image below. Default: none.", providers = [OciImageInfo]),
    "creation_time": attr.string(doc = "When it was made: seconds since 1970, or a time by RFC 3339; `{KEY}` of a stamped image is filled in. Default: 1970; of a stamped image, the time of the build."),
    "base_layers": attr.label_list(doc = "Layers below `layers`, each unless the base has one that provides the same: node, of an image of a Node.js program.", providers = [OciLayerInfo]),
    "cmd": attr.string_list(doc = "Arguments of the entrypoint, which a pod's `args` replace. Default: the base's, unless `entrypoint` is given."),
    "entrypoint": attr.string_list(doc = "The program. Default: the base's."),
    "entrypoint_prefix": attr.string_list(doc = "What is put before the program, the base's included: oci_image fills it in for a `launcher`."),
    "env": attr.string_dict(doc = "Environment variables, added to the base's. Make variables (`$(NAME)`) are expanded, `$$NAME` stands for the base's variable; `{KEY}` of a stamped image is filled in."),
    "label_files": attr.label_keyed_string_dict(doc = "File → labels (one a line) whose value it holds; oci_image fills it in for `labels` with \"@file\".", allow_files = True),
    "labels": attr.string_dict(doc = "Labels, added to the base's. A value \"@file\" is the content of that file, given as a label. Make variables are expanded; `{KEY}` of a stamped image is filled in."),
    "layer_conflicts": attr.string(
        doc = "What is done about a path that a layer of this image has and a layer below has differently: `warn`, `error` or `ignore`.",
        default = "warn",
        values = ["error", "ignore", "warn"],
    ),
    "layers": attr.label_list(doc = "Layers on top of the base's, the lowest first.", providers = [OciLayerInfo]),
    "no_cmd": attr.bool(doc = "Whether the image has no `cmd`, whatever the base has."),
    "no_entrypoint": attr.bool(doc = "Whether the image has no `entrypoint`, whatever the base has."),
    "operating_system": attr.string(doc = "Go's name of the system. Default: the base's, else linux."),
    "os_version": attr.string(doc = "The version of the system that it needs. Default: the base's, else none."),
    "ports": attr.string_list(doc = "Ports that the program listens on: `8080`, `53/udp`."),
    "replaces": attr.string_list(doc = "Paths of layers below that this image's layers replace on purpose, with all that is below them: no conflicts."),
    "repository": attr.string(doc = "Its name in a registry. Default: the package's path, for a target not named `image` followed by the target's name."),
    "stamp": attr.bool(doc = "Whether values of the workspace status replace `{KEY}` in env, labels, annotations and creation_time, and its provenance says when and of which commit it was built."),
    "stop_signal": attr.string(doc = "What ends the program. Default: the base's, else SIGTERM."),
    "user": attr.string(doc = "`uid:gid`. Default: the base's, else 65532:65532 (nonroot)."),
    "variant": attr.string(doc = "The variant of the processor, such as v8. Default: the base's, else none."),
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

def layer_blobs(layers):
    """The blobs of layers that are built, and not in another registry.

    Args:
      layers: list of OciLayerInfo.

    Returns:
      list of File.
    """
    return [layer.blob for layer in layers if not getattr(layer, "lazy", False)]

def layer_checks(layers):
    """What must have passed before anybody gets an image with these layers.

    Args:
      layers: list of OciLayerInfo.

    Returns:
      depset of File.
    """
    return depset(transitive = [layer.checks for layer in layers if hasattr(layer, "checks")])

def _expanded(ctx, attribute):
    return {key: ctx.expand_make_variables(attribute, value, {}) for key, value in getattr(ctx.attr, attribute).items()}

def _refuse_both(ctx):
    """Fails where an image has a command and is said to have none."""
    for attribute in ["cmd", "entrypoint"]:
        if getattr(ctx.attr, attribute) and getattr(ctx.attr, "no_" + attribute):
            fail("{}: 'no_{}' must not be set beside '{}', got {}. Remove one of them.".format(ctx.label, attribute, attribute, getattr(ctx.attr, attribute)))

def _label_files(ctx):
    """Label → the file with its value."""
    for label, value in ctx.attr.labels.items():
        if value.startswith("@"):
            fail("{}: 'labels' must not name a file within a select, got \"{}\" for {}. Choose between two images, or write the value.".format(ctx.label, value, label))
    files = {}
    for target, labels in ctx.attr.label_files.items():
        found = target[DefaultInfo].files.to_list()
        if len(found) != 1:
            fail("{}: 'labels' must name targets with one file, got {} with {}.".format(ctx.label, target.label, len(found)))
        for label in labels.split("\n"):
            files[label] = found[0]
    return files

def _settings(ctx):
    """The attributes that were set, by their names in build_image.ts."""
    settings = {
        "os": ctx.attr.operating_system,
        "osVersion": ctx.attr.os_version,
        "architecture": ctx.attr.architecture,
        "variant": ctx.attr.variant,
        "created": ctx.attr.creation_time,
        "user": ctx.attr.user,
        "entrypoint": ctx.attr.entrypoint,
        "entrypointPrefix": ctx.attr.entrypoint_prefix,
        "cmd": ctx.attr.cmd,
        "env": _expanded(ctx, "env"),
        "labels": _expanded(ctx, "labels"),
        "ports": ctx.attr.ports,
        "volumes": ctx.attr.volumes,
        "workdir": ctx.attr.workdir,
        "stopSignal": ctx.attr.stop_signal,
        "annotations": ctx.attr.annotations,
    }
    given = {key: value for key, value in settings.items() if value}

    # An empty list is another thing than none: the base's does not count.
    if ctx.attr.no_cmd:
        given["cmd"] = []
    if ctx.attr.no_entrypoint:
        given["entrypoint"] = []
    return given

def _oci_image_impl(ctx):
    _refuse_both(ctx)
    base = ctx.attr.base[OciImageInfo] if ctx.attr.base else None
    base_layers = base.layers.to_list() if base else []
    provided = [layer.provides for layer in base_layers if hasattr(layer, "provides")]
    missing = [target for target in ctx.attr.base_layers if target[OciLayerInfo].provides not in provided]
    own = [target[OciLayerInfo] for target in missing + ctx.attr.layers]
    layers = depset(own, transitive = [base.layers] if base else [], order = "postorder")
    name = ctx.label.name
    manifest = ctx.actions.declare_file(name + ".manifest.json")
    config = ctx.actions.declare_file(name + ".config.json")
    digest = ctx.actions.declare_file(name + ".digest")
    index = ctx.actions.declare_file(name + ".json")
    parameters = ctx.actions.declare_file(name + ".image.json")
    repository = ctx.attr.repository or default_repository(ctx.label)
    label_files = _label_files(ctx)
    remote_cache = remote_cache_url(ctx)
    status = [ctx.info_file, ctx.version_file] if ctx.attr.stamp else []
    contents = [layer.contents for layer in base_layers + own if layer.contents]
    described = declare_documents(ctx)
    ctx.actions.write(parameters, json.encode({
        "label": created_by(ctx.label),
        "repository": repository,
        "remoteCache": remote_cache,
        "layerConflicts": ctx.attr.layer_conflicts,
        "replaces": ctx.attr.replaces,
        "baseConfig": base.config.path if base else None,
        "baseLayers": _layer_inputs(ctx, base_layers),
        "layers": _layer_inputs(ctx, own),
        "settings": _settings(ctx),
        "labelFiles": {label: file.path for label, file in label_files.items()},
        "status": [file.path for file in status],
        "artifacts": [
            {"artifactType": one.artifact_type, "mediaType": one.media_type, "path": rlocation(ctx, one.file)}
            for one in described.artifacts
        ],
        "manifest": manifest.path,
        "manifestRunfile": rlocation(ctx, manifest),
        "config": config.path,
        "configRunfile": rlocation(ctx, config),
        "digest": digest.path,
        "index": index.path,
        "builder": ctx.attr.builder_id,
        "sbom": described.sbom.path,
        "provenance": described.provenance.path,
    }))
    args = worker_args(ctx)
    args.add(parameters)
    ctx.actions.run(
        mnemonic = "OciImage",
        progress_message = "Describing image {}".format(repository),
        executable = ctx.executable._tool,
        arguments = [args],
        inputs = [parameters] + [layer.descriptor for layer in base_layers + own] + contents + status + label_files.values() + ([base.config] if base else []),
        outputs = [manifest, config, digest, index, described.sbom, described.provenance],
        execution_requirements = worker_requirements("OciImage"),
    )
    documents = [digest, index, manifest, config]

    # The image is made while these still run; nobody gets it before they have passed.
    checks = layer_checks(base_layers + own)
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
            files = depset(documents, transitive = [checks]),
            runfiles = ctx.runfiles(
                files = documents + [one.file for one in described.artifacts] + ([] if remote_cache else layer_blobs(base_layers + own)),
                transitive_files = checks,
            ),
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
    attrs = dict(dict(_ATTRS, **DOCUMENT_ATTRS), **REMOTE_CACHE_ATTRS),
    provides = [OciImageInfo],
)
