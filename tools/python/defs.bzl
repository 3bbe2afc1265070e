"""Python: libraries, programs and tests of the workspace, code of protocol buffers, and images."""

load("//tools/lib/bzl:labels.bzl", "label_parts")
load("//tools/lib/bzl:left_out.bzl", "refuse_attributes")
load("//tools/lib/bzl:paths.bzl", "package_path")
load("//tools/oci:defs.bzl", "oci_image", "service_image_test")
load("//tools/python:providers.bzl", _PyLibraryInfo = "PyLibraryInfo", _PyRuntimeInfo = "PyRuntimeInfo")
load("//tools/python/private:grpc_library.bzl", _py_grpc_library = "py_grpc_library")
load("//tools/python/private:layers.bzl", "py_app_layer", "py_packages_layer", _py_library_bytecode_layer = "py_library_bytecode_layer")
load("//tools/python/private:left_out.bzl", "REFUSED_OF_IMAGES", _py3_image = "py3_image")
load("//tools/python/private:rules.bzl", _py_binary = "py_binary", _py_library = "py_library", _py_test = "py_test")
load("//tools/python/private:runtime.bzl", _py_runtime = "py_runtime")

PyLibraryInfo = _PyLibraryInfo
PyRuntimeInfo = _PyRuntimeInfo
py3_image = _py3_image
py_binary = _py_binary
py_grpc_library = _py_grpc_library
py_library = _py_library
py_library_bytecode_layer = _py_library_bytecode_layer
py_runtime = _py_runtime
py_test = _py_test

def _entry(where, entry_point):
    """Of the source that starts the program: struct(path = string: in the image, root = string: what imports are relative to)."""
    parts = label_parts(entry_point)
    if not parts.name.endswith(".py"):
        fail("{}: 'entry_point' must be a Python source, got \"{}\". Name the file that starts the program.".format(where, entry_point))
    root = "/".join(["/app"] + [part for part in [package_path(parts.repository, "")] if part])
    return struct(path = "/".join([part for part in [root, parts.package, parts.name] if part]), root = root)

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
    and pushes the last layer only. Where the package is of another repository, `/app/external/<repository>` is in the
    place of `/app`, but for where it starts. Outputs as of oci_image.

        py_image(
            name = "image",
            args = ["--port=50051"],
            ports = ["50051"],
            deps = [":lib", "@pypi//:grpcio"],
        )

    Args:
      name: the image; `image` in a service's package.
      entry_point: the source that starts the program.
      srcs: list of labels: more sources.
      deps: packages of pypi_packages (`@pypi//:flask`, each with all that it needs), and Python libraries of the
        workspace (py_library, py_grpc_library). The lock's list must have `"python": "3.13"`.
      data: files and programs that the program needs at run time: /app/<path in the workspace>.
      base: the image below, which has /usr/bin/python3.13. Default: Debian's C library, certificates, time zones, and
        Python 3.13 with its standard library.
      python_options: arguments of python itself.
      args: arguments of the program, which a pod's `args` replace.
      env: dict of strings to strings: environment variables.
      layers: more layers, between packages and code.
      visibility: of the image.
      tags: of the image.
      testonly: of all targets.
      **kwargs: attributes of oci_image: labels, ports, repository, user, volumes, …
    """
    refuse_attributes(
        "py_image",
        name,
        dict(kwargs, entry_point = entry_point, env = env, srcs = srcs),
        REFUSED_OF_IMAGES,
        {"entry_point": "plain label", "env": "plain dict", "srcs": "plain list"},
    )
    entry = _entry("//{}:{}".format(native.package_name(), name), entry_point)
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
        entrypoint = ["/usr/bin/python3.13"] + python_options + [entry.path],
        env = dict({"PYTHONPATH": entry.root}, **env),
        layers = [":" + name + "__packages"] + layers + [":" + name + "__app"],
        tags = tags,
        testonly = testonly,
        visibility = visibility,
        workdir = kwargs.pop("workdir", "/app"),
        **kwargs
    )

def py_grpc_image(
        name,
        deps,
        port,
        data = [],
        test_deps = [],
        test_data = [],
        test_env = {},
        run_env = {},
        max_bytes = 60000000,
        max_app_bytes = 50000,
        **kwargs):
    """Makes program, tests and image of a gRPC service or client in Python out of the sources of its package.

    * `main.py`: the program, the py_binary `main`
    * `*_test.py`: a py_test each, called like the file
    * all other `*.py`: the py_library `lib`
    * `<name>`: the py_image of `main.py`; `<name>_test`: that it starts, listens, ends when told so, and stays small

    A service that needs more than this has those targets in its BUILD file, one by one.

        py_grpc_image(
            name = "image",
            port = 50051,
            deps = ["//proto/greeter/v1:greeter_py", "@pypi//:grpcio"],
        )

    Args:
      name: the image; `image` in a service's package.
      deps: py_grpc_library and py_library targets and packages of PyPI of all sources but tests.
      port: the TCP port on which the program answers.
      data: files that the program reads at run time.
      test_deps: what tests import beside `deps`.
      test_data: files that tests read.
      test_env: environment variables of tests; `$(location …)` of test_data is the path where the tests run.
      run_env: environment variables without which the image does not start.
      max_bytes: the most bytes that the image's compressed layers may have together.
      max_app_bytes: the same of the layer with the service's own code, which each change pushes.
      **kwargs: attributes of py_image.
    """
    tests = native.glob(["*_test.py"], allow_empty = True)
    py_library(
        name = "lib",
        srcs = native.glob(["*.py"], exclude = ["main.py"] + tests, allow_empty = True),
        data = data,
        deps = deps,
    )
    py_binary(
        name = "main",
        main = "main.py",
        deps = [":lib"] + deps,
    )
    for test in tests:
        py_test(
            name = test[:-len(".py")],
            size = "small",
            srcs = [test],
            data = test_data,
            env = test_env,
            deps = [":lib"] + deps + test_deps,
        )
    py_image(
        name = name,
        ports = [str(port)],
        # Not `lib`: an image of sources that do not compile does not build.
        deps = [":main"],
        **kwargs
    )
    service_image_test(
        name = name + "_test",
        image = name,
        max_app_bytes = max_app_bytes,
        max_bytes = max_bytes,
        port = port,
        run_env = run_env,
    )
