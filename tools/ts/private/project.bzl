"""ts_project: the name and attributes that rules_nodejs and rules_ts gave to the compilation of a project."""

load(":rules.bzl", "ts_library")

# What these ask for is always done here, or has no meaning here.
_DONE = ["composite", "declaration", "incremental", "link_workspace_root", "source_map", "supports_workers", "transpiler", "tsc", "validate"]
_NOT_HERE = {
    "allow_js": "TypeScript sources only; give JavaScript as 'data'",
    "declaration_dir": "outputs lie beside the sources",
    "emit_declaration_only": "JavaScript is always made; depend on the target for its declarations",
    "out_dir": "outputs lie beside the sources",
    "preserve_jsx": "JSX is compiled",
    "root_dir": "outputs lie beside the sources",
}

def _tsconfig_file_impl(ctx):
    output = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(output, ctx.attr.content)
    return [DefaultInfo(files = depset([output]))]

_tsconfig_file = rule(
    implementation = _tsconfig_file_impl,
    doc = "A tsconfig.json written in a BUILD file.",
    attrs = {"content": attr.string(doc = "Its text.", mandatory = True)},
)

def ts_project(name = "tsconfig", srcs = None, deps = [], data = [], tsconfig = None, **kwargs):
    """Compiles a TypeScript project: ts_library under the attributes of rules_nodejs and rules_ts.

    Args:
      name: the target's name.
      srcs: sources. Default: every .ts and .tsx file of the package.
      deps: TypeScript libraries and npm packages.
      data: files that programs read at run time.
      tsconfig: label of a tsconfig.json, or a dict of its content. Default: Fathom's own options.
      **kwargs: `visibility`, `tags`, `testonly` and the like; and the attributes of rules_nodejs: those that ask for
        what is always done (declaration, source_map, …) are accepted, others fail and say why.
    """
    for attribute in _DONE:
        kwargs.pop(attribute, None)
    for attribute, reason in _NOT_HERE.items():
        if kwargs.pop(attribute, None):
            fail("//{}:{}: '{}' is not for ts_project here: {}. Remove it.".format(native.package_name(), name, attribute, reason))
    if type(tsconfig) == "dict":
        _tsconfig_file(name = name + "__tsconfig", content = struct(**tsconfig).to_json(), tags = ["manual"], visibility = ["//visibility:private"])
        tsconfig = ":" + name + "__tsconfig"
    ts_library(
        name = name,
        srcs = srcs if srcs != None else native.glob(["**/*.ts", "**/*.tsx"]),
        deps = deps,
        data = data,
        tsconfig = tsconfig,
        **kwargs
    )
