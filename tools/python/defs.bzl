"""Images of Python programs."""

load("//tools/oci:defs.bzl", "oci_image")
load("//tools/python/private:layers.bzl", "py_app_layer", "py_packages_layer")

def _py_path(package, entry_point):
    """The entry's path in the image."""
    source = entry_point
    if source.startswith("//"):
        package, _, source = source[2:].partition(":")
    source = source.lstrip(":")
    if not source.endswith(".py"):
        fail("//{}: 'entry_point' must be a Python source, got \"{}\". Name the file that starts the program.".format(package, entry_point))
    return "/app/{}/{}".format(package, source) if package else "/app/" + source

def py_image(
        name,
        entry_point = "main.py",
        srcs = [],
        deps = [],
        data = [],
        base = None,
        python_options = [],
        args = [],
        env = {},
        layers = [],
        visibility = None,
        tags = [],
        testonly = False,
        **kwargs):
    """Makes an image that runs a Python program: base, Python 3.13, its packages, its code.

    The program runs as `python3.13 <python_options> /app/<package>/main.py <args>` in /app, as user 65532; modules of
    the workspace are imported by their path in it (`from services.x import y`). A changed line of the program rebuilds
    and pushes the last layer only. Outputs as of oci_image.

    Args:
      name: the image; `image` in a service's package.
      entry_point: the source that starts the program.
      srcs: more sources.
      deps: packages of pypi_packages (`@pypi//:flask`, each with all that it needs), and Python libraries of the
        workspace (py_library). The lock's list must have `"python": "3.13"`.
      data: files that the program reads at run time: /app/<path in the workspace>.
      base: the image below, which has /usr/bin/python3.13. Default: Debian's C library, certificates, time zones, and
        Python 3.13 with its standard library.
      python_options: arguments of python itself.
      args: arguments of the program, which a pod's `args` replace.
      env: environment variables.
      layers: more layers, between packages and code.
      visibility: of the image.
      tags: of the image.
      testonly: of all targets.
      **kwargs: attributes of oci_image: labels, ports, repository, user, volumes, …
    """
    private = {"tags": ["manual"], "testonly": testonly, "visibility": ["//visibility:private"]}
    py_packages_layer(name = name + "__packages", deps = deps, **private)
    py_app_layer(
        name = name + "__app",
        srcs = [entry_point] + [src for src in srcs if src != entry_point],
        data = data,
        deps = deps,
        **private
    )
    oci_image(
        name = name,
        base = base or Label("//tools/python:base"),
        cmd = args,
        entrypoint = ["/usr/bin/python3.13"] + python_options + [_py_path(native.package_name(), entry_point)],
        env = dict({"PYTHONPATH": "/app"}, **env),
        layers = [":" + name + "__packages"] + layers + [":" + name + "__app"],
        tags = tags,
        testonly = testonly,
        visibility = visibility,
        workdir = kwargs.pop("workdir", "/app"),
        **kwargs
    )
