"""The layers of a Python program, by how often they change: packages, the program."""

load("//tools/lib/bzl:labels.bzl", "shown_label")
load("//tools/oci:providers.bzl", "OciLayerInfo")
load("//tools/oci/private:app_sources.bzl", "app_sources", "programs_aspect")
load("//tools/oci/private:layer_action.bzl", "LAYER_ACTION_ATTRS", "write_layer")
load("//tools/packages:providers.bzl", "PypiPackageInfo", "ThirdPartyInfo")
load("//tools/packages:record.bzl", "package_record")
load("//tools/python:providers.bzl", "PyLibraryInfo", "PyRuntimeInfo")

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

def compile_bytecode(ctx, folders):
    """Declares the action that compiles sources for an image.

    Args:
      ctx: the rule's context, with BYTECODE_ATTRS.
      folders: list of struct(directory = File, folder = string: in it, path = string: of the folder in the image).

    Returns:
      File: a directory, as of all folders laid over one another.
    """
    output = ctx.actions.declare_directory(ctx.label.name + ".pyc")
    runtime = ctx.attr._runtime[PyRuntimeInfo].directory
    arguments = [output.path]
    for one in folders:
        arguments += [one.directory.path + one.folder, one.path]
    ctx.actions.run(
        mnemonic = "PyBytecode",
        progress_message = "Compiling Python of {}".format(shown_label(ctx.label)),
        executable = runtime.path + "/lib/ld.so",
        arguments = ["--library-path", runtime.path + "/lib", runtime.path + "/bin/python3.13", ctx.file._compile_bytecode.path] + arguments,
        # Sets are written in an order that depends on the seed.
        env = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "PYTHONHOME": runtime.path},
        inputs = [runtime, ctx.file._compile_bytecode] + [one.directory for one in folders],
        outputs = [output],
    )
    return output

BYTECODE_ATTRS = {
    "_compile_bytecode": attr.label(doc = "Compiles sources.", default = "//tools/python:compile_bytecode.py", allow_single_file = True),
    "_runtime": attr.label(doc = "The Python that runs on the machine that builds.", default = "//tools/python:host_runtime", providers = [PyRuntimeInfo]),
}

def _bytecode_source(directory, path):
    return {"kind": "tree", "mode": "0644", "path": path, "source": directory.path}

def _py_library_bytecode_layer_impl(ctx):
    runtime = ctx.attr._runtime[PyRuntimeInfo].directory
    folder = "/lib/python3.13"
    compiled = compile_bytecode(ctx, [struct(directory = runtime, folder = folder, path = "/usr" + folder)])
    return _write(ctx, [_bytecode_source(compiled, "/usr" + folder)], depset([compiled]), [], "PyBytecodeLayer")

py_library_bytecode_layer = rule(
    implementation = _py_library_bytecode_layer_impl,
    doc = """Packs the bytecode of Python's own library.

    py_library_bytecode_layer(
        name = "bytecode",
        compression_level = 12,
    )
""",
    attrs = dict(dict(LAYER_ACTION_ATTRS, **BYTECODE_ATTRS), _tool = _LAYER_TOOL),
    provides = [OciLayerInfo],
)

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
    if entries:
        compiled = compile_bytecode(ctx, [struct(directory = e.directory, folder = "", path = SITE) for e in entries])
        sources.append(_bytecode_source(compiled, SITE))
        files = depset([compiled], transitive = [files])
    return _write(ctx, sources or [{"kind": "directory", "path": SITE}], files, [e.fact for e in entries], "PyPackagesLayer")

py_packages_layer = rule(
    implementation = _py_packages_layer_impl,
    doc = "Packs packages of PyPI with all that they need where Python finds them.",
    attrs = dict(
        dict(LAYER_ACTION_ATTRS, **BYTECODE_ATTRS),
        deps = attr.label_list(doc = "Packages of pypi_packages; others are of the program's layer."),
        _tool = _LAYER_TOOL,
    ),
    provides = [OciLayerInfo],
)

def _py_app_layer_impl(ctx):
    libraries = [
        target[PyLibraryInfo].sources if PyLibraryInfo in target else target[DefaultInfo].default_runfiles.files
        for target in ctx.attr.deps
        if PypiPackageInfo not in target
    ]
    files = depset(ctx.files.srcs + ctx.files.data, transitive = libraries)
    sources = app_sources(files.to_list(), APP, ctx.attr.data + ctx.attr.deps)
    checks = depset(transitive = [target[PyLibraryInfo].checked for target in ctx.attr.deps if PyLibraryInfo in target])
    return _write(ctx, sources, files, [], "PyAppLayer", checks)

py_app_layer = rule(
    implementation = _py_app_layer_impl,
    doc = "Packs a program's own sources and data as /app.",
    attrs = dict(
        LAYER_ACTION_ATTRS,
        data = attr.label_list(
            doc = "Files and programs that the program needs, at their path in the workspace.",
            allow_files = True,
            aspects = [programs_aspect],
        ),
        deps = attr.label_list(
            doc = "Python libraries of this workspace; packages of PyPI are of the other layer.",
            aspects = [programs_aspect],
        ),
        srcs = attr.label_list(doc = "The program's sources.", allow_files = [".py", ".pyi"], mandatory = True),
        _tool = _LAYER_TOOL,
    ),
    provides = [OciLayerInfo],
)
