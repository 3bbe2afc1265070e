"""Images of single Go programs."""

load("@fathom_environments//:defs.bzl", "REGISTRY")
load("//tools/oci:defs.bzl", "oci_image", "oci_image_test", "oci_tarball")

def go_program_image(program, path, test = {}, tarball = True, **kwargs):
    """An image of one static program, `:image`, the file that a node imports, `:tarball`, and `:image_test`.

    Args:
      program: label of the program.
      path: string: its path in the image.
      test: dict of attributes of oci_image_test: how much it may weigh, how it is run.
      tarball: bool: whether nodes need it before there is a registry.
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
    if tarball:
        oci_tarball(
            name = "tarball",
            image = ":image",
            registry = REGISTRY,
        )
    oci_image_test(
        name = "image_test",
        size = "small",
        absent_files = ["/lib64/ld-linux-x86-64.so.2"],
        entrypoint = [path],
        files = [
            path,
            "/etc/ssl/certs/ca-certificates.crt",
        ],
        image = ":image",
        modes = {"/tmp": "1777"},
        user = "65532:65532",
        **test
    )
