"""Images of single Go programs, as nodes need them before there is a registry."""

load("//:cluster_constants.bzl", "REGISTRY")
load("//tools/oci:defs.bzl", "oci_image", "oci_tarball")

def go_program_image(program, path, **kwargs):
    """An image of one static program, `:image`, and the file that a node imports, `:tarball`.

    Args:
      program: label of the program.
      path: string: its path in the image.
      **kwargs: attributes of oci_image.
    """
    oci_image(
        name = "image",
        base = "//tools/oci/base:static",
        compression_level = 9,
        entrypoint = [path],
        file_paths = {program: path},
        **kwargs
    )
    oci_tarball(
        name = "tarball",
        image = ":image",
        registry = REGISTRY,
    )
