"""Images of Node.js services."""

load("//tools/nodejs/private:layers.bzl", "nodejs_app_layer", "nodejs_npm_layer", _nodejs_runtime_layer = "nodejs_runtime_layer")
load("//tools/nodejs/private:service.bzl", "service_program")
load("//tools/oci:defs.bzl", "oci_image", "oci_image_index", "service_image_test")
load("//tools/ts:defs.bzl", "ts_library")

nodejs_runtime_layer = _nodejs_runtime_layer

def _js_path(package, entry_point):
    """The entry's path in the image."""
    source = entry_point
    if source.startswith("//"):
        package, _, source = source[2:].partition(":")
    source = source.lstrip(":")
    for extension, js in [(".mts", ".mjs"), (".tsx", ".js"), (".ts", ".js")]:
        if source.endswith(extension):
            path = source[:-len(extension)] + js
            return "/app/{}/{}".format(package, path) if package else "/app/" + path
    return fail("//{}: 'entry_point' must be a TypeScript source, got \"{}\". Name the file that starts the program.".format(package, entry_point))

# `os/architecture` → the image with node on which nodejs_image and nodejs_image_index build.
NODEJS_BASES = {
    "linux/amd64": "//tools/nodejs:base",
    "linux/arm64": "//tools/nodejs:base_arm64",
}

def _program(name, binary, entry_point, srcs, deps, data, node_options, args, env, layers, testonly, kwargs):
    """Makes the layers of a program; returns the attributes of an image of it, without its base."""
    if not binary:
        binary = ":" + name + "__lib"
        ts_library(
            name = name + "__lib",
            srcs = [entry_point] + [src for src in srcs if src != entry_point],
            tags = ["manual"],
            testonly = testonly,
            visibility = ["//visibility:private"],
            deps = deps,
        )
    elif srcs or deps:
        fail("//{}:{}: 'srcs' and 'deps' must be left out where 'binary' is given. Add them to {}.".format(native.package_name(), name, binary))
    nodejs_npm_layer(
        name = name + "__npm",
        program = binary,
        tags = ["manual"],
        testonly = testonly,
        visibility = ["//visibility:private"],
    )
    nodejs_app_layer(
        name = name + "__app",
        data = data,
        program = binary,
        tags = ["manual"],
        testonly = testonly,
        visibility = ["//visibility:private"],
    )
    return dict(
        kwargs,
        cmd = args,
        entrypoint = ["/usr/local/bin/node"] + node_options + [_js_path(native.package_name(), entry_point)],
        env = dict({"NODE_ENV": "production"}, **env),
        layers = [":" + name + "__npm"] + layers + [":" + name + "__app"],
        testonly = testonly,
        workdir = kwargs.get("workdir", "/app"),
    )

def nodejs_image(
        name,
        binary = None,
        entry_point = "main.ts",
        srcs = [],
        deps = [],
        data = [],
        base = None,
        node_options = ["--enable-source-maps"],
        args = [],
        env = {},
        layers = [],
        visibility = None,
        tags = [],
        testonly = False,
        **kwargs):
    """Makes an image that runs a TypeScript program: base, node, its npm packages, its code.

    The program runs as `node <node_options> /app/<package>/main.js <args>` in /app, as user 65532. A changed line of
    the program rebuilds and pushes the last layer only. Outputs as of oci_image: for `image`, `image.digest`.

    Args:
      name: the image; `image` in a service's package.
      binary: the program: a ts_library or ts_binary that has `entry_point` among its sources. Default: a ts_library
        of `entry_point`, `srcs` and `deps`, named `<name>__lib`.
      entry_point: the source that starts the program.
      srcs: more sources, where `binary` is not given.
      deps: TypeScript libraries and npm packages, where `binary` is not given.
      data: files that the program reads at run time: /app/<path in the workspace>.
      base: the image below, which has node. Default: Debian's C library, certificates, time zones, and node.
      node_options: arguments of node itself.
      args: arguments of the program, which a pod's `args` replace.
      env: environment variables; NODE_ENV is `production` unless given.
      layers: more layers, between npm packages and code.
      visibility: of the image.
      tags: of the image.
      testonly: of all targets.
      **kwargs: attributes of oci_image: labels, ports, repository, user, volumes, …
    """
    oci_image(
        name = name,
        base = base or Label(NODEJS_BASES["linux/amd64"]),
        tags = tags,
        visibility = visibility,
        **_program(name, binary, entry_point, srcs, deps, data, node_options, args, env, layers, testonly, kwargs)
    )

def nodejs_image_index(
        name,
        binary = None,
        entry_point = "main.ts",
        srcs = [],
        deps = [],
        data = [],
        bases = None,
        node_options = ["--enable-source-maps"],
        args = [],
        env = {},
        layers = [],
        visibility = None,
        tags = [],
        testonly = False,
        **kwargs):
    """Makes images that run a TypeScript program on several platforms, under one digest.

    As nodejs_image, for linux/amd64 and linux/arm64: the images `<name>_linux_amd64` and `<name>_linux_arm64` share the
    layers of npm packages and code, and differ in node and the libraries below it. Packages with native code are not
    for this: the layer has those of the machine that builds.

    Args:
      name: the index.
      binary: as of nodejs_image.
      entry_point: as of nodejs_image.
      srcs: as of nodejs_image.
      deps: as of nodejs_image.
      data: as of nodejs_image.
      bases: `os/architecture` → the image below, which has node. Default: NODEJS_BASES.
      node_options: as of nodejs_image.
      args: as of nodejs_image.
      env: as of nodejs_image.
      layers: as of nodejs_image.
      visibility: of the index and its images.
      tags: of the index and its images.
      testonly: of all targets.
      **kwargs: attributes of oci_image_index and oci_image.
    """
    oci_image_index(
        name = name,
        bases = bases or {platform: Label(base) for platform, base in NODEJS_BASES.items()},
        tags = tags,
        visibility = visibility,
        **_program(name, binary, entry_point, srcs, deps, data, node_options, args, env, layers, testonly, kwargs)
    )

def nodejs_service(
        name,
        deps,
        port = None,
        data = [],
        test_data = [],
        test_deps = [],
        test_programs = {},
        test_size = "small",
        run_env = {},
        exit_code = 0,
        max_bytes = 70000000,
        max_app_bytes = 100000,
        **kwargs):
    """Makes program, tests and image of a service out of the sources of its package, told apart by their names.

    * `main.ts`: the program, the ts_binary `main`
    * `testing/*.ts`: what tests need, the ts_library `testing`
    * `*_test.ts`: a ts_test each, called like the file
    * all other `*.ts`: the ts_library `lib`
    * `<name>`: the nodejs_image of `main`; `<name>_test`: that it starts, listens, ends when told so, and stays small

    A service that needs more than this has those targets in its BUILD file, one by one.

    Args:
      name: the image; `image` in a service's package.
      deps: TypeScript libraries and npm packages of all sources but tests.
      port: the TCP port on which the program answers. Default: none, and the program ends by itself.
      data: files that the program reads at run time.
      test_data: files that tests read.
      test_deps: what tests and `testing/` import beside `deps`.
      test_programs: environment variable of tests → label of the program whose path it holds: `{"SERVER": ":main"}`.
      test_size: how long one of the tests may take, as `size` of tests has it.
      run_env: environment variables without which the image does not start. METRICS_PORT is 0, any free port, unless
        it is given.
      exit_code: how the program ends in the test of the image.
      max_bytes: the most bytes that the image's compressed layers may have together.
      max_app_bytes: the same of the layer with the service's own code, which each change pushes.
      **kwargs: attributes of nodejs_image.
    """
    service_program(deps, data, test_data, test_deps, test_programs, test_size)
    nodejs_image(
        name = name,
        binary = ":main",
        data = data,
        ports = [str(port)] if port else [],
        **kwargs
    )
    service_image_test(
        name = name + "_test",
        exit_code = exit_code,
        image = name,
        max_app_bytes = max_app_bytes,
        max_bytes = max_bytes,
        port = port,
        run_env = dict({"METRICS_PORT": "0"}, **run_env),
    )
