"""registries_yaml: how nodes of k3s find the registry that manifests name."""

def _registries_yaml_impl(ctx):
    output = ctx.actions.declare_file("registries.yaml")
    ctx.actions.run(
        mnemonic = "RegistriesYaml",
        executable = ctx.executable._tool,
        arguments = [ctx.attr.registry, output.path],
        outputs = [output],
    )
    return [DefaultInfo(files = depset([output]))]

registries_yaml = rule(
    implementation = _registries_yaml_impl,
    doc = "Writes `registries.yaml`, the file by which k3s leads the registry's name to plain http at the nodes' port.",
    attrs = {
        "registry": attr.string(doc = "The registry's name in manifests.", mandatory = True),
        "_tool": attr.label(doc = "Writes the file.", default = "//tools/cluster:registries_tool", executable = True, cfg = "exec"),
    },
)
