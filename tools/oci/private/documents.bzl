"""The documents about an image: its bill of materials and its provenance."""

load(":layer_action.bzl", "created_by")

DOCUMENT_ATTRS = {
    "builder_id": attr.string(
        doc = "Who builds, a URI: builder.id of the provenance.",
        default = "https://fathom.internal/builders/bazel",
    ),
    "_documents_tool": attr.label(doc = "Writes the documents about an image.", default = "//tools/oci:documents_tool", executable = True, cfg = "exec"),
}

SPDX_MEDIA_TYPE = "application/spdx+json"
IN_TOTO_MEDIA_TYPE = "application/vnd.in-toto+json"

def _write(ctx, output, parameters, inputs, mnemonic):
    file = ctx.actions.declare_file(output.basename + ".params")
    ctx.actions.write(file, json.encode(dict(parameters, output = output.path)))
    ctx.actions.run(
        mnemonic = mnemonic,
        progress_message = "Writing {}".format(output.short_path),
        executable = ctx.executable._documents_tool,
        arguments = [file.path],
        inputs = [file] + inputs,
        outputs = [output],
    )

def describe_image(ctx, image):
    """Declares an image's documents and the actions that write them, from what its layers' builds say of them.

    Args:
      ctx: the rule's context, with DOCUMENT_ATTRS.
      image: struct(config = File, contents = list of File, descriptors = list of File, digest = File,
        repository = string, status = list of File: the workspace status of a stamped build, else empty).

    Returns:
      struct(artifacts = as in OciImageInfo, provenance = File, sbom = File).
    """
    sbom = ctx.actions.declare_file(ctx.label.name + ".spdx.json")
    provenance = ctx.actions.declare_file(ctx.label.name + ".provenance.json")
    common = {
        "contents": [file.path for file in image.contents],
        "digest": image.digest.path,
        "repository": image.repository,
    }
    _write(ctx, sbom, dict(common, kind = "sbom"), image.contents + [image.digest], "OciSbom")
    _write(
        ctx,
        provenance,
        dict(
            common,
            builder = ctx.attr.builder_id,
            config = image.config.path,
            descriptors = [file.path for file in image.descriptors],
            kind = "provenance",
            status = [file.path for file in image.status],
            target = created_by(ctx.label),
        ),
        image.contents + image.descriptors + image.status + [image.digest, image.config],
        "OciProvenance",
    )
    return struct(
        artifacts = [
            struct(artifact_type = SPDX_MEDIA_TYPE, media_type = SPDX_MEDIA_TYPE, file = sbom),
            struct(artifact_type = IN_TOTO_MEDIA_TYPE, media_type = IN_TOTO_MEDIA_TYPE, file = provenance),
        ],
        provenance = provenance,
        sbom = sbom,
    )
