"""The Kubernetes that an embedded cluster runs: one flag, one list of minor versions."""

_DOC = """The minor version of Kubernetes of embedded clusters, as a flag: `--//tools/cluster:kubernetes=1.35`.

Another version than the one that a cluster runs is taken up by the next `up`, which starts the cluster again with it; as
everywhere, a step back to an older one is not supported by Kubernetes itself.
"""

def _kubernetes_flag_impl(ctx):
    if ctx.build_setting_value not in ctx.attr.versions:
        fail("{}: there is no Kubernetes {}. Choose one of: {}.".format(
            ctx.label,
            ctx.build_setting_value,
            ", ".join(ctx.attr.versions),
        ))
    return []

kubernetes_flag = rule(
    implementation = _kubernetes_flag_impl,
    doc = _DOC,
    attrs = {"versions": attr.string_list(doc = "The minor versions that there are: `1.34`.", mandatory = True)},
    build_setting = config.string(flag = True),
)

def kubernetes_versions(name, programs, default):
    """The flag `name`, and `<name>_program`: the program that it chooses.

    Args:
      name: of the flag.
      programs: dict of minor version → label of its program.
      default: the minor version where the flag is not given.
    """
    kubernetes_flag(
        name = name,
        build_setting_default = default,
        versions = programs.keys(),
    )
    for version in programs:
        native.config_setting(
            name = "{}_{}".format(name, version),
            flag_values = {":" + name: version},
        )
    native.alias(
        name = name + "_program",
        actual = select({":{}_{}".format(name, version): program for version, program in programs.items()}),
    )
