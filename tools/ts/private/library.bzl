"""ts_library as BUILD files write it: the rule, and what the ts_library of rules_nodejs (concatjs) took beside it."""

load("//tools/lib/bzl:attributes.bzl", "checked_attributes")
load(":rules.bzl", _ts_library = "ts_library")

_LIBRARY = {
    "data": "list",
    "deps": "list",
    "extends": "list",
    "generate_externs": "bool",
    "link_workspace_root": "bool",
    "runtime": "string",
    "srcs": "list",
    "supports_workers": "bool",
    "tsconfig": "label",
    "tsickle_typed": "bool",
}

# How the compiler is run, and output for a minifier that is not here: nothing that a program notices.
_IGNORED = ["generate_externs", "link_workspace_root", "runtime", "supports_workers", "tsickle_typed"]

_BY_PATH = ("imports are relative, or of npm packages", "Import its sources by their paths: import { x } from '../folder/file.ts'")
_ANGULAR = ("Angular's compiler is not run", "Compile templates with Angular's own tools, and give what comes of them as 'srcs'")
_ONE_FORM = ("there is one output, ES modules for the pinned node", "Set \"target\" in a tsconfig.json, and give that as 'tsconfig'")

_REFUSED = {
    "angular_assets": _ANGULAR,
    "compiler": ("the native compiler is pinned", "Remove it"),
    "devmode_module": _ONE_FORM,
    "devmode_target": _ONE_FORM,
    "expected_diagnostics": ("an error of types fails the build", "Write // @ts-expect-error above the line"),
    "module_name": _BY_PATH,
    "module_root": _BY_PATH,
    "package_name": _BY_PATH,
    "package_path": _BY_PATH,
    "prodmode_module": _ONE_FORM,
    "prodmode_target": _ONE_FORM,
    "runtime_deps": ("what is not imported is no library", "Add TypeScript to 'deps', and files to 'data'"),
    "use_angular_plugin": _ANGULAR,
}

def ts_library(name, **kwargs):
    """Compiles TypeScript sources to JavaScript and declarations.

    A type error fails the build, also that of an image or program which takes the JavaScript alone. Sources are ES
    modules whose relative imports end in `.ts`. An import of anything that `deps` does not name fails with the label
    to add.

    BUILD files of rules_nodejs' ts_library (concatjs) move over: of their attributes, those that change nothing here
    are accepted, and others fail and say what to use instead: docs/from_rules_k8s.md lists them.

        ts_library(
            name = "lib",
            srcs = ["greeting.ts"],
            deps = ["//proto/greeter/v1:greeter_ts", "@npm//pino"],
        )

    Args:
      name: the target.
      **kwargs: visibility, tags, testonly and the like.
    """
    _ts_library(name = name, **checked_attributes("ts_library", name, kwargs, _LIBRARY, _REFUSED, _IGNORED))
