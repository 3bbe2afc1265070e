"""The documents about an image, which its action writes: its bill of materials and its provenance."""

DOCUMENT_ATTRS = {
    "builder_id": attr.string(
        doc = "Who builds, a URI: builder.id of the provenance.",
        default = "https://fathom.internal/builders/bazel",
    ),
}

SPDX_MEDIA_TYPE = "application/spdx+json"
IN_TOTO_MEDIA_TYPE = "application/vnd.in-toto+json"

def declare_documents(ctx):
    """Declares an image's documents.

    Args:
      ctx: the rule's context, with DOCUMENT_ATTRS.

    Returns:
      struct(artifacts = as in OciImageInfo, provenance = File, sbom = File).
    """
    sbom = ctx.actions.declare_file(ctx.label.name + ".spdx.json")
    provenance = ctx.actions.declare_file(ctx.label.name + ".provenance.json")
    return struct(
        artifacts = [
            struct(artifact_type = SPDX_MEDIA_TYPE, media_type = SPDX_MEDIA_TYPE, file = sbom),
            struct(artifact_type = IN_TOTO_MEDIA_TYPE, media_type = IN_TOTO_MEDIA_TYPE, file = provenance),
        ],
        provenance = provenance,
        sbom = sbom,
    )
