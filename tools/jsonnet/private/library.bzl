"""jsonnet_library, and how imports are found."""

load("//tools/jsonnet:providers.bzl", "JsonnetLibraryInfo")

JSONNET_EXTENSIONS = [".jsonnet", ".libsonnet", ".json"]

LIBRARY_ATTRS = {
    "data": attr.label_list(doc = "Files that `importstr` and `importbin` read.", allow_files = True),
    "deps": attr.label_list(doc = "jsonnet_library targets that the sources import.", providers = [JsonnetLibraryInfo]),
    "imports": attr.string_list(
        doc = "Folders of this package in which imports are looked up, beside the importing file's own folder and the workspace's root.",
    ),
}

def _join(parts):
    return "/".join([part for part in parts if part and part != "."]) or "."

def library_info(ctx, srcs):
    """Describes Jsonnet sources together with what they need.

    Imports are looked up from the root of the workspace that a target is in, also when another workspace loads it,
    and likewise from the root of what is generated there.

    Args:
      ctx: the rule's context, with LIBRARY_ATTRS.
      srcs: list of File.

    Returns:
      JsonnetLibraryInfo.
    """
    package = _join([ctx.label.workspace_root, ctx.label.package])
    own = []
    for folder in [ctx.label.workspace_root or "."] + [_join([package, folder]) for folder in ctx.attr.imports]:
        own += [folder, _join([ctx.bin_dir.path, folder])]
    deps = [dep[JsonnetLibraryInfo] for dep in ctx.attr.deps]
    return JsonnetLibraryInfo(
        files = depset(srcs + ctx.files.data, transitive = [dep.files for dep in deps]),
        import_paths = depset(own, transitive = [dep.import_paths for dep in deps]),
    )

def _jsonnet_library_impl(ctx):
    info = library_info(ctx, ctx.files.srcs)
    return [info, DefaultInfo(files = depset(ctx.files.srcs), runfiles = ctx.runfiles(transitive_files = info.files))]

jsonnet_library = rule(
    implementation = _jsonnet_library_impl,
    doc = """Names Jsonnet sources that others import.

    local service = import 'jsonnet/service.libsonnet';  // by its path from the root of its workspace

A library with data, which builds on another one:

    jsonnet_library(
        name = "jsonnet",
        srcs = ["service.libsonnet"],
        data = ["dashboard.json"],
        deps = ["@fathom//jsonnet"],
    )
""",
    attrs = dict(
        LIBRARY_ATTRS,
        srcs = attr.label_list(doc = "The sources.", allow_files = JSONNET_EXTENSIONS),
    ),
    provides = [JsonnetLibraryInfo],
)
