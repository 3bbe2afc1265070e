"""The layers of a Python program, by how often they change: packages, the program."""

load("//tools/lib/bzl:paths.bzl", "workspace_path")
load("//tools/oci:providers.bzl", "OciLayerInfo")
load("//tools/oci/private:layer_action.bzl", "LAYER_ACTION_ATTRS", "write_layer")
load("//tools/packages:providers.bzl", "PypiPackageInfo", "ThirdPartyInfo")
load("//tools/packages:record.bzl", "package_record")
load("//tools/python:providers.bzl", "PyLibraryInfo")

APP = "/app"

# Where Debian's Python looks for what its administrator installs.
SITE = "/usr/local/lib/python3.13/dist-packages"

_LAYER_TOOL = attr.label(doc = "The layer builder.", default = "//tools/oci:layer_tool", executable = True, cfg = "exec")

def _write(ctx, sources, files, facts, mnemonic, checks = depset()):
    tool = ctx.attr._tool[DefaultInfo].files_to_run
    layer = write_layer(ctx, tool, {"sources": sources}, files, mnemonic, checks)
    return [
        layer,
        ThirdPartyInfo(packages = depset(facts)),
        DefaultInfo(files = depset([layer.blob, layer.descriptor, layer.contents], transitive = [checks])),
    ]

def _py_packages_layer_impl(ctx):
    entries = depset(transitive = [
        target[PypiPackageInfo].closure if PypiPackageInfo in target else target[PyLibraryInfo].packages
        for target in ctx.attr.deps
        if PypiPackageInfo in target or PyLibraryInfo in target
    ]).to_list()
    sources = [
        {"exclude": "\\.data$|/__pycache__$", "kind": "tree", "package": package_record(e.fact), "path": SITE, "source": e.directory.path}
        for e in entries
    ]
    files = depset([e.directory for e in entries])
    return _write(ctx, sources or [{"kind": "directory", "path": SITE}], files, [e.fact for e in entries], "PyPackagesLayer")

py_packages_layer = rule(
    implementation = _py_packages_layer_impl,
    doc = "Packs packages of PyPI with all that they need where Python finds them.",
    attrs = dict(
        LAYER_ACTION_ATTRS,
        deps = attr.label_list(doc = "Packages of pypi_packages; others are of the program's layer."),
        _tool = _LAYER_TOOL,
    ),
    provides = [OciLayerInfo],
)

def _app_path(file):
    return "{}/{}".format(APP, workspace_path(file))

def _py_app_layer_impl(ctx):
    libraries = [
        target[PyLibraryInfo].sources if PyLibraryInfo in target else target[DefaultInfo].default_runfiles.files
        for target in ctx.attr.deps
        if PypiPackageInfo not in target
    ]
    files = depset(ctx.files.srcs + ctx.files.data, transitive = libraries)
    sources = [
        {"kind": "file", "mode": "0644", "path": _app_path(file), "source": file.path}
        for file in files.to_list()
    ]
    checks = depset(transitive = [target[PyLibraryInfo].checked for target in ctx.attr.deps if PyLibraryInfo in target])
    return _write(ctx, sources, files, [], "PyAppLayer", checks)

py_app_layer = rule(
    implementation = _py_app_layer_impl,
    doc = "Packs a program's own sources and data as /app.",
    attrs = dict(
        LAYER_ACTION_ATTRS,
        data = attr.label_list(doc = "Files that the program reads, at their path in the workspace.", allow_files = True),
        deps = attr.label_list(doc = "Python libraries of this workspace; packages of PyPI are of the other layer."),
        srcs = attr.label_list(doc = "The program's sources.", allow_files = [".py", ".pyi"], mandatory = True),
        _tool = _LAYER_TOOL,
    ),
    provides = [OciLayerInfo],
)
