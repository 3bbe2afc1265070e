"""Container images: layers, images, tar files and pushes, without a daemon."""

load("//tools/oci:providers.bzl", _OciImageIndexInfo = "OciImageIndexInfo", _OciImageInfo = "OciImageInfo", _OciLayerInfo = "OciLayerInfo")
load("//tools/oci/private:container.bzl", _container_image = "container_image", _container_layer = "container_layer", _container_push = "container_push")
load("//tools/oci/private:image.bzl", "default_repository")
load("//tools/oci/private:image_macro.bzl", _oci_image = "oci_image")
load("//tools/oci/private:image_test.bzl", _oci_image_test = "oci_image_test")
load("//tools/oci/private:index.bzl", _oci_image_index = "oci_image_index")
load("//tools/oci/private:layer.bzl", "LAYER_ATTRIBUTES", _oci_layer = "oci_layer")
load("//tools/oci/private:left_out.bzl", _container_bundle = "container_bundle", _container_flatten = "container_flatten", _container_import = "container_import", _container_run_and_commit = "container_run_and_commit", _container_run_and_extract = "container_run_and_extract", _container_test = "container_test", _docker_build = "docker_build")
load("//tools/oci/private:load.bzl", _oci_load = "oci_load")
load("//tools/oci/private:pull.bzl", _oci_pull = "oci_pull")
load("//tools/oci/private:push.bzl", _oci_push = "oci_push")
load("//tools/oci/private:tarball.bzl", _oci_tarball = "oci_tarball")

OciImageIndexInfo = _OciImageIndexInfo
OciImageInfo = _OciImageInfo
OciLayerInfo = _OciLayerInfo
container_bundle = _container_bundle
container_flatten = _container_flatten
container_import = _container_import
container_run_and_commit = _container_run_and_commit
container_run_and_extract = _container_run_and_extract
container_test = _container_test
container_image = _container_image
container_layer = _container_layer
container_push = _container_push
docker_build = _docker_build
oci_image = _oci_image
oci_layer = _oci_layer
oci_pull = _oci_pull
oci_load = _oci_load
oci_push = _oci_push
oci_tarball = _oci_tarball

def oci_image_index(name, images = [], bases = {}, layers = [], repository = None, annotations = {}, visibility = None, tags = [], testonly = None, **kwargs):
    """Puts images for several platforms under one digest: given ones, or one for each of some bases.

    With `bases`, the images are `<name>_<os>_<architecture>`, each of the same layers on another base: a layer is built
    once, and its blob is the same in all of them. What differs by platform belongs into the bases.

        oci_image_index(
            name = "image",
            bases = {"linux/amd64": ":base", "linux/arm64": ":base_arm64"},
            entrypoint = ["/usr/bin/redis-server"],
            layers = [":settings"],
        )

    Args:
      name: the index; `image` in a service's package.
      images: oci_image targets, each for another platform.
      bases: dict of strings to labels: `os/architecture` → the image below, as in `{"linux/amd64": …, "linux/arm64": …}`; instead of `images`.
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

        oci_image_test(
            name = "image_test",
            size = "small",
            entrypoint = ["/usr/local/bin/server"],
            files = ["/srv/pages/index.html"],
            http_path = "/healthz",
            image = ":image",
            max_bytes = 20000000,
            run = True,
            run_port = 8080,
        )

    Args:
      name: the test.
      max_layer_bytes: dict of strings to ints: end of the label that made a layer (`image__app`) → the most bytes of its blob.
      tags: of the test; `block-network` is added, which gives it a network of its own: ports never clash.
      **kwargs: attributes of the oci_image_test rule: image, files, modes, max_bytes, run, run_port, …
    """
    _oci_image_test(
        name = name,
        max_layer_bytes = {layer: str(most) for layer, most in max_layer_bytes.items()},
        tags = tags + ["block-network"],
        **kwargs
    )

def service_image_test(name, image, port, run_env, max_bytes, exit_code = 0, max_app_bytes = None, writable = ["/tmp"]):
    """Tests the image of a service: that it starts, listens, ends when told so, and stays small. For macros of languages.

        service_image_test(
            name = "image_test",
            image = "image",
            max_bytes = 20000000,
            port = 8080,
            run_env = {},
        )

    Args:
      name: the test.
      image: string: the name of the image, in the same package.
      port: the TCP port on which the program answers. None: it answers nobody.
      run_env: environment variables without which it does not start.
      max_bytes: the most bytes that the image's compressed layers may have together.
      exit_code: with which it ends.
      max_app_bytes: int: the most bytes of the layer `<image>__app`. Default: no limit of its own.
      writable: list of strings: folders that the program may write to, as its pod would mount them.
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
        writable = writable,
    )
