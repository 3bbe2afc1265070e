"""ProtoInfo of the module protobuf, as far as rules that generate code look at it."""

ProtoInfo = provider(
    doc = "Sources of protocol buffers, and where they are imported from.",
    fields = {
        "direct_sources": "list of File: the target's own",
        "proto_source_root": "string: the folder that its sources are imported from",
        "transitive_proto_path": "depset of string: such folders, of all that it imports too",
        "transitive_sources": "depset of File: all sources",
    },
)
