"""The rules behind k8s_pins and k8s_pins_matrix."""

load("//tools/k8s:providers.bzl", "K8sPinsInfo")
load("//tools/lib/bzl:labels.bzl", "repository_name", "shown_label")
load("//tools/oci:providers.bzl", "OciImageIndexInfo", "OciImageInfo")
load("//tools/ts/private:launcher.bzl", "create_launcher", "runfile_argument", "shell_quote")
load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load(":verb.bzl", "runfiles_path")

# What can be done about pins, and whether it needs the images that are built just now.
PINS_COMMANDS = {
    "matrix": struct(
        doc = "prints what is pinned where, how old it is and how many commits it lags behind; --output=json",
        images = False,
    ),
    "promote": struct(
        doc = "copies the pins of the environment before, with the images where registries differ, and prints what changes; --to=staging",
        images = False,
    ),
    "release": struct(
        doc = "pushes the images and records them as pins of the first environment",
        images = True,
    ),
    "restore": struct(
        doc = "builds the commits of pins whose images the registries lack, checks the digests and pushes them; --env=prod",
        images = False,
    ),
}

_PackagesInfo = provider(
    doc = "The packages of this workspace that a target is built of.",
    fields = {"packages": "depset of string"},
)

def _targets(value):
    """The targets among an attribute's value."""
    if type(value) == "Target":
        return [value]
    if type(value) == "list":
        return [one for one in value if type(one) == "Target"]
    if type(value) == "dict":
        return [one for one in value.keys() + value.values() if type(one) == "Target"]
    return []

def _packages_aspect_impl(target, ctx):
    own = [] if repository_name(target.label) else [target.label.package]
    nested = []
    for name in dir(ctx.rule.attr):
        # A rule's own tools are no part of what a service is: their changes would count for every service.
        if name.startswith("_"):
            continue
        for one in _targets(getattr(ctx.rule.attr, name)):
            if _PackagesInfo in one:
                nested.append(one[_PackagesInfo].packages)
            elif not repository_name(one.label):
                own.append(one.label.package)
    return [_PackagesInfo(packages = depset(own, transitive = nested))]

_packages_aspect = aspect(
    implementation = _packages_aspect_impl,
    doc = "Collects the packages of all that a target is built of, along the attributes that a BUILD file sets.",
    attr_aspects = ["*"],
)

def _k8s_pins_impl(ctx):
    repositories = ctx.attr.images
    description = ctx.actions.declare_file(ctx.label.name + ".service.json")
    runfiles = ctx.runfiles()
    images = []
    for target, joined in repositories.items():
        entry = (target[OciImageIndexInfo] if OciImageIndexInfo in target else target[OciImageInfo]).index_entry
        runfiles = runfiles.merge(target[DefaultInfo].default_runfiles).merge(ctx.runfiles(files = [entry]))
        images += [
            struct(repository = repository, label = shown_label(target.label), entry = runfiles_path(ctx, entry))
            for repository in joined.split("\n")
        ]
    packages = depset(
        [ctx.label.package],
        transitive = [target[_PackagesInfo].packages for target in repositories],
    ).to_list()
    ctx.actions.write(description, json.encode(struct(
        version = 1,
        label = shown_label(ctx.label),
        package = ctx.label.package,
        file = ctx.file.pins.short_path,
        images = images,
        environments = [json.decode(environment) for environment in ctx.attr.environments],
        sources = sorted({package: True for package in packages}.keys()),
    )))
    return [
        K8sPinsInfo(description = description, image_runfiles = runfiles),
        DefaultInfo(files = depset([description])),
    ]

k8s_pins_rule = rule(
    implementation = _k8s_pins_impl,
    doc = "Describes the images of a service whose digests are pinned; the macro k8s_pins documents it.",
    attrs = {
        "environments": attr.string_list(doc = "JSON {name, registry, cluster, from} of each environment, in the order of promotion."),
        "images": attr.label_keyed_string_dict(
            doc = "Images and indexes; the value is their names in registries, one a line.",
            aspects = [_packages_aspect],
            mandatory = True,
            providers = [[OciImageInfo], [OciImageIndexInfo]],
        ),
        "pins": attr.label(doc = "pins.json.", allow_single_file = [".json"], mandatory = True),
    },
    provides = [K8sPinsInfo],
)

def _k8s_pins_command_impl(ctx):
    services = [target[K8sPinsInfo] for target in ctx.attr.pins]
    arguments = [shell_quote("--command=" + ctx.attr.command)]
    for service in services:
        arguments += [shell_quote("--service"), runfile_argument(runfiles_path(ctx, service.description))]
    runfiles = ctx.runfiles(files = [service.description for service in services])
    if PINS_COMMANDS[ctx.attr.command].images:
        for service in services:
            runfiles = runfiles.merge(service.image_runfiles)
    launcher = create_launcher(
        ctx,
        ctx.label.name,
        [file for file in ctx.files._program if file.extension == "mjs"][0],
        arguments = arguments + ["--caller"],
        runfiles = runfiles,
    )
    return [DefaultInfo(executable = launcher.executable, runfiles = launcher.runfiles)]

k8s_pins_command = rule(
    implementation = _k8s_pins_command_impl,
    doc = "One thing that can be done about the pins of services. Made by k8s_pins and k8s_pins_matrix.",
    attrs = {
        "command": attr.string(doc = "What to do.", mandatory = True, values = PINS_COMMANDS.keys()),
        "pins": attr.label_list(doc = "The k8s_pins targets.", mandatory = True, providers = [K8sPinsInfo]),
        "_program": attr.label(doc = "The program for pins.", default = "//tools/k8s/pins"),
    },
    executable = True,
    toolchains = [TOOLCHAIN_TYPE],
)
