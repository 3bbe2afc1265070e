"""Images of Node.js services."""

load("//tools/nodejs/private:layers.bzl", _nodejs_runtime_layer = "nodejs_runtime_layer")
load("//tools/nodejs/private:program.bzl", "nodejs_program_image", _NODEJS_BASES = "NODEJS_BASES")
load("//tools/nodejs/private:service.bzl", "service_program")
load("//tools/oci:defs.bzl", "oci_image", "oci_image_index", "service_image_test")

NODEJS_BASES = _NODEJS_BASES
nodejs_runtime_layer = _nodejs_runtime_layer

def nodejs_image(name, base = None, visibility = None, tags = [], **kwargs):
    """Makes an image that runs a TypeScript program: base, node, its npm packages, its code.

    The program runs as `node <node_options> /app/<package>/main.js <templated_args> <args>` in /app, as user 65532; where
    the package is of another repository, it is in `/app/external/<repository>/<package>`. A changed line of the program
    rebuilds and pushes the last layer only. Outputs as of oci_image: for `image`, `image.digest`.

    The program is said in one of three ways: `binary`; `entry_point` with `srcs` and `deps`; or, as in rules_docker,
    `entry_point` with all that it needs in `data`: TypeScript libraries, npm packages, files, also plain JavaScript.

        nodejs_image(
            name = "image",
            args = ["--port=8080"],
            ports = ["8080"],
            deps = [":lib", "@npm//pino"],
        )

    Args:
      name: the image; `image` in a service's package.
      base: label: the image below; node is put on it where it has none of Fathom's. Default: Debian's C library,
        certificates, time zones, and node.
      visibility: of the image.
      tags: of the image.
      **kwargs: testonly, deprecation and the like.
    """
    oci_image(
        name = name,
        tags = tags,
        visibility = visibility,
        **nodejs_program_image("nodejs_image", name, dict(kwargs, base = base))
    )

def nodejs_image_index(name, bases = None, visibility = None, tags = [], **kwargs):
    """Makes images that run a TypeScript program on several platforms, under one digest.

    As nodejs_image, for linux/amd64 and linux/arm64: the images `<name>_linux_amd64` and `<name>_linux_arm64` share the
    layers of npm packages and code, and differ in node and the libraries below it. Packages with native code are not
    for this: the layer has those of the machine that builds.

        nodejs_image_index(
            name = "image",
            binary = ":main",
            ports = ["8080"],
        )

    Args:
      name: the index.
      bases: dict of strings to labels: `os/architecture` → the image below, which has node. Default: NODEJS_BASES.
      visibility: of the index and its images.
      tags: of the index and its images.
      **kwargs: testonly, deprecation and the like.
    """
    oci_image_index(
        name = name,
        bases = bases or {platform: Label(base) for platform, base in NODEJS_BASES.items()},
        tags = tags,
        visibility = visibility,
        **nodejs_program_image(
            "nodejs_image_index",
            name,
            kwargs,
            {"base": ("each platform has a base of its own", "Use 'bases'")},
        )
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
        writable = ["/tmp"],
        **kwargs):
    """Makes program, tests and image of a service out of the sources of its package, told apart by their names.

    * `main.ts`: the program, the ts_binary `main`
    * `testing/*.ts`: what tests need, the ts_library `testing`
    * `*_test.ts`: a ts_test each, called like the file; `metrics_test` has `metrics.txt`, the program as MAIN_PROGRAM, and
      `checkExposed` of @fathom//tools/monitoring:scrape, which compares the two
    * all other `*.ts`: the ts_library `lib`
    * `<name>`: the nodejs_image of `main`; `<name>_test`: that it starts, listens, ends when told so, and stays small

    A service that needs more than this has those targets in its BUILD file, one by one.

        nodejs_service(
            name = "image",
            port = 50051,
            test_deps = ["@npm//@types/node"],
            deps = ["//proto/greeter/v1:greeter_ts", "@npm//@grpc/grpc-js", "@npm//@types/node"],
        )

    Args:
      name: the image; `image` in a service's package.
      deps: TypeScript libraries and npm packages of all sources but tests.
      port: the TCP port on which the program answers. Default: none, and the program ends by itself.
      data: files that the program reads at run time.
      test_data: list of labels: files that tests read.
      test_deps: what tests and `testing/` import beside `deps`.
      test_programs: dict of strings to labels: environment variable of tests → label of the program whose path it holds: `{"SERVER": ":main"}`.
      test_size: how long one of the tests may take, as `size` of tests has it.
      run_env: dict of strings to strings: environment variables without which the image does not start. METRICS_PORT is 0, any free port, unless
        it is given.
      exit_code: how the program ends in the test of the image.
      max_bytes: the most bytes that the image's compressed layers may have together.
      max_app_bytes: the same of the layer with the service's own code, which each change pushes.
      writable: list of strings: folders that the program may write to in the test of the image, as its pod has them. A service with
        `tmp: false` has none: [].
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
        writable = writable,
    )
