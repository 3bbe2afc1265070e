"""Module extension for images of registries: in MODULE.bazel what oci_pull is in a WORKSPACE.

No BUILD file loads this one, as Bazel 4.2 has no extensions.
"""

load("//tools/lib/bzl:extensions.bzl", "tag_attributes", "tag_attrs", "tags_by_name")
load("//tools/oci/private:pull.bzl", "PULL_ATTRS", "oci_pull")

def _oci_impl(module_ctx):
    for _, tag in tags_by_name(module_ctx, "oci", ["pull"]).values():
        oci_pull(**tag_attributes(tag, PULL_ATTRS))
    return module_ctx.extension_metadata(reproducible = True)

oci = module_extension(
    implementation = _oci_impl,
    doc = """Images of registries: `oci.pull` has the attributes of oci_pull.

    oci = use_extension("@fathom//tools/oci:extensions.bzl", "oci")
    oci.pull(name = "base", digest = "sha256:…", image = "registry.example.com/base")
    use_repo(oci, "base")
""",
    tag_classes = {"pull": tag_class(doc = "See oci_pull.", attrs = tag_attrs(PULL_ATTRS))},
)
