"""The actions that compile packages of the workspace, which go itself does: a program, a test, or a check."""

load("//tools/go:providers.bzl", "GoInfo", "GoModulesInfo")
load("//tools/lib/bzl:labels.bzl", "shown_label")
load("//tools/lib/bzl:paths.bzl", "own_path")
load("//tools/lib/bzl:worker.bzl", "worker_args", "worker_requirements")

COMPILE_ATTRS = {
    "deps": attr.label_list(doc = "go_library and go_grpc_library targets whose packages the sources import.", providers = [GoInfo]),
    "modules": attr.label(doc = "The modules that the sources may import. Default: of the repository `@go`.", default = "@go//:modules", providers = [GoModulesInfo]),
    "_tool": attr.label(doc = "Runs go.", default = "//tools/go:go_tool", executable = True, cfg = "exec"),
}

def _folder(ctx, file):
    """Where a source belongs: embedded ones may be in folders below the package.

    It is the path in the target's own repository: where another workspace loads that, its sources import one another by
    the same paths.
    """
    return ctx.label.package if file.is_directory else own_path(ctx.label, file).rpartition("/")[0]

def _source(source):
    # The path first: Bazel reads an argument of a worker that begins with `@` as the name of a file with more of them.
    return "{}\t{}".format(source.file.path, source.folder)

def go_info(ctx, files, protos = []):
    """What others need to import the package of a target.

    Args:
      ctx: the rule's context, with COMPILE_ATTRS.
      files: list of File: sources, or directories of them.
      protos: list of string: import names of the protos that the files are made of.

    Returns:
      GoInfo.
    """
    modules = ctx.attr.modules[GoModulesInfo]
    deps = [dep[GoInfo] for dep in ctx.attr.deps if GoInfo in dep]
    import_path = "/".join([part for part in [modules.import_path, ctx.label.package] if part])
    return GoInfo(
        files = depset(files, transitive = [dep.files for dep in deps]),
        import_path = import_path,
        modules = modules,
        package = ctx.label.package,
        protos = depset(
            [struct(proto = proto, import_path = import_path) for proto in protos],
            transitive = [dep.protos for dep in deps],
        ),
        sources = depset(
            [struct(folder = _folder(ctx, file), file = file) for file in files],
            transitive = [dep.sources for dep in deps],
        ),
    )

def compile_go(ctx, kind, info, output):
    """Declares the action that compiles a package with all packages of the workspace that it imports.

    Args:
      ctx: the rule's context, with COMPILE_ATTRS.
      kind: string: `check`: `output` is an empty file; `program`; `test`: a program that runs the package's tests.
      info: GoInfo of the package.
      output: File.
    """
    modules = info.modules
    params = ctx.actions.declare_file(ctx.label.name + ".go.json")
    ctx.actions.write(params, json.encode(dict(
        cache = modules.cache.path,
        goarch = modules.goarch,
        goos = modules.goos,
        importPath = modules.import_path,
        kind = kind,
        label = shown_label(ctx.label),
        list = modules.list,
        lock = modules.lock,
        output = output.path,
        package = info.package,
        sdk = modules.sdk.path,
        src = modules.src.path,
    )))
    args = worker_args(ctx)
    args.add(params)
    args.add_all(info.sources, map_each = _source)
    ctx.actions.run(
        mnemonic = "GoCompile",
        progress_message = "Compiling Go {} {}".format(kind, shown_label(ctx.label)),
        executable = ctx.executable._tool,
        arguments = [args],
        inputs = depset([params, modules.cache, modules.src, modules.sdk] + modules.revisions, transitive = [info.files]),
        outputs = [output],
        execution_requirements = worker_requirements("GoCompile"),
    )
