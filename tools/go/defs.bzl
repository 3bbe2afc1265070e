"""Images of Go programs."""

load("//tools/oci:defs.bzl", "oci_image", "oci_layer")

def go_image(
        name,
        binary,
        program = None,
        base = None,
        args = [],
        layers = [],
        visibility = None,
        tags = [],
        testonly = False,
        **kwargs):
    """Makes an image of one Go program: base, then the program, as /usr/local/bin/<program>.

    The program runs as user 65532. It is built for the platform that the image is for; one with cgo needs
    `base = "@fathom//tools/oci/base:cc"`. Outputs as of oci_image.

    Args:
      name: the image; `image` in a service's package.
      binary: a program of go_binaries, `@go_x//:program`, or another target with one executable file.
      program: its name in the image. Default: the name of the target `binary`.
      base: the image below. Default: certificates, time zones, a user; no C library, no shell.
      args: arguments of the program, which a pod's `args` replace.
      layers: more layers, below the program.
      visibility: of the image.
      tags: of the image.
      testonly: of all targets.
      **kwargs: attributes of oci_image: env, labels, ports, repository, user, volumes, workdir, files, …
    """
    program = program or binary.rpartition(":")[2].rpartition("/")[2]
    path = "/usr/local/bin/" + program
    oci_layer(
        name = name + "__program",
        file_paths = {binary: path},
        tags = ["manual"],
        testonly = testonly,
        visibility = ["//visibility:private"],
    )
    oci_image(
        name = name,
        base = base or Label("//tools/oci/base:static"),
        cmd = args,
        entrypoint = [path],
        layers = layers + [":" + name + "__program"],
        tags = tags,
        testonly = testonly,
        visibility = visibility,
        **kwargs
    )
