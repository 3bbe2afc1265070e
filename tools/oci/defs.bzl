"""Container images: layers, images, tar files and pushes, without a daemon."""

load("//tools/oci:providers.bzl", _OciImageIndexInfo = "OciImageIndexInfo", _OciImageInfo = "OciImageInfo", _OciLayerInfo = "OciLayerInfo")
load("//tools/oci/private:image.bzl", "default_repository", _oci_image = "oci_image")
load("//tools/oci/private:image_test.bzl", _oci_image_test = "oci_image_test")
load("//tools/oci/private:index.bzl", _oci_image_index = "oci_image_index")
load("//tools/oci/private:layer.bzl", "LAYER_ATTRIBUTES", _oci_layer = "oci_layer")
load("//tools/oci/private:load.bzl", _oci_load = "oci_load")
load("//tools/oci/private:pull.bzl", _oci_pull = "oci_pull")
load("//tools/oci/private:push.bzl", _oci_push = "oci_push")
load("//tools/oci/private:subtarget.bzl", "image_subtargets")
load("//tools/oci/private:tarball.bzl", _oci_tarball = "oci_tarball")

OciImageIndexInfo = _OciImageIndexInfo
OciImageInfo = _OciImageInfo
OciLayerInfo = _OciLayerInfo
oci_layer = _oci_layer
oci_pull = _oci_pull
oci_load = _oci_load
oci_push = _oci_push
oci_tarball = _oci_tarball

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
    """Whether `stamp` of rules_docker (a bool, or a label of its //stamp package) asks for it."""
    return stamp.split(":")[-1] in _STAMPED if type(stamp) == "string" else bool(stamp)

def oci_image(name, base = None, layers = [], visibility = None, tags = [], testonly = None, **kwargs):
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

    Args:
      name: the image; `image` in a service's package.
      base: the image below.
      layers: oci_layer targets, the lowest first.
      visibility: of the image.
      tags: of the image.
      testonly: of the image and its layer.
      **kwargs: attributes of the oci_image rule (entrypoint, cmd, env, labels, ports, user, volumes, workdir,
        repository, stamp, …), of oci_layer (files, debs, tars, symlinks, directory, mode, …), which make a layer
        `<name>__layer` on top of `layers`, and launcher and launcher_args: a program that is put at the root and
        before the entrypoint.
    """
    for attribute in _OF_A_DAEMON:
        kwargs.pop(attribute, None)
    for attribute in ["cmd", "entrypoint"]:
        if attribute in kwargs:
            kwargs[attribute] = _command(kwargs[attribute])
    if "stamp" in kwargs:
        kwargs["stamp"] = _is_stamped(kwargs["stamp"])
    launcher = kwargs.pop("launcher", None)
    launcher_args = kwargs.pop("launcher_args", [])
    if launcher:
        path = "/" + str(launcher).split("/")[-1].split(":")[-1]
        kwargs["file_paths"] = dict(kwargs.get("file_paths", {}), **{launcher: path})
        kwargs["entrypoint"] = [path] + launcher_args + kwargs.get("entrypoint", [])
    labels = kwargs.get("labels", {})
    from_files = {}
    for key in sorted(labels.keys()):
        if labels[key].startswith("@"):
            from_files.setdefault(labels[key][1:], []).append(key)
    if from_files:
        kwargs["labels"] = {key: value for key, value in labels.items() if not value.startswith("@")}
        kwargs["label_files"] = {file: "\n".join(keys) for file, keys in from_files.items()}
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
        layers = layers + [":" + name + "__layer"]
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

def oci_image_index(name, images = [], bases = {}, layers = [], repository = None, annotations = {}, visibility = None, tags = [], testonly = None, **kwargs):
    """Puts images for several platforms under one digest: given ones, or one for each of some bases.

    With `bases`, the images are `<name>_<os>_<architecture>`, each of the same layers on another base: a layer is built
    once, and its blob is the same in all of them. What differs by platform belongs into the bases.

    Args:
      name: the index; `image` in a service's package.
      images: oci_image targets, each for another platform.
      bases: `os/architecture` → the image below, as in `{"linux/amd64": …, "linux/arm64": …}`; instead of `images`.
      layers: with `bases`: the layers on top, the lowest first.
      repository: its name in a registry, and that of the images made here. Default: as of oci_image.
      annotations: of the index.
      visibility: of the index and its images.
      tags: of the index and its images.
      testonly: of all targets.
      **kwargs: with `bases`: attributes of oci_image.
    """
    if bool(images) == bool(bases):
        fail("//{}:{}: 'images' or 'bases' must be given, and not both. With 'bases', the images are made of 'layers'.".format(native.package_name(), name))
    if images and (layers or kwargs):
        fail("//{}:{}: {} need 'bases'. Give them to the images instead.".format(native.package_name(), name, ["layers"] + kwargs.keys()))
    repository = repository or default_repository(struct(package = native.package_name(), name = name))
    own = {key: kwargs.pop(key) for key in LAYER_ATTRIBUTES if key in kwargs}
    if own:
        oci_layer(
            name = name + "__layer",
            tags = ["manual"],
            testonly = testonly,
            visibility = ["//visibility:private"],
            **own
        )
        layers = layers + [":" + name + "__layer"]
    for platform, base in bases.items():
        image = name + "_" + platform.replace("/", "_")
        oci_image(
            name = image,
            base = base,
            layers = layers,
            repository = repository,
            tags = tags,
            testonly = testonly,
            visibility = visibility,
            **kwargs
        )
        images = images + [":" + image]
    _oci_image_index(
        name = name,
        annotations = annotations,
        images = images,
        repository = repository,
        tags = tags,
        testonly = testonly,
        visibility = visibility,
    )

def oci_image_test(name, max_layer_bytes = {}, tags = [], **kwargs):
    """Tests an image: its files, configuration and size, and whether its program runs and answers.

    Args:
      name: the test.
      max_layer_bytes: end of the label that made a layer (`image__app`) → the most bytes of its blob.
      tags: of the test; `block-network` is added, which gives it a network of its own: ports never clash.
      **kwargs: attributes of the oci_image_test rule: image, files, modes, max_bytes, run, run_port, …
    """
    _oci_image_test(
        name = name,
        max_layer_bytes = {layer: str(most) for layer, most in max_layer_bytes.items()},
        tags = tags + ["block-network"],
        **kwargs
    )

def service_image_test(name, image, port, run_env, max_bytes, exit_code = 0, max_app_bytes = None):
    """Tests the image of a service: that it starts, listens, ends when told so, and stays small. For macros of languages.

    Args:
      name: the test.
      image: the name of the image, in the same package.
      port: the TCP port on which the program answers. None: it answers nobody.
      run_env: environment variables without which it does not start.
      max_bytes: the most bytes that the image's compressed layers may have together.
      exit_code: with which it ends.
      max_app_bytes: the most bytes of the layer `<image>__app`. Default: no limit of its own.
    """
    oci_image_test(
        name = name,
        size = "small",
        exit_code = exit_code,
        image = ":" + image,
        max_bytes = max_bytes,
        max_layer_bytes = {image + "__app": max_app_bytes} if max_app_bytes else {},
        ports = [str(port)] if port else [],
        run = True,
        run_env = run_env,
        run_port = port,
    )
