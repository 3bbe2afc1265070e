"""Module extension for Go: in MODULE.bazel what go_modules and its like are in a WORKSPACE.

No BUILD file loads this one, as Bazel 4.2 has no extensions.
"""

load("//tools/go/private:modules_repository.bzl", "MODULES_ATTRS", "go_modules")
load("//tools/lib/bzl:extensions.bzl", "missing_repository", "tag_attributes", "tag_attrs", "tags_by_name")
load("//tools/packages/private:go_repository.bzl", "BINARIES_ATTRS", "MODULE_FILES_ATTRS", "go_binaries", "go_module_files")

_KINDS = {
    "binaries": (go_binaries, BINARIES_ATTRS),
    "files": (go_module_files, MODULE_FILES_ATTRS),
    "modules": (go_modules, MODULES_ATTRS),
}

def _go_impl(module_ctx):
    tags = tags_by_name(module_ctx, "go", _KINDS.keys())
    for kind, tag in tags.values():
        rule, attrs = _KINDS[kind]
        rule(**tag_attributes(tag, attrs))
    if "go" not in tags:
        missing_repository(name = "go", hint = "go.modules(name = \"go\", module = \"//…:go.mod\", srcs = [\"//…:modules.go\"])")
    return module_ctx.extension_metadata(reproducible = True)

go = module_extension(
    implementation = _go_impl,
    doc = """Go modules: what sources import, programs to build, files out of modules.

    go = use_extension("@fathom//tools/go:extensions.bzl", "go")
    go.modules(name = "go", module = "//third_party/go:go.mod", srcs = ["//third_party/go:modules.go"])
    use_repo(go, "go")

The rules of Fathom take what Go sources import from the repository `go` of the root module, unless `modules` says else.
""",
    tag_classes = {
        "binaries": tag_class(doc = "See go_binaries.", attrs = tag_attrs(BINARIES_ATTRS)),
        "files": tag_class(doc = "See go_module_files.", attrs = tag_attrs(MODULE_FILES_ATTRS)),
        "modules": tag_class(doc = "See go_modules.", attrs = tag_attrs(MODULES_ATTRS)),
    },
)
