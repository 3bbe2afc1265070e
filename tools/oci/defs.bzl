"""Container images: layers, images, tar files and pushes, without a daemon."""

load("//tools/oci:providers.bzl", _OciImageInfo = "OciImageInfo", _OciLayerInfo = "OciLayerInfo")
load("//tools/oci/private:image.bzl", _oci_image = "oci_image")
load("//tools/oci/private:image_test.bzl", _oci_image_test = "oci_image_test")
load("//tools/oci/private:layer.bzl", "LAYER_ATTRIBUTES", _oci_layer = "oci_layer")
load("//tools/oci/private:pull.bzl", _oci_pull = "oci_pull")
load("//tools/oci/private:push.bzl", _oci_push = "oci_push")
load("//tools/oci/private:subtarget.bzl", "image_subtargets")
load("//tools/oci/private:tarball.bzl", _oci_tarball = "oci_tarball")

OciImageInfo = _OciImageInfo
OciLayerInfo = _OciLayerInfo
oci_layer = _oci_layer
oci_pull = _oci_pull
oci_push = _oci_push
oci_tarball = _oci_tarball

def oci_image(name, base = None, layers = [], visibility = None, tags = [], testonly = False, **kwargs):
    """Makes an image of a base, layers, and one more layer of the files that are given here.

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
        repository, …) and of oci_layer (files, debs, tars, symlinks, directory, mode, …); the latter make a layer
        `<name>__layer` on top of `layers`.
    """
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
