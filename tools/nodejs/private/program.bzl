"""The layers and the configuration of an image that runs a Node.js program."""

load("//tools/lib/bzl:attributes.bzl", "checked_attributes")
load("//tools/lib/bzl:labels.bzl", "label_parts")
load("//tools/lib/bzl:paths.bzl", "package_path")
load("//tools/oci/private:container.bzl", "DAEMON_ATTRIBUTES", "IMAGE_ATTRIBUTES")
load("//tools/ts:defs.bzl", "ts_library")
load(":layers.bzl", "js_path", "nodejs_app_layer", "nodejs_npm_layer", "nodejs_own_layer", "nodejs_program")

# `os/architecture` → the image with node on which nodejs_image and nodejs_image_index build.
NODEJS_BASES = {
    "linux/amd64": "//tools/nodejs:base",
    "linux/arm64": "//tools/nodejs:base_arm64",
}

_RUNTIME = "//tools/nodejs:runtime"

# Of rules_docker and rules_nodejs: what says how their node is found, or how a daemon runs an image.
_OF_OTHERS = dict(
    DAEMON_ATTRIBUTES,
    default_env_vars = "list",
    include_node_repo_args = "bool",
    link_workspace_root = "bool",
    node_repository_name = "string",
    toolchain = "label",
)

_ATTRIBUTES = dict(
    dict(IMAGE_ATTRIBUTES, **_OF_OTHERS),
    args = ("list", "list of strings: arguments of the program after `templated_args`, which a pod's `args` replace."),
    binary = ("plain label", "a ts_library or ts_binary that has `entry_point` among its sources."),
    chdir = ("plain string", "the folder of the workspace in which the program starts. Default: the workspace's root, /app."),
    data = ("list", "list of labels: what the program reads at run time, at /app/<path in the workspace>; libraries and npm packages."),
    deps = ("list", "list of labels: TypeScript libraries and npm packages that `entry_point` and `srcs` import."),
    entry_point = ("plain label", "the source that starts the program; `:main.js` is what `main.ts` is compiled to. Default: `main.ts`."),
    env = ("plain dict", "dict of strings to strings: environment variables, as of oci_image. NODE_ENV is `production` unless given."),
    layers = ("plain list", "list of labels: ready layers, and what of `data` gets a layer of its own: npm packages, libraries, files."),
    node_options = ("list", "list of strings: arguments of node itself. Default: `[\"--enable-source-maps\"]`."),
    srcs = ("plain list", "list of labels: more sources than `entry_point`, of a ts_library `<name>__lib`."),
    templated_args = ("plain list", "list of strings: arguments of the program, plain words, which a pod's `args` do not replace."),
    workdir = ("string", "where the program starts, a path of the image, in the place of `chdir`."),
)

_IGNORED = _OF_OTHERS.keys()

_REFUSED = {
    "cmd": ("'args' are the arguments of the program", "Use 'args'"),
    "configuration_env_vars": ("the environment is part of the image", "Write env = {\"NAME\": \"$(NAME)\"}, which --define NAME=… fills in"),
    "entrypoint": ("the entrypoint is node with the program", "Use 'entry_point', 'node_options' and 'launcher', or container_image"),
}

def _entry(where, entry_point):
    """Where the source that starts the program is: struct(path = string as of workspace_path, is_js = bool, source = its name)."""
    parts = label_parts(entry_point)
    js = js_path(parts.name)
    if not js:
        fail("{}: 'entry_point' must be a TypeScript or JavaScript source, got \"{}\". Name the file that starts the program.".format(where, entry_point))
    folder = package_path(parts.repository, parts.package)
    return struct(path = "/".join([part for part in [folder, js] if part]), is_js = js == parts.name, source = parts.name)

def _own_layers(name, layers, testonly):
    """Declares a layer for each of `layers`; returns their labels."""
    labels = []
    for number, layer in enumerate(layers):
        nodejs_own_layer(
            name = "{}__layer{}".format(name, number),
            dep = layer,
            tags = ["manual"],
            testonly = testonly,
            visibility = ["//visibility:private"],
        )
        labels.append(":{}__layer{}".format(name, number))
    return labels

def _program(name, where, given, entry):
    """Declares the program unless it is there.

    Returns:
      struct(targets = labels of what brings JavaScript and packages, files = sources of this package that are the program).
    """
    binary = given.pop("binary", None)
    srcs = given.pop("srcs", None) or []
    deps = given.pop("deps", None) or []
    data = given.get("data") or []
    needs = data + (given.get("layers") or [])
    entry_point = given["entry_point"]
    hidden = {"tags": ["manual"], "testonly": given.get("testonly"), "visibility": ["//visibility:private"]}
    if binary:
        if srcs or deps:
            fail("{}: 'srcs' and 'deps' must be left out where 'binary' is given. Add them to {}.".format(where, binary))
        return struct(targets = [binary], files = [])
    if entry.is_js and not srcs and not deps:
        # Of rules_nodejs: the file itself, or what a library in `data` makes.
        files = native.glob([entry.source], allow_empty = True) if "//" not in entry_point else []
        return struct(targets = [], files = files)
    if srcs or deps or not needs:
        ts_library(
            name = name + "__lib",
            srcs = [entry_point] + [src for src in srcs if src != entry_point],
            deps = deps,
            **hidden
        )
    else:
        nodejs_program(
            name = name + "__lib",
            data = needs,
            entry_point = entry_point,
            **hidden
        )
    return struct(targets = [":" + name + "__lib"], files = [])

def nodejs_program_image(macro, name, attributes, refused = {}):
    """Declares the layers of a program.

    Args:
      macro: string: what a BUILD file calls.
      name: string: the image.
      attributes: dict: what it was given, as nodejs_image documents it.
      refused: dict: what this macro refuses beside what all do, as of attribute_problems.

    Returns:
      dict: attributes of oci_image or oci_image_index, but name, tags and visibility.
    """
    where = "//{}:{}".format(native.package_name(), name)
    given = checked_attributes(macro, name, attributes, _ATTRIBUTES, dict(_REFUSED, **refused), _IGNORED)
    given["entry_point"] = str(given.get("entry_point") or "main.ts")
    entry = _entry(where, given["entry_point"])
    program = _program(name, where, given, entry)
    given.pop("entry_point")
    templated = given.pop("templated_args", None) or []
    for word in templated:
        if "$" in word or word.startswith("--node_options="):
            fail("{}: 'templated_args' must be plain words, got \"{}\". Name files by their paths below /app, and give arguments of node as 'node_options'.".format(where, word))
    options = given.pop("node_options", None)
    options = ["--enable-source-maps"] if options == None else options
    data = given.pop("data", None) or []
    layers = given.pop("layers", None) or []
    testonly = given.get("testonly")
    hidden = {"tags": ["manual"], "testonly": testonly, "visibility": ["//visibility:private"]}
    nodejs_npm_layer(
        name = name + "__npm",
        elsewhere = layers,
        programs = program.targets + data,
        **hidden
    )
    nodejs_app_layer(
        name = name + "__app",
        data = data,
        elsewhere = layers,
        entry = entry.path,
        image = name,
        programs = program.targets,
        srcs = program.files,
        **hidden
    )
    chdir = given.pop("chdir", None)
    if macro == "nodejs_image":
        given["base_layers"] = [Label(_RUNTIME)] if given.get("base") else []
        given["base"] = given.get("base") or Label(NODEJS_BASES["linux/amd64"])
    given.update(
        cmd = given.pop("args", None) or [],
        entrypoint = ["/usr/local/bin/node"] + options + ["/app/" + entry.path] + templated,
        env = dict({"NODE_ENV": "production"}, **(given.get("env") or {})),
        layers = [":" + name + "__npm"] + _own_layers(name, layers, testonly) + [":" + name + "__app"],
        workdir = given.get("workdir") or "/".join(["/app"] + [part for part in (chdir or "").split("/") if part not in ["", "."]]),
    )
    return given
