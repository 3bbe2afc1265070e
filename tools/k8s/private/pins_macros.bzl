"""k8s_pins and k8s_pins_matrix: pins of services, and what is done about them."""

load("@fathom_environments//:defs.bzl", "ENVS")
load(":pins.bzl", "k8s_pins_command", "k8s_pins_rule")
load(":promotion.bzl", "promotion_order")

def k8s_pins(name, images, pins = "pins.json", environments = ENVS.keys(), **kwargs):
    """Declares which images of a service are pinned, and the targets that change its pins.json.

    Their order is in cluster_constants.bzl: an environment with `images = "pinned"` gets pins by promotion from the one
    that it names as `promotes_from`; pins are released to the one that names none. docs/pins.md tells of all of it.

    - `<name>.release` pushes the images and records digest, commit, time and bill of materials as pins of the first
      environment; refuses a tree with changes, unless `-- --allow-dirty` says to record that
    - `<name>.promote` copies the pins of the environment before (`-- --to=staging`), once the images are in the next
      one's registry, and prints what changes, with the commits
    - `<name>.restore` builds the commits of pins whose images the registries lack, checks the digests, and pushes them

    With the name `pins` they are also called `release`, `promote` and `restore`.

        k8s_pins(
            name = "pins",
            environments = ["staging", "prod"],
            images = {"services/web": ":image"},
        )

    Args:
      name: the target, `pins`; it can be given to k8s_pins_matrix.
      images: dict of strings to labels: an image's name in registries → the image: {"services/x": ":image"}.
      pins: pins.json.
      environments: list of strings: names of ENVS: those that the service has.
      **kwargs: visibility, tags, testonly and the like.
    """
    where = "//{}:{}".format(native.package_name(), name)
    order = promotion_order(environments, ENVS, where)
    if not order:
        fail("{}: 'environments' must have one whose images are \"pinned\", got {}. Set images = \"pinned\" for one in cluster_constants.bzl.".format(where, environments))
    targets = {}
    for repository, label in images.items():
        targets.setdefault(label, []).append(repository)
    tags = kwargs.pop("tags", [])
    k8s_pins_rule(
        name = name,
        environments = [json.encode(environment) for environment in order],
        images = {label: "\n".join(repositories) for label, repositories in targets.items()},
        pins = pins,
        tags = tags + ["manual"],
        **kwargs
    )
    for command in ["promote", "release", "restore"]:
        k8s_pins_command(
            name = name + "." + command,
            command = command,
            pins = [":" + name],
            tags = tags + ["manual"],
            **kwargs
        )
        if name == "pins":
            native.alias(
                name = command,
                actual = ":pins." + command,
                tags = tags + ["manual"],
                visibility = kwargs.get("visibility"),
            )

def k8s_pins_matrix(name, pins, **kwargs):
    """Declares the matrix of services and environments: `bazel run //prod:pins`.

    - `<name>` prints what is pinned where, how old it is, and how many commits it lags behind; `-- --output=json`
    - `<name>.restore` restores the pins of all of the services, a build for each commit: `-- --env=prod`

    Of two services:

        k8s_pins_matrix(
            name = "pins",
            pins = ["//services/redis:pins", "//services/web:pins"],
        )

    Args:
      name: the target.
      pins: k8s_pins targets.
      **kwargs: visibility, tags, testonly and the like.
    """
    k8s_pins_command(
        name = name,
        command = "matrix",
        pins = pins,
        **kwargs
    )
    k8s_pins_command(
        name = name + ".restore",
        command = "restore",
        pins = pins,
        **kwargs
    )
