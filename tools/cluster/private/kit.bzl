"""cluster_kit: everything that a cluster is made of, listed in one file."""

load("//tools/ts/private:compile.bzl", "rlocation")

def _one_file(ctx, attribute, target):
    files = target[DefaultInfo].files.to_list()
    if len(files) != 1:
        fail("{}: '{}' must be targets of one file each, {} has {}. Name a target of one file.".format(
            ctx.label,
            attribute,
            target.label,
            len(files),
        ))
    return files[0]

def _cluster_kit_impl(ctx):
    kit = ctx.actions.declare_file(ctx.label.name + ".json")
    args = ctx.actions.args()
    args.use_param_file("@%s", use_always = True)
    args.set_param_file_format("multiline")
    args.add("--output", kit)
    files = []
    for target, name in ctx.attr.programs.items():
        file = _one_file(ctx, "programs", target)
        args.add("--file")
        args.add_all([name, file.path, rlocation(ctx, file)])
        files.append(file)
    for target, role in ctx.attr.images.items():
        file = _one_file(ctx, "images", target)
        args.add("--image")
        args.add_all([role, file.path, rlocation(ctx, file), "{}/{}:built".format(ctx.attr.registry, target.label.package)])
        files.append(file)
    ctx.actions.run(
        mnemonic = "ClusterKit",
        progress_message = "Listing the programs and images of %{label}".replace("%{label}", str(ctx.label)),
        executable = ctx.executable._tool,
        arguments = [args],
        inputs = files,
        outputs = [kit],
    )
    return [DefaultInfo(files = depset([kit]), runfiles = ctx.runfiles(files = [kit] + files))]

cluster_kit = rule(
    implementation = _cluster_kit_impl,
    doc = """Lists the programs and images of a cluster with their digests.

The target has all of them in its runfiles, where `//tools/cluster` finds them by the list.
""",
    attrs = {
        "images": attr.label_keyed_string_dict(
            doc = "oci_tarball → the image's role in the cluster. Its name in the nodes is `<registry>/<package>:built`.",
            allow_files = True,
        ),
        "programs": attr.label_keyed_string_dict(doc = "Program → its path in the installed kit.", allow_files = True),
        "registry": attr.string(doc = "The registry's name in manifests.", mandatory = True),
        "_tool": attr.label(doc = "Writes the list.", default = "//tools/cluster:kit_tool", executable = True, cfg = "exec"),
    },
)
