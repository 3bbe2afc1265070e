"""What targets made of protocol buffers tell the targets that depend on them."""

TsProtoInfo = provider(
    doc = "TypeScript made of protocol buffers.",
    fields = {
        "modules": "depset of struct(proto = string, the name that protos import; module = string, the path of its TypeScript from the root): of this target and of those it needs",
    },
)
