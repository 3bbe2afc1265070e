"""The macro oci_image: the rule's target, a layer of the files that are given to it, and sub-targets."""

load(":image.bzl", _oci_image = "oci_image")
load(":layer.bzl", "LAYER_ATTRIBUTES", "oci_layer")
load(":subtarget.bzl", "image_subtargets")

# Attributes of rules_docker's container_image that say how a daemon runs or names what `bazel run` loads into it. No
# daemon is part of a build here: `oci_load` loads an image, and names it.
_OF_A_DAEMON = [
    "docker_run_flags",
    "experimental_tarball_format",
    "legacy_repository_naming",
    "legacy_run_behavior",
    "tag_name",
]

_STAMPED = ["always", "yes"]

def _command(value):
    """A command as a list of words; one given as a text is run by the image's shell."""
    return ["/bin/sh", "-c", value] if type(value) == "string" else value

def _is_stamped(stamp):
    """Whether `stamp` of rules_docker (a bool, or a label of its //stamp package) asks for it.

    What `select` makes is left as it is.
    """
    if type(stamp) == "select":
        return stamp
    return str(stamp).split(":")[-1] in _STAMPED if type(stamp) in ["string", "Label"] else bool(stamp)

def _labels(labels):
    """The rule's attributes for labels; `@file` stands for what is in a file, but in a `select`, which none can look into."""
    from_files = {}
    for key in sorted(labels.keys()) if type(labels) == "dict" else []:
        if labels[key].startswith("@"):
            from_files.setdefault(labels[key][1:], []).append(key)
    if not from_files:
        return {"labels": labels}
    return {
        "label_files": {file: "\n".join(keys) for file, keys in from_files.items()},
        "labels": {key: value for key, value in labels.items() if not value.startswith("@")},
    }

def oci_image(name, base = None, layers = [], launcher = None, launcher_args = [], visibility = None, tags = [], testonly = None, **kwargs):
    """Makes an image of a base, layers, and one more layer of the files that are given here.

    The attributes of rules_docker's container_image keep their names and meaning, but for these: `repository` is the
    whole name in a registry (there, a prefix of the name that is loaded into a daemon); `compression` is zstd unless
    gzip is asked for; the user is 65532:65532 unless another is given; `debs` bring what they depend on. What concerns
    a daemon (docker_run_flags, tag_name, legacy_run_behavior and the like) is accepted and has no effect: see oci_load.

    Outputs: `<name>.digest`, `<name>.json`, `<name>.manifest.json`, `<name>.config.json`; output groups `sbom` and
    `provenance`. To run (`bazel run X:<name>.explain`; the table is in subtargets.bzl):

    - `<name>.diff` compares it with another image, file by file
    - `<name>.explain` prints its layers with their sizes, what is in each and what brought it
    - `<name>.provenance` prints how it was made
    - `<name>.sbom` prints its bill of materials

    Of a program and a layer:

        oci_image(
            name = "image",
            base = "@fathom//tools/oci/base:cc",
            entrypoint = ["/usr/local/bin/server"],
            file_paths = {":server": "/usr/local/bin/server"},
            layers = [":pages"],
            ports = ["8080"],
        )

    Args:
      name: the image; `image` in a service's package.
      base: the image below.
      layers: oci_layer targets, the lowest first.
      launcher: label: a program that is put at the root and before the entrypoint, the base's where none is given.
      launcher_args: list of strings: its arguments, before the entrypoint.
      visibility: of the image.
      tags: of the image.
      testonly: of the image and its layer.
      **kwargs: attributes of the oci_image rule (entrypoint, cmd, env, labels, ports, user, volumes, workdir,
        repository, stamp, …), and of oci_layer (files, debs, tars, symlinks, directory, mode, …), which make a layer
        `<name>__layer` on top of `layers`.
    """
    for attribute in _OF_A_DAEMON:
        kwargs.pop(attribute, None)
    for attribute in ["cmd", "entrypoint"]:
        if attribute in kwargs:
            kwargs[attribute] = _command(kwargs[attribute])
    if "stamp" in kwargs:
        kwargs["stamp"] = _is_stamped(kwargs["stamp"])
    if launcher:
        path = "/" + str(launcher).split("/")[-1].split(":")[-1]
        file_paths = kwargs.get("file_paths") or {}
        if type(file_paths) == "select":
            fail("//{}:{}: 'file_paths' must be a dict without select beside a 'launcher', which is added to it, got {}. Give the files as an oci_layer in 'layers'.".format(native.package_name(), name, repr(file_paths)))
        kwargs["file_paths"] = dict(file_paths)
        kwargs["file_paths"][launcher] = path
        kwargs["entrypoint_prefix"] = [path] + (launcher_args or []) + (kwargs.get("entrypoint_prefix") or [])
    kwargs.update(_labels(kwargs.get("labels") or {}))
    layer = {key: kwargs.pop(key) for key in LAYER_ATTRIBUTES if key in kwargs}
    if layer:
        oci_layer(
            name = name + "__layer",
            base = base,
            tags = ["manual"],
            testonly = testonly,
            visibility = ["//visibility:private"],
            **layer
        )
        layers = (layers or []) + [":" + name + "__layer"]
    _oci_image(
        name = name,
        base = base,
        layers = layers,
        tags = tags,
        testonly = testonly,
        visibility = visibility,
        **kwargs
    )
    image_subtargets(name, testonly = testonly, visibility = visibility)
