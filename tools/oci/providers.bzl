"""What layers and images tell the rules that use them."""

OciLayerInfo = provider(
    doc = "One layer: a blob, and what it is.",
    fields = {
        "blob": "File: the compressed tar",
        "checks": "depset of File: outputs of checks that must have passed before an image with this layer is used; they are among its files and runfiles; absent: none",
        "contents": "File: JSON {version, createdBy, packages, inputs, entries}: what is in the blob, so that nobody has to open it; or None where only the blob is known",
        "descriptor": "File: JSON {mediaType, digest, size, diffId, createdBy}, and source {registry, repository, plainHttp} where a registry has the blob",
        "provides": "string: what a base is asked for, as `node`; absent: nothing that is asked for",
        "lazy": "bool: the pusher has the blob from its registry, so that it is not among an image's runfiles; absent: False",
    },
)

OciImageInfo = provider(
    doc = "One image for one platform. A target that provides it has all its blobs among its runfiles, but for those that a registry or, by the flag @fathom//tools/oci:remote_cache, Bazel's remote cache has.",
    fields = {
        "artifacts": "list of struct(artifact_type = string, media_type = string, file = File): documents that a push attaches to the image as referrers: its SPDX bill of materials, its SLSA provenance; absent: none. A pusher knows them by `index_entry`, which has `artifacts: [{artifactType, mediaType, path}]`; they are among the runfiles",
        "config": "File: the image configuration",
        "debian_packages": "depset of string: the Debian packages in its layers",
        "digest": "File: one line, `sha256:…`",
        "index_entry": "File: `<name>.json`: {version, repository, remoteCache (absent: none), manifest, config, layers}, each with digest, size, mediaType and runfiles path",
        "layers": "depset of OciLayerInfo: the lowest first",
        "manifest": "File: the OCI manifest",
        "repository": "string: its name in a registry, without registry and tag",
    },
)

OciImageIndexInfo = provider(
    doc = "Images of one program for several platforms. A target that provides it has all their blobs among its runfiles.",
    fields = {
        "digest": "File: one line, `sha256:…`, of the index",
        "images": "list of OciImageInfo: each for another platform",
        "index": "File: the OCI image index",
        "index_entry": "File: `<name>.json`: {version, repository, index: {digest, size, mediaType, path}, images: [as index_entry of OciImageInfo]}",
        "repository": "string: its name in a registry, without registry and tag",
    },
)

OciPackagesInfo = provider(
    doc = "The Debian packages of one layer.",
    fields = {"debian_packages": "depset of string"},
)
