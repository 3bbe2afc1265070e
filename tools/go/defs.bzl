"""Go: packages, programs and tests of the workspace, code of protocol buffers, and images."""

load("//tools/go:providers.bzl", _GoInfo = "GoInfo", _GoModulesInfo = "GoModulesInfo")
load("//tools/go/private:grpc_library.bzl", _go_grpc_library = "go_grpc_library")
load("//tools/go/private:rules.bzl", _go_binary = "go_binary", _go_library = "go_library", _go_test = "go_test")
load("//tools/lib/bzl:left_out.bzl", "refuse_attributes")
load("//tools/oci:defs.bzl", "oci_image", "oci_layer", "service_image_test")

GoInfo = _GoInfo
GoModulesInfo = _GoModulesInfo
go_binary = _go_binary
go_grpc_library = _go_grpc_library
go_library = _go_library
go_test = _go_test

# Of the go_image of rules_docker.
_BY_A_BINARY = ("an image compiles nothing", "Give it to a go_binary, and that as 'binary'")

_REFUSED_OF_IMAGES = {
    "deps": _BY_A_BINARY,
    "embed": _BY_A_BINARY,
    "gc_linkopts": _BY_A_BINARY,
    "goarch": _BY_A_BINARY,
    "goos": _BY_A_BINARY,
    "importpath": _BY_A_BINARY,
    "pure": _BY_A_BINARY,
    "srcs": _BY_A_BINARY,
    "static": _BY_A_BINARY,
    "x_defs": _BY_A_BINARY,
}

def go_image(
        name,
        binary = None,
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

        go_image(
            name = "image",
            args = ["--port=50051"],
            binary = ":main",
            ports = ["50051"],
        )

    Args:
      name: the image; `image` in a service's package.
      binary: label: a program of go_binaries, `@go_x//:program`, or another target with one executable file. It must be
        given.
      program: string: its name in the image. Default: the name of the target `binary`.
      base: the image below. Default: certificates, time zones, a user; no C library, no shell.
      args: arguments of the program, which a pod's `args` replace.
      layers: more layers, below the program.
      visibility: of the image.
      tags: of the image.
      testonly: of all targets.
      **kwargs: attributes of oci_image: env, labels, ports, repository, user, volumes, workdir, files, …
    """
    refuse_attributes(
        "go_image",
        name,
        dict(kwargs, binary = binary, program = program),
        _REFUSED_OF_IMAGES,
        {"binary": "plain label", "program": "plain string"},
    )
    if not binary:
        fail("//{}:{}: 'binary' must be given, got {}. Name a go_binary, or another target with one program.".format(native.package_name(), name, repr(binary)))
    program = program or str(binary).rpartition(":")[2].rpartition("/")[2]
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

def go_grpc_image(
        name,
        deps,
        port,
        program = None,
        modules = None,
        data = [],
        test_data = [],
        test_env = {},
        run_env = {},
        max_bytes = 20000000,
        **kwargs):
    """Makes program, tests and image of a gRPC service or client in Go out of the sources of its package.

    * `*_test.go`: the go_test `main_test`, with all other sources; without any there is none
    * all other `*.go`: the go_binary `main`, a program of one main package
    * `<name>`: the go_image of `main`; `<name>_test`: that it starts, listens, ends when told so, and stays small

    A service that needs more than this has those targets in its BUILD file, one by one.

        go_grpc_image(
            name = "image",
            port = 50051,
            deps = ["//proto/greeter/v1:greeter_go"],
        )

    Args:
      name: the image; `image` in a service's package.
      deps: go_grpc_library and go_library targets whose packages the sources import.
      port: the TCP port on which the program answers.
      program: string: its name in the image. Default: the name of the package's folder.
      modules: label: the modules that the sources may import. Default: `@go//:modules`.
      data: files that the sources embed.
      test_data: files that tests read.
      test_env: environment variables of tests; `$(location …)` of test_data is the path where the tests run.
      run_env: environment variables without which the image does not start.
      max_bytes: the most bytes that the image's compressed layers may have together.
      **kwargs: attributes of go_image.
    """
    of_modules = {"modules": modules} if modules else {}
    sources = native.glob(["*.go"], exclude = ["*_test.go"])
    tests = native.glob(["*_test.go"], allow_empty = True)
    go_binary(
        name = "main",
        srcs = sources + data,
        deps = deps,
        **of_modules
    )
    if tests:
        go_test(
            name = "main_test",
            size = "small",
            srcs = sources + tests + data,
            data = test_data,
            env = test_env,
            deps = deps,
            **of_modules
        )
    go_image(
        name = name,
        binary = ":main",
        ports = [str(port)],
        program = program or native.package_name().rpartition("/")[2],
        **kwargs
    )
    service_image_test(
        name = name + "_test",
        image = name,
        max_bytes = max_bytes,
        port = port,
        run_env = run_env,
    )
