"""ts_project: the name and attributes that rules_nodejs and rules_ts gave to the compilation of a project."""

load("//tools/lib/bzl:attributes.bzl", "checked_attributes")
load("//tools/lib/bzl:labels.bzl", "label_parts", "loaded_repository")
load(":library.bzl", "ts_library")

_PROJECT = {
    "allow_js": "bool",
    "args": "list",
    "composite": "bool",
    "data": "list",
    "declaration": "bool",
    "declaration_map": "bool",
    "deps": "list",
    "emit_declaration_only": "bool",
    "extends": "plain extends",
    "incremental": "bool",
    "isolated_typecheck": "bool",
    "link_workspace_root": "bool",
    "preserve_jsx": "bool",
    "resolve_json_module": "bool",
    "source_map": "bool",
    "srcs": "list",
    "supports_workers": "any",
    "transpiler": "any",
    "ts_build_info_file": "string",
    "tsc": "label",
    "tsconfig": "label or dict",
    "typescript_package": "string",
    "typescript_require_path": "string",
    "validate": "bool",
}

# What these ask for is always done here, or says how the compiler is run.
_DONE = [
    "composite",
    "declaration",
    "declaration_map",
    "incremental",
    "isolated_typecheck",
    "link_workspace_root",
    "resolve_json_module",
    "source_map",
    "supports_workers",
    "transpiler",
    "ts_build_info_file",
    "tsc",
    "typescript_package",
    "typescript_require_path",
    "validate",
]

_BESIDE = ("outputs lie beside the sources", "Remove it, and name outputs by the paths of their sources")
_PINNED = ("the native compiler is pinned, and run by one program", "Set options in a tsconfig.json, and give that as 'tsconfig'")

_REFUSED = {
    "allow_js": ("only TypeScript is compiled", "Give JavaScript as 'data'"),
    "args": _PINNED,
    "assets": ("a library has TypeScript and JSON alone", "Give files as 'data'"),
    "buildinfo_out": _BESIDE,
    "declaration_dir": _BESIDE,
    "declaration_transpiler": _PINNED,
    "emit_declaration_only": ("JavaScript is always made", "Remove it: who needs the declarations alone depends on the target"),
    "generate_trace": _PINNED,
    "no_emit": ("outputs are made only where something needs them", "Remove it: a build of the target checks its types"),
    "out_dir": _BESIDE,
    "preserve_jsx": ("JSX is compiled", "Remove it"),
    "root_dir": _BESIDE,
    "tsc_worker": _PINNED,
    "validator": _PINNED,
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

def _relative(target, label):
    """The path of a file of this workspace as a file of this package names it."""
    parts = label_parts(label)
    if parts.repository != loaded_repository():
        fail("//{}:{}: 'extends' must be a file of this workspace where 'tsconfig' is a dict, got \"{}\". Write //…, or a tsconfig.json that extends it, as 'tsconfig'.".format(native.package_name(), target, label))
    if parts.package == native.package_name():
        return "./" + parts.name
    up = [".." for part in native.package_name().split("/") if part]
    return "/".join((up or ["."]) + [part for part in [parts.package, parts.name] if part])

def ts_project(name = "tsconfig", srcs = None, tsconfig = None, extends = None, **kwargs):
    """Compiles a TypeScript project: ts_library under the attributes of rules_nodejs and rules_ts.

        ts_project(
            name = "lib",
            srcs = ["greeting.ts"],
            declaration = True,
            tsconfig = {"compilerOptions": {"noImplicitOverride": True}},
            deps = ["@npm//pino"],
        )

    Args:
      name: the target's name.
      srcs: list of labels: sources. Default: every .ts and .tsx file of the package.
      tsconfig: label or dict: a tsconfig.json, or its content. Default: the package's tsconfig.json if it has one,
        else Fathom's own options.
      extends: label or list of labels: the tsconfig.json that it extends; a list where that extends others.
      **kwargs: visibility, tags, testonly and the like.
    """
    given = checked_attributes("ts_project", name, dict(kwargs, srcs = srcs, tsconfig = tsconfig, extends = extends), _PROJECT, _REFUSED, _DONE)
    extends = [extends] if type(extends) in ["string", "Label"] else extends or []
    if tsconfig == None:
        tsconfig = (native.glob(["tsconfig.json"], allow_empty = True) or [None])[0]
    elif type(tsconfig) == "dict":
        content = dict(tsconfig)
        if extends and "extends" not in content:
            content["extends"] = _relative(name, extends[0])
        _tsconfig_file(name = name + "__tsconfig", content = json.encode(content), tags = ["manual"], visibility = ["//visibility:private"])
        tsconfig = ":" + name + "__tsconfig"
    given.update(
        srcs = srcs if srcs != None else native.glob(["**/*.ts", "**/*.tsx"], allow_empty = True),
        extends = extends,
        tsconfig = tsconfig,
    )
    ts_library(name = name, **given)
