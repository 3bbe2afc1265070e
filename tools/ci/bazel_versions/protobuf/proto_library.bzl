"""proto_library of the module protobuf, written in Starlark alone: what a Bazel has that has none built in."""

load("@protobuf//bazel/common:proto_info.bzl", "ProtoInfo")

def _impl(ctx):
    deps = [dep[ProtoInfo] for dep in ctx.attr.deps]
    sources, root = ctx.files.srcs, ctx.label.workspace_root or "."
    if ctx.attr.strip_import_prefix:
        package = "/".join([part for part in [ctx.label.workspace_root, ctx.label.package] if part])
        prefix = "/".join([part for part in [package, ctx.attr.strip_import_prefix] if part]) + "/"
        folder = "_virtual_imports/" + ctx.label.name
        links = []
        for source in sources:
            link = ctx.actions.declare_file(folder + "/" + source.path[len(prefix):])
            ctx.actions.symlink(output = link, target_file = source)
            links.append(link)
        sources, root = links, "/".join([ctx.bin_dir.path, package, folder])
    return [
        DefaultInfo(files = depset(sources)),
        ProtoInfo(
            direct_sources = sources,
            proto_source_root = root,
            transitive_proto_path = depset([root], transitive = [dep.transitive_proto_path for dep in deps]),
            transitive_sources = depset(sources, transitive = [dep.transitive_sources for dep in deps]),
        ),
    ]

proto_library = rule(
    implementation = _impl,
    attrs = {
        "deps": attr.label_list(providers = [ProtoInfo]),
        "srcs": attr.label_list(allow_files = [".proto"]),
        "strip_import_prefix": attr.string(),
    },
    provides = [ProtoInfo],
)
