"""The repository @fathom_builtins: rules that Bazel had built in up to version 8, and which have a module of their own since."""

_BUILTIN = {
    # A file cannot load what it defines under the same name.
    "builtin.bzl": "BUILTIN_PROTO_INFO = ProtoInfo\n",
    "proto.bzl": """load(":builtin.bzl", "BUILTIN_PROTO_INFO")

ProtoInfo = BUILTIN_PROTO_INFO

def proto_library(**kwargs):
    native.proto_library(**kwargs)
""",
}

_MODULE = {
    "proto.bzl": """load("@protobuf//bazel:proto_library.bzl", _proto_library = "proto_library")
load("@protobuf//bazel/common:proto_info.bzl", _ProtoInfo = "ProtoInfo")

ProtoInfo = _ProtoInfo
proto_library = _proto_library
""",
}

def _is_builtin(bazel_version):
    """Whether the Bazel has the rules; one of a distribution, which says no version, is older than 9."""
    major = bazel_version.split(".")[0]
    return not major.isdigit() or int(major) < 9

def _impl(repository_ctx):
    asked = repository_ctx.os.environ.get("FATHOM_PROTO_RULES")
    if asked not in [None, "", "builtin", "module"]:
        fail("FATHOM_PROTO_RULES must be 'builtin' or 'module', got '{}'. It is set by --repo_env.".format(asked))
    builtin = asked == "builtin" or (not asked and _is_builtin(repository_ctx.attr.bazel_version))
    for path, content in (_BUILTIN if builtin else _MODULE).items():
        repository_ctx.file(path, content, executable = False)
    repository_ctx.file("BUILD.bazel", "exports_files(glob([\"*.bzl\"]))\n", executable = False)

_builtins = repository_rule(
    implementation = _impl,
    attrs = {
        # An attribute, so that another Bazel makes the repository anew.
        "bazel_version": attr.string(doc = "Empty: that of a distribution, which does not say."),
    },
    doc = "Exports proto_library and ProtoInfo: Bazel's own, or from version 9 on those of the module protobuf.",
    environ = ["FATHOM_PROTO_RULES"],
)

def builtins_repository(name):
    """Declares the repository for the Bazel that runs.

    Args:
      name: fathom_builtins, but in tests.
    """
    _builtins(name = name, bazel_version = getattr(native, "bazel_version", ""))
