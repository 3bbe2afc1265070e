"""proto_library, wherever this Bazel has it."""

load("@fathom_builtins//:proto.bzl", _proto_library = "proto_library")

def proto_library(name, **kwargs):
    """Sources of protocol buffers, of which other rules generate code.

    It is Bazel's own rule, and from version 9 on, which has none built in, that of the module protobuf: BUILD files that
    load it from here are the same for all.

        proto_library(name = "greeter_proto", srcs = ["greeter.proto"])

    Args:
      name: string.
      **kwargs: what the rule takes: `srcs`, `deps`, `strip_import_prefix`, `import_prefix`, `visibility`.
    """
    _proto_library(name = name, **kwargs)
