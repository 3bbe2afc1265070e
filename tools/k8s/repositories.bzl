"""Repositories of tools/k8s: the environments of a workspace, and defaults for k8s_object."""

load("//tools/lib/bzl:labels.bzl", "absolute_label", "apparent_name")

_ENVIRONMENTS = '''"""The environments of the workspace, each with its name."""

load("{constants}", _ENVS = "ENVS", _REGISTRY = "REGISTRY")
load("{environments}", "checked_environments")

ENVS = checked_environments(_ENVS, "{shown}")
REGISTRY = _REGISTRY
'''

_ENVIRONMENT_TARGETS = '''"""The environments of the workspace, for rules (EnvironmentInfo) and for Jsonnet (a JSON file)."""

load("{environment}", "environment_targets")
load(":defs.bzl", "ENVS")

exports_files(["defs.bzl"])

environment_targets(ENVS)
'''

# Of the repository rule, and of the tag of the module extension.
ENVIRONMENTS_ATTRS = {
    "constants": attr.label(
        doc = "A .bzl file with ENVS, a dict of environments whose keys are those of ENVIRONMENT_KEYS in tools/k8s/private/environments.bzl, and REGISTRY.",
        mandatory = True,
    ),
    "_environment": attr.label(default = "//tools/k8s/private:environment.bzl"),
    "_environments": attr.label(default = "//tools/k8s/private:environments.bzl"),
}

def _fathom_environments_impl(repository_ctx):
    label = repository_ctx.attr.constants
    shown = "//{}:{}".format(label.package, label.name)
    text = str(label)
    repository_ctx.file("BUILD.bazel", _ENVIRONMENT_TARGETS.format(
        environment = absolute_label(repository_ctx.attr._environment),
    ))
    repository_ctx.file("defs.bzl", _ENVIRONMENTS.format(
        constants = "@" + text if text.startswith("//") else text,
        environments = absolute_label(repository_ctx.attr._environments),
        shown = shown,
    ))

fathom_environments = repository_rule(
    implementation = _fathom_environments_impl,
    doc = """Makes `@fathom_environments//:defs.bzl`, which exports ENVS (each entry checked, with its `name` and defaults) and REGISTRY.

The tools load it from there, so that they know no environment by name. Each environment is a target as well,
`@fathom_environments//:<name>`: its EnvironmentInfo is for rules, its file is the `environment` of Jsonnet.

    fathom_environments(
        name = "fathom_environments",
        constants = "//:cluster_constants.bzl",
    )
""",
    attrs = ENVIRONMENTS_ATTRS,
)

_DEFAULTS = '''"""Defaults of k8s_object."""

load("{defs}", "k8s_object")

_FIXED = {fixed}

def {name}(name, **kwargs):
    """A k8s_object with defaults of the WORKSPACE file.

    Args:
      name: the target.
      **kwargs: the other attributes of k8s_object.
    """
    for attribute, value in _FIXED.items():
        if attribute in kwargs:
            fail("//%s:%s: Cannot override '%s': {name} sets it to '%s', got '%s'. Use k8s_object itself." % (native.package_name(), name, attribute, value, kwargs[attribute]))
    k8s_object(name = name, **dict(_FIXED, **kwargs))
'''

_DEFAULT_ATTRS = ["cluster", "context", "env", "image_chroot", "kind", "kubeconfig", "namespace", "resolver", "user"]

# Likewise, of a function that calls k8s_object.
DEFAULTS_ATTRS = {
    "cluster": attr.string(doc = "See k8s_object."),
    "context": attr.string(doc = "See k8s_object."),
    "env": attr.string(doc = "See k8s_object."),
    "image_chroot": attr.string(doc = "See k8s_object."),
    "kind": attr.string(doc = "See k8s_object."),
    "kubeconfig": attr.string(doc = "See k8s_object: an absolute label."),
    "namespace": attr.string(doc = "See k8s_object."),
    "resolver": attr.string(doc = "See k8s_object: an absolute label."),
    "user": attr.string(doc = "See k8s_object."),
    "_defs": attr.label(default = "//tools/k8s:defs.bzl"),
}

def _k8s_defaults_impl(repository_ctx):
    fixed = {}
    for attribute in _DEFAULT_ATTRS:
        if getattr(repository_ctx.attr, attribute):
            fixed[attribute] = getattr(repository_ctx.attr, attribute)
    defs = absolute_label(repository_ctx.attr._defs)
    repository_ctx.file("BUILD.bazel", "exports_files([\"defaults.bzl\"])\n")
    repository_ctx.file("defaults.bzl", _DEFAULTS.format(
        defs = defs,
        fixed = repr(fixed),
        name = apparent_name(repository_ctx.name),
    ))

k8s_defaults = repository_rule(
    implementation = _k8s_defaults_impl,
    doc = """Makes `@<name>//:defaults.bzl` with a function `<name>`: a k8s_object some of whose attributes are fixed.

Setting an attribute that is fixed fails.

BUILD files then load `dev_object` from `@dev_object//:defaults.bzl`:

    k8s_defaults(
        name = "dev_object",
        cluster = "dev.example.com",
        namespace = "web",
    )
""",
    attrs = DEFAULTS_ATTRS,
)
