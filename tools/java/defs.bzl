"""Java: libraries, programs and tests of the workspace, code of protocol buffers, and images."""

load("//tools/java:providers.bzl", _JavaLibraryInfo = "JavaLibraryInfo")
load("//tools/java/private:grpc_library.bzl", _java_grpc_library = "java_grpc_library")
load(
    "//tools/java/private:layers.bzl",
    "java_app_layer",
    "java_libraries_layer",
    _java_runtime_layer = "java_runtime_layer",
)
load("//tools/java/private:rules.bzl", _java_binary = "java_binary", _java_library = "java_library", _java_test = "java_test")
load("//tools/lib/bzl:left_out.bzl", "refuse_attributes")
load("//tools/oci:defs.bzl", "oci_image", "service_image_test")

JavaLibraryInfo = _JavaLibraryInfo
java_binary = _java_binary
java_grpc_library = _java_grpc_library
java_library = _java_library
java_runtime_layer = _java_runtime_layer
java_test = _java_test

# Of the java_image of rules_docker.
_BY_A_LIBRARY = ("an image compiles nothing", "Give it to a java_library, and that as 'deps'")

_REFUSED_OF_IMAGES = {
    "classpath_resources": _BY_A_LIBRARY,
    "javacopts": _BY_A_LIBRARY,
    "plugins": _BY_A_LIBRARY,
    "resources": _BY_A_LIBRARY,
    "runtime_deps": ("what the program needs is in one list", "Add it to 'deps'"),
    "srcs": _BY_A_LIBRARY,
}

def java_image(
        name,
        main_class,
        jars = [],
        deps = [],
        data = [],
        base = None,
        jvm_flags = ["-XX:MaxRAMPercentage=75", "-XX:+ExitOnOutOfMemoryError"],
        args = [],
        layers = [],
        visibility = None,
        tags = [],
        testonly = False,
        **kwargs):
    """Makes an image that runs a Java program: base, a Java 21 runtime, its libraries, its code.

    The program runs as `java <jvm_flags> -cp … <main_class> <args>` in /app, as user 65532. The class path has `jars`
    before `deps`. A changed line of the program rebuilds and pushes the last layer only. Outputs as of oci_image.

        java_image(
            name = "image",
            main_class = "services.greeter.Main",
            ports = ["50051"],
            deps = [":lib"],
        )

    Args:
      name: the image; `image` in a service's package.
      main_class: string: the class that has `main`.
      jars: .jar files of the program's own, and targets of other rules that make some.
      deps: java_library and java_grpc_library targets of the workspace, and artifacts of maven_artifacts,
        `@maven//:org_slf4j_slf4j_api`, each with all that it needs.
      data: files and programs that the program needs at run time: /app/<path in the workspace>.
      base: the image below, which has /usr/lib/jvm/bin/java. Default: Debian's C library, certificates, time zones,
        and a Java 21 runtime of java.se's modules.
      jvm_flags: arguments of java itself. Default: three quarters of the container's memory for the heap, and the end
        of the program where that does not do.
      args: arguments of the program, which a pod's `args` replace.
      layers: more layers, between libraries and code.
      visibility: of the image.
      tags: of the image.
      testonly: of all targets.
      **kwargs: attributes of oci_image: env, labels, ports, repository, user, volumes, …
    """
    refuse_attributes("java_image", name, kwargs, _REFUSED_OF_IMAGES)
    private = {"tags": ["manual"], "testonly": testonly, "visibility": ["//visibility:private"]}
    java_libraries_layer(name = name + "__lib", deps = deps, **private)
    java_app_layer(name = name + "__app", data = data, deps = deps, jars = jars, **private)
    oci_image(
        name = name,
        base = base or Label("//tools/java:base"),
        cmd = args,
        entrypoint = ["/usr/lib/jvm/bin/java"] + jvm_flags + ["@/app/java.args", main_class],
        layers = [":" + name + "__lib"] + layers + [":" + name + "__app"],
        tags = tags,
        testonly = testonly,
        visibility = visibility,
        workdir = kwargs.pop("workdir", "/app"),
        **kwargs
    )

def java_grpc_image(
        name,
        deps,
        port,
        main_class = None,
        resources = [],
        test_deps = [],
        test_data = [],
        test_env = {},
        run_env = {},
        max_bytes = 80000000,
        max_app_bytes = 500000,
        **kwargs):
    """Makes program, tests and image of a gRPC service or client in Java out of the sources of its package.

    * `*Test.java`: a java_test each, called like the file
    * all other `*.java`: the java_library `lib`
    * `main`: the java_binary of its class `Main`
    * `<name>`: the java_image of it; `<name>_test`: that it starts, listens, ends when told so, and stays small

    A service that needs more than this has those targets in its BUILD file, one by one.

        java_grpc_image(
            name = "image",
            port = 50051,
            deps = ["//proto/greeter/v1:greeter_java", "@maven//:io_grpc_grpc_netty_shaded"],
        )

    Args:
      name: the image; `image` in a service's package.
      deps: java_grpc_library and java_library targets and artifacts of Maven of all sources but tests.
      port: the TCP port on which the program answers.
      main_class: string: the class that has `main`. Default: `Main` in the Java package of the folder's path.
      resources: files that the classes read from the class path.
      test_deps: what tests use beside `deps`.
      test_data: files that tests read.
      test_env: environment variables of tests; `$(location …)` of test_data is the path where the tests run.
      run_env: environment variables without which the image does not start.
      max_bytes: the most bytes that the image's compressed layers may have together.
      max_app_bytes: the same of the layer with the service's own code, which each change pushes.
      **kwargs: attributes of java_image.
    """
    main_class = main_class or native.package_name().replace("/", ".") + ".Main"
    tests = native.glob(["*Test.java"], allow_empty = True)
    java_library(
        name = "lib",
        srcs = native.glob(["*.java"], exclude = tests),
        resources = resources,
        deps = deps,
    )
    java_binary(
        name = "main",
        main_class = main_class,
        deps = [":lib"],
    )
    for test in tests:
        java_test(
            name = test[:-len(".java")],
            size = "small",
            srcs = [test],
            data = test_data,
            env = test_env,
            deps = [":lib"] + deps + test_deps,
        )
    java_image(
        name = name,
        main_class = main_class,
        ports = [str(port)],
        deps = [":lib"],
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
