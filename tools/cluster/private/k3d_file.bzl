"""k3d_file: a file that a k3d cluster is made from."""

def _k3d_file_impl(ctx):
    output = ctx.actions.declare_file(ctx.attr.output)
    ctx.actions.run(
        mnemonic = "K3dFile",
        executable = ctx.executable._tool,
        arguments = [ctx.attr.registry, output.path],
        outputs = [output],
    )
    return [DefaultInfo(files = depset([output]))]

k3d_file = rule(
    implementation = _k3d_file_impl,
    doc = "Writes a file of the cluster that `./fathom up --provider=k3d` makes, with the values of k3d/settings.ts.",
    attrs = {
        "output": attr.string(
            doc = "`k3d.yaml`, which k3d gets, or `registries.yaml`, by which its nodes find the registry.",
            mandatory = True,
            values = [
                "k3d.yaml",
                "registries.yaml",
            ],
        ),
        "registry": attr.string(doc = "The registry's name in manifests.", mandatory = True),
        "_tool": attr.label(doc = "Writes the file.", default = "//tools/cluster:k3d_file_tool", executable = True, cfg = "exec"),
    },
)
