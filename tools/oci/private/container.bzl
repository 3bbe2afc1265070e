"""rules_docker's container_image, container_layer and container_push: their names and attributes, over the oci_ rules."""

load("//tools/lib/bzl:attributes.bzl", "checked_attributes")
load("//tools/lib/bzl:labels.bzl", "absolute_label")
load(":image_macro.bzl", "oci_image")
load(":layer.bzl", "oci_layer")
load(":load.bzl", "oci_load")
load(":push.bzl", "oci_push")
load(":tarball.bzl", "oci_tarball")

_LAYER = {
    "compression": "string",
    "compression_level": "int",
    "compression_options": "list",
    "data_path": "string",
    "debs": "list",
    "directory": "string",
    "empty_dirs": "list",
    "empty_files": "list",
    "enable_mtime_preservation": "bool",
    "exclude": "list",
    "file_paths": "dict",
    "files": "list",
    "mode": "string",
    "modes": "dict",
    "mtime": "int",
    "operating_system": "string",
    "owner": "string",
    "owners": "dict",
    "portable_mtime": "bool",
    "symlinks": "dict",
    "tars": "list",
    "texts": "dict",
    "whiteouts": "list",
}

# Attributes of images, for other macros that make one; oci_image has the documentation of each.
IMAGE_ATTRIBUTES = dict(
    _LAYER,
    annotations = "dict",
    architecture = "string",
    base = "label",
    cmd = "command",
    creation_time = "string",
    entrypoint = "command",
    env = "dict",
    labels = "dict",
    launcher = "plain label",
    launcher_args = "list",
    layer_conflicts = "string",
    layers = "list",
    os_version = "string",
    ports = "list",
    replaces = "list",
    repository = "string",
    stamp = "stamp",
    stop_signal = "string",
    user = "string",
    variant = "string",
    volumes = "list",
    workdir = "string",
)

# What says how a daemon runs an image, or names what it has.
DAEMON_ATTRIBUTES = {
    "docker_run_flags": "string",
    "experimental_tarball_format": "string",
    "legacy_repository_naming": "bool",
    "legacy_run_behavior": "bool",
    "tag_name": "string",
}

_IMAGE = dict(
    dict(IMAGE_ATTRIBUTES, **DAEMON_ATTRIBUTES),
    cmd = ("command", "arguments of the entrypoint, which a pod's `args` replace. A text is run by a shell. An empty one takes away what the base has. Default: the base's, unless `entrypoint` is given."),
    entrypoint = ("command", "the program. A text is run by a shell. An empty one takes away what the base has. Default: the base's."),
    legacy_repository_naming = ("plain bool", "whether `/` is `_` in the package's part of the name that `<name>.load` gives the image."),
    repository = ("plain string", "what the name begins with that `<name>.load` gives the image. Default: `bazel`. In a registry the image is called as oci_image says."),
    stamp = ("stamp", "whether values of the workspace status replace `{KEY}` in env, labels, annotations and creation_time: a bool, or a label of rules_docker's package `stamp`, which need not be there. Default: `--stamp` decides."),
    tag_name = ("plain string", "the tag of the name that `<name>.load` gives the image. Default: `name`."),
)

_REFUSED_OF_IMAGES = {
    "build_layer": ("there is one builder of layers", "Remove it"),
    "build_script": ("an image is described by one program", "Remove it"),
    "create_image_config": ("an image's configuration is written by one program", "Remove it"),
    "layer": ("it was of docker_build", "Use 'layers'"),
    "null_cmd": ("it was internal", "Write cmd = []"),
    "null_entrypoint": ("it was internal", "Write entrypoint = []"),
    "sha256": ("digests come from the build", "Remove it"),
}

_FOLLOWS_FLAG = ["use_stamp_flag"]

# As text: a `select` of Bazel 4.2 takes no Label.
_IS_STAMPED = absolute_label(Label("//tools/oci:is_stamped"))

def _stamp(value):
    """`stamp` of rules_docker: a bool, or one of the labels always, never and use_stamp_flag, the default."""
    if value == None or (type(value) != "select" and str(value).split(":")[-1] in _FOLLOWS_FLAG):
        return select({
            _IS_STAMPED: True,
            "//conditions:default": False,
        })
    return value

def _daemon_name(name, repository, tag_name, legacy_repository_naming):
    """The name under which a daemon has the image: `<repository>/<package>:<name>`."""
    package = native.package_name()
    if legacy_repository_naming:
        package = package.replace("/", "_")
    return "{}:{}".format("/".join([part for part in [repository, package] if part]), tag_name or name)

def container_image(name, **kwargs):
    """Makes an image, as rules_docker's container_image does: oci_image under its attributes.

    Names and meaning are those of rules_docker, with what oci_image does better: `compression` is zstd unless gzip is
    asked for, the user is 65532:65532 where neither the image nor its base says one, `debs` bring what they depend on,
    and a path on which two layers disagree is a warning. docs/from_rules_k8s.md lists the differences.

    Beside the targets of oci_image:

    - `<name>.digest` is the file with the digest, as other targets name it
    - `<name>.tar` is the image in one file (the OCI image layout)
    - `<name>.load`, run, brings it into a Docker daemon as `<repository>/<package>:<tag_name or name>`

    Such as:

        container_image(
            name = "image",
            base = "@base//image",
            cmd = ["--port=8080"],
            directory = "/srv",
            entrypoint = ["/srv/server"],
            files = [":server"],
            labels = {"org.opencontainers.image.revision": "{STABLE_GIT_COMMIT}"},
        )

    Args:
      name: the image.
      **kwargs: visibility, tags, testonly and the like.
    """
    given = checked_attributes(
        "container_image",
        name,
        kwargs,
        _IMAGE,
        _REFUSED_OF_IMAGES,
        ignored = ["docker_run_flags", "experimental_tarball_format", "legacy_run_behavior"],
    )
    shared = {key: given[key] for key in ["testonly", "visibility"] if key in given}
    daemon = _daemon_name(
        name,
        given.pop("repository", None) or "bazel",
        given.pop("tag_name", None),
        given.pop("legacy_repository_naming", False),
    )
    for attribute in ["cmd", "entrypoint"]:
        # Given and empty: the image has none, whatever the base has.
        if attribute in given and not given[attribute]:
            given.pop(attribute)
            given["no_" + attribute] = True
    given["stamp"] = _stamp(given.get("stamp"))
    oci_image(name = name, **given)
    native.filegroup(
        name = name + ".digest",
        srcs = [":" + name],
        output_group = "digest",
        tags = ["manual"],
        **shared
    )
    oci_tarball(
        name = name + ".tar",
        image = ":" + name,
        tags = ["manual"],
        **shared
    )
    oci_load(
        name = name + ".load",
        image = ":" + name,
        repo_tags = [daemon],
        tags = ["manual"],
        **shared
    )

def container_layer(name, **kwargs):
    """Packs files into one layer, as rules_docker's container_layer does: oci_layer under its attributes.

        container_layer(
            name = "pages",
            data_path = ".",
            directory = "/srv/pages",
            files = ["index.html"],
        )

    Args:
      name: the layer; images name it in `layers`.
      **kwargs: visibility, tags, testonly and the like.
    """
    oci_layer(name = name, **checked_attributes(
        "container_layer",
        name,
        kwargs,
        dict(_LAYER, base = "label"),
        {"env": ("a layer has files alone, and an image has variables", "Give it to the images that have the layer in 'layers'")},
        ignored = ["operating_system"],
    ))

_PUSH = {
    "artifacts": "dict",
    "extension": "string",
    "format": "string",
    "image": "label",
    "registry": "string",
    "repository": ("string", "its name in the registry; likewise filled in. Default: the image's."),
    "repository_file": "label",
    "sign_key": "string",
    "skip_unchanged_digest": "bool",
    "stamp": "stamp",
    "tag": "string",
    "tag_file": "label",
}

_FORMATS = ["Docker", "OCI"]

def container_push(name, image, registry, format = "OCI", tag = None, **kwargs):
    """Declares a push of an image, as rules_docker's container_push does: oci_push under its attributes.

    `bazel run :<name>` pushes; `<name>.digest` is the file with the image's digest. What the registry has is not sent
    again, so `skip_unchanged_digest` is always so. Images are pushed in OCI's form, also with format = "Docker":
    each registry that takes Docker's takes it.

        container_push(
            name = "push",
            format = "OCI",
            image = ":image",
            registry = "registry.example.com",
            repository = "shop/web",
            tag = "{STABLE_GIT_COMMIT}",
        )

    Args:
      name: the target.
      image: label: the image, or an index.
      registry: string: `host[:port]`; Make variables and `{KEY}` of the workspace status are filled in.
      format: "OCI" or "Docker".
      tag: string: the tag; likewise filled in. Default: latest, unless there is a tag_file.
      **kwargs: visibility, tags, testonly and the like.
    """
    given = checked_attributes(
        "container_push",
        name,
        dict(kwargs, image = image, registry = registry, format = format, tag = tag),
        _PUSH,
        {
            "insecure_repository": (
                "only the registry of a running cluster is spoken to in plain http, at the endpoint in its state",
                "Remove it, and name that registry by its reference, or one with a certificate",
            ),
            "windows_paths": ("programs are started by a POSIX shell", "Remove it"),
        },
        ignored = ["extension", "skip_unchanged_digest", "stamp"],
    )
    if type(given["format"]) != "select" and given["format"] not in _FORMATS:
        fail("//{}:{}: 'format' must be one of {}, got {}. Either means OCI's form here.".format(native.package_name(), name, ", ".join(_FORMATS), repr(format)))
    given.pop("format")
    given["tag"] = given.get("tag") or "latest"

    # In rules_docker a file takes the place of what an attribute says.
    for attribute in ["repository", "tag"]:
        if given.get(attribute + "_file"):
            given.pop(attribute, None)
    oci_push(
        name = name,
        **given
    )
    native.filegroup(
        name = name + ".digest",
        srcs = [":" + name],
        output_group = "digest",
        tags = ["manual"],
        **{key: given[key] for key in ["testonly", "visibility"] if key in given}
    )
