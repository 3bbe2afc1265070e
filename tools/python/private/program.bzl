"""How Python is started: by the runtime's own loader, with sources and packages where it looks for modules."""

load("//tools/lib/bzl:labels.bzl", "repository_name", "shown_label")
load("//tools/packages:providers.bzl", "PypiPackageInfo")
load("//tools/python:providers.bzl", "PyLibraryInfo", "PyRuntimeInfo")
load("//tools/ts/private:compile.bzl", "rlocation")
load("//tools/ts/private:launcher.bzl", "FIND_RUNFILES", "shell_quote")

# `exec`: otherwise killing `bazel run` would leave Python behind. No logic belongs here.
_LAUNCHER = FIND_RUNFILES + """\
p="$r/{runtime}"
export PYTHONHOME="$p" PYTHONPATH="{path}" PYTHONDONTWRITEBYTECODE=1 PYTHONNOUSERSITE=1 PYTHONUNBUFFERED=1
{env}exec "$p/lib/ld.so" --library-path "$p/lib" "$p/bin/python3.13" "$r/{main}" {arguments}"$@"
"""

RUNTIME_ATTRS = {
    "_runtime": attr.label(doc = "The Python that runs on the machine that builds.", default = "//tools/python:host_runtime", providers = [PyRuntimeInfo]),
}

LIBRARY_ATTRS = {
    "data": attr.label_list(doc = "Files that the sources read at run time, at their path in the workspace.", allow_files = True),
    "deps": attr.label_list(
        doc = "py_library and py_grpc_library targets, and packages (`@pypi//:grpcio`), that the sources import.",
        providers = [[PyLibraryInfo], [PypiPackageInfo]],
    ),
    "srcs": attr.label_list(doc = "Python sources.", allow_files = [".py", ".pyi"]),
}

def library_info(ctx, files, checked = []):
    """What a target's dependents need of it.

    Args:
      ctx: the rule's context, with `deps`.
      files: list of File: its own sources and data.
      checked: list of File of check_sources.

    Returns:
      PyLibraryInfo.
    """
    libraries = [dep[PyLibraryInfo] for dep in ctx.attr.deps if PyLibraryInfo in dep]
    packages = [dep[PypiPackageInfo].closure for dep in ctx.attr.deps if PypiPackageInfo in dep]
    return PyLibraryInfo(
        checked = depset(checked, transitive = [library.checked for library in libraries]),
        packages = depset(transitive = packages + [library.packages for library in libraries]),
        sources = depset(files, transitive = [library.sources for library in libraries]),
    )

def data_runfiles(ctx):
    """What comes with `data` and with what is imported.

    Args:
      ctx: the rule's context, with LIBRARY_ATTRS.

    Returns:
      runfiles.
    """
    runfiles = ctx.runfiles()
    for target in ctx.attr.deps + ctx.attr.data:
        if PypiPackageInfo not in target:
            runfiles = runfiles.merge(target[DefaultInfo].default_runfiles)
    return runfiles

def _source(file):
    return "{}\t{}".format(file.path, file.short_path) if file.extension == "py" else None

def check_sources(ctx, srcs):
    """Declares the action that compiles sources, and looks for what they import.

    Args:
      ctx: the rule's context, with CHECK_ATTRS and `deps`.
      srcs: list of File.

    Returns:
      File: it is there once all is well.
    """
    info = library_info(ctx, srcs)
    checked = ctx.actions.declare_file(ctx.label.name + ".checked")
    request = ctx.actions.declare_file(ctx.label.name + ".check.json")
    runtime = ctx.attr._runtime[PyRuntimeInfo].directory
    packages = info.packages.to_list()
    ctx.actions.write(request, json.encode(dict(
        label = shown_label(ctx.label),
        output = checked.path,
        packages = [entry.directory.path for entry in packages],
        repository = repository_name(ctx.label),
        srcs = [file.short_path for file in srcs if file.extension == "py"],
    )))

    # Of a large repo too many for a file a target that is written before any action runs.
    sources = ctx.actions.args()
    sources.set_param_file_format("multiline")
    sources.use_param_file("%s", use_always = True)
    sources.add_all(info.sources, expand_directories = False, map_each = _source)
    ctx.actions.run(
        mnemonic = "PyCheck",
        progress_message = "Checking Python of {}".format(shown_label(ctx.label)),
        executable = runtime.path + "/lib/ld.so",
        arguments = ["--library-path", runtime.path + "/lib", runtime.path + "/bin/python3.13", ctx.file._check.path, request.path, sources],
        env = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHOME": runtime.path},
        inputs = depset([request, runtime, ctx.file._check] + [entry.directory for entry in packages], transitive = [info.sources]),
        outputs = [checked],
    )
    return checked

CHECK_ATTRS = dict(
    RUNTIME_ATTRS,
    _check = attr.label(doc = "Checks sources.", default = "//tools/python:check.py", allow_single_file = True),
)

def create_program(ctx, main, info, arguments = [], env = {}):
    """Declares an executable that runs a Python source.

    Args:
      ctx: the rule's context, with RUNTIME_ATTRS.
      main: File: the source that runs.
      info: PyLibraryInfo of all that it needs.
      arguments: list of string: come before the caller's.
      env: dict of name → word for sh.

    Returns:
      struct(executable = File, runfiles = runfiles).
    """
    executable = ctx.actions.declare_file(ctx.label.name)
    runtime = ctx.attr._runtime[PyRuntimeInfo].directory
    directories = [entry.directory for entry in info.packages.to_list()]
    path = ["$r/" + (repository_name(ctx.label) or ctx.workspace_name)] + ["$r/" + rlocation(ctx, directory) for directory in directories]
    ctx.actions.write(
        executable,
        _LAUNCHER.format(
            arguments = "".join([shell_quote(argument) + " " for argument in arguments]),
            env = "".join(["export {}={}\n".format(key, value) for key, value in env.items()]),
            main = rlocation(ctx, main),
            path = ":".join(path),
            runtime = rlocation(ctx, runtime),
        ),
        is_executable = True,
    )
    return struct(
        executable = executable,
        runfiles = ctx.runfiles(
            files = [executable, main, runtime] + directories,
            transitive_files = depset(transitive = [info.sources, info.checked]),
        ),
    )
