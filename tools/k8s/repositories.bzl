"""Repositories of tools/k8s: the environments of a workspace, and defaults for k8s_object."""

_ENVIRONMENTS = '''"""The environments of the workspace, each with its name."""

load("{constants}", _ENVS = "ENVS", _REGISTRY = "REGISTRY")

ENVS = {{name: dict(entry, name = name) for name, entry in _ENVS.items()}}
REGISTRY = _REGISTRY
'''

def _fathom_environments_impl(repository_ctx):
    label = repository_ctx.attr.constants
    constants = "@{}//{}:{}".format(label.workspace_name, label.package, label.name)
    repository_ctx.file("BUILD.bazel", "exports_files([\"defs.bzl\"])\n")
    repository_ctx.file("defs.bzl", _ENVIRONMENTS.format(constants = constants))

fathom_environments = repository_rule(
    implementation = _fathom_environments_impl,
    doc = """Makes `@fathom_environments//:defs.bzl`, which exports ENVS (each entry with its `name`) and REGISTRY.

The tools load it from there, so that they know no environment by name.
""",
    attrs = {
        "constants": attr.label(
            doc = "A .bzl file with ENVS {name: {cluster, context, namespace, registry, images, protected, replicas, ca_sha256, personal}} and REGISTRY. `ca_sha256`, which may be left out, is the fingerprint of the cluster's certificate authority; `protected` environments of clusters that `./fathom up` did not make must have it. `personal`, of the environment whose namespace is `myns-placeholder`, is {ttl, quota, limits} of personal namespaces; each may be left out.",
            mandatory = True,
        ),
    },
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

def _k8s_defaults_impl(repository_ctx):
    fixed = {}
    for attribute in _DEFAULT_ATTRS:
        if getattr(repository_ctx.attr, attribute):
            fixed[attribute] = getattr(repository_ctx.attr, attribute)
    text = str(repository_ctx.attr._defs)
    defs = "@fathom" + text if text.startswith("//") else text
    repository_ctx.file("BUILD.bazel", "exports_files([\"defaults.bzl\"])\n")
    repository_ctx.file("defaults.bzl", _DEFAULTS.format(
        defs = defs,
        fixed = repr(fixed),
        name = repository_ctx.name.split("~")[-1].split("+")[-1],
    ))

k8s_defaults = repository_rule(
    implementation = _k8s_defaults_impl,
    doc = """Makes `@<name>//:defaults.bzl` with a function `<name>`: a k8s_object some of whose attributes are fixed.

Setting an attribute that is fixed fails.
""",
    attrs = {
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
    },
)
