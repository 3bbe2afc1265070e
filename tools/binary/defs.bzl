"""Images of programs that Debian packages."""

load("//tools/oci:defs.bzl", "oci_image", "oci_layer")

# What no program reads at run time; copyright files, which licences ask for, stay.
_NOT_NEEDED = [
    "/etc/init.d",
    "/etc/logrotate.d",
    "/usr/lib/systemd",
    "/usr/share/bash-completion",
    "/usr/share/lintian",
    "/usr/share/man",
]

def binary_image(
        name,
        debs,
        program,
        base = None,
        args = [],
        exclude = _NOT_NEEDED,
        layers = [],
        compression_level = 9,
        visibility = None,
        tags = [],
        testonly = False,
        **kwargs):
    """Makes an image of a program of Debian: base, then its packages with all that they need.

    Maintainer scripts do not run. The program runs as user 65532. What the base has is not packed again; files that
    are given here (`files`, `texts`, `empty_dirs`, …) are a layer on top. Outputs as of oci_image.

        binary_image(
            name = "image",
            args = ["--save", ""],
            debs = ["@debian//:redis-server"],
            ports = ["6379"],
            program = "/usr/bin/redis-server",
        )

    Args:
      name: the image; `image` in a service's package.
      debs: packages of debian_packages, `@debian//:redis-server`.
      program: string: the program's path in the image.
      base: the image below. Default: Debian's C and C++ libraries, certificates, time zones, a user; no shell.
      args: arguments of the program, which a pod's `args` replace.
      exclude: paths to leave out of `debs`, with all that is below them. Default: manuals, services of an init system.
      layers: more layers, above the packages.
      compression_level: of the packages' layer, which changes seldom.
      visibility: of the image.
      tags: of the image.
      testonly: of all targets.
      **kwargs: attributes of oci_image: env, labels, ports, repository, user, volumes, workdir, files, texts, …
    """
    base = base or Label("//tools/oci/base:cc")
    oci_layer(
        name = name + "__packages",
        base = base,
        compression_level = compression_level,
        debs = debs,
        exclude = exclude,
        tags = ["manual"],
        testonly = testonly,
        visibility = ["//visibility:private"],
    )
    oci_image(
        name = name,
        base = base,
        cmd = args,
        entrypoint = [program],
        layers = [":" + name + "__packages"] + layers,
        tags = tags,
        testonly = testonly,
        visibility = visibility,
        **kwargs
    )
