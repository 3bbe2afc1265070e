"""cluster_kit: everything that a node runs, listed in one file."""

load("//tools/ts/private:compile.bzl", "rlocation")

def _cluster_kit_impl(ctx):
    programs = {}
    files = []
    for target, name in ctx.attr.programs.items():
        program = target[DefaultInfo].files.to_list()
        if len(program) != 1:
            fail("{}: 'programs' must be targets of one file, {} has {}".format(ctx.label, target.label, len(program)))
        programs[name] = rlocation(ctx, program[0])
        files += program
    images = []
    for target, name in ctx.attr.images.items():
        tar = target[DefaultInfo].files.to_list()[0]
        images.append(struct(file = rlocation(ctx, tar), name = "{}/{}".format(ctx.attr.registry, name)))
        files.append(tar)
    kit = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(kit, struct(
        programs = programs,
        links = ctx.attr.links,
        images = images,
        registryReference = ctx.attr.registry,
    ).to_json())
    return [DefaultInfo(files = depset([kit]), runfiles = ctx.runfiles(files = [kit] + files))]

cluster_kit = rule(
    implementation = _cluster_kit_impl,
    doc = "Lists the programs and images of a cluster's nodes; the list's target has all of them in its runfiles.",
    attrs = {
        "images": attr.label_keyed_string_dict(doc = "oci_tarball → the image's name without registry.", allow_files = True),
        "links": attr.string_list(doc = "Names of the parts of the program `kubernetes`."),
        "programs": attr.label_keyed_string_dict(doc = "Program → its file name on the node.", allow_files = True),
        "registry": attr.string(doc = "The registry's name in manifests.", mandatory = True),
    },
)
