"""An environment as a target: a provider for rules, and one object for Jsonnet."""

load("//tools/k8s:providers.bzl", "EnvironmentInfo")
load(":environments.bzl", "ENVIRONMENT_KEYS")

_ATTRIBUTES = {
    "bool": attr.bool,
    # As JSON: what is in it may be of any form.
    "dict": attr.string,
    "int": attr.int,
    "list": attr.string_list,
    "string": attr.string,
}

def _environment_impl(ctx):
    entry = {
        key: json.decode(getattr(ctx.attr, key)) if facts.type == "dict" else getattr(ctx.attr, key)
        for key, facts in ENVIRONMENT_KEYS.items()
    }
    file = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(file, json.encode(dict(entry, name = ctx.label.name)) + "\n")
    return [
        EnvironmentInfo(name = ctx.label.name, json = file, **entry),
        DefaultInfo(files = depset([file])),
    ]

environment = rule(
    implementation = _environment_impl,
    doc = "An entry of ENVS. Its file is the object `environment` of Jsonnet: the entry with its `name`, as JSON.",
    attrs = {key: _ATTRIBUTES[facts.type](doc = facts.doc) for key, facts in ENVIRONMENT_KEYS.items()},
    provides = [EnvironmentInfo],
)

def environment_targets(envs):
    """Declares a public target for each environment.

    Args:
      envs: what checked_environments returns.
    """
    for name, entry in envs.items():
        environment(
            name = name,
            visibility = ["//visibility:public"],
            **{
                key: json.encode(entry[key]) if facts.type == "dict" else entry[key]
                for key, facts in ENVIRONMENT_KEYS.items()
            }
        )
