"""proto_library, wherever this Bazel has it."""

load("@fathom_builtins//:proto.bzl", _proto_library = "proto_library")

def proto_library(name, srcs = [], deps = [], strip_import_prefix = None, **kwargs):
    """Sources of protocol buffers, of which other rules generate code.

    It is Bazel's own rule, and from version 9 on, which has none built in, that of the module protobuf: BUILD files that
    load it from here are the same for all.

        proto_library(name = "greeter_proto", srcs = ["greeter.proto"])

    Args:
      name: string.
      srcs: list of labels: .proto files.
      deps: list of labels: proto_library targets of what they import.
      strip_import_prefix: string: the folder that imports are relative to. Default: the workspace.
      **kwargs: what else the rule takes, as `import_prefix`, and what every rule has.
    """
    if strip_import_prefix != None:
        kwargs["strip_import_prefix"] = strip_import_prefix
    _proto_library(name = name, srcs = srcs, deps = deps, **kwargs)
