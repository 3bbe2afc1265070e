"""What tests of package rules look at."""

load("//tools/packages:providers.bzl", "ThirdPartyInfo")

def _third_party_json_impl(ctx):
    file = ctx.actions.declare_file(ctx.label.name + ".json")
    facts = depset(transitive = [target[ThirdPartyInfo].packages for target in ctx.attr.deps])
    ctx.actions.write(file, json.encode(facts.to_list()))
    return [DefaultInfo(files = depset([file]))]

third_party_json = rule(
    implementation = _third_party_json_impl,
    doc = "What ThirdPartyInfo of `deps` says, as a JSON list.",
    attrs = {"deps": attr.label_list(doc = "Packages of any kind.", mandatory = True, providers = [ThirdPartyInfo])},
)
