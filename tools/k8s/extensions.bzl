"""Module extensions of tools/k8s: in MODULE.bazel what fathom_environments and k8s_defaults are in a WORKSPACE.

No BUILD file loads this one, as Bazel 4.2 has no extensions.
"""

load("//tools/k8s:repositories.bzl", "DEFAULTS_ATTRS", "fathom_environments", k8s_defaults_repository = "k8s_defaults")
load("//tools/lib/bzl:extensions.bzl", "missing_repository", "tag_attributes", "tag_attrs", "tags_by_name")

_NAME = "fathom_environments"

def _environments_impl(module_ctx):
    # Where to deploy is for the root module to say: what it depends on has no part in it.
    files = [tag.file for module in module_ctx.modules if module.is_root for tag in module.tags.constants]
    if len(files) > 1:
        fail("environments.constants: must be there once, got {}. Keep one.".format(", ".join([str(file) for file in files])))
    if files:
        fathom_environments(name = _NAME, constants = files[0])
    else:
        missing_repository(name = _NAME, hint = "environments.constants(file = \"//:cluster_constants.bzl\")")
    return module_ctx.extension_metadata(reproducible = True)

environments = module_extension(
    implementation = _environments_impl,
    doc = """The environments of the root module, as the repository `fathom_environments`.

    environments = use_extension("@fathom//tools/k8s:extensions.bzl", "environments")
    environments.constants(file = "//:cluster_constants.bzl")
    use_repo(environments, "fathom_environments")
""",
    tag_classes = {"constants": tag_class(
        doc = "See fathom_environments.",
        attrs = {"file": attr.label(doc = "`constants` of fathom_environments.", mandatory = True)},
    )},
)

def _k8s_defaults_impl(module_ctx):
    for _, tag in tags_by_name(module_ctx, "k8s_defaults", ["object"]).values():
        k8s_defaults_repository(**tag_attributes(tag, DEFAULTS_ATTRS))
    return module_ctx.extension_metadata(reproducible = True)

k8s_defaults = module_extension(
    implementation = _k8s_defaults_impl,
    doc = """Defaults of k8s_object: `k8s_defaults.object` has the attributes of the repository rule k8s_defaults.

    k8s_defaults = use_extension("@fathom//tools/k8s:extensions.bzl", "k8s_defaults")
    k8s_defaults.object(name = "shop_object", cluster = "shop", namespace = "shop")
    use_repo(k8s_defaults, "shop_object")
""",
    tag_classes = {"object": tag_class(doc = "See k8s_defaults.", attrs = tag_attrs(DEFAULTS_ATTRS))},
)
