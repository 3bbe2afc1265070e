"""Images of Java programs."""

load(
    "//tools/java/private:layers.bzl",
    "java_app_layer",
    "java_libraries_layer",
    _java_runtime_layer = "java_runtime_layer",
)
load("//tools/oci:defs.bzl", "oci_image")

java_runtime_layer = _java_runtime_layer

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

    Args:
      name: the image; `image` in a service's package.
      main_class: the class that has `main`.
      jars: the program's own jars: java_library targets, .jar files.
      deps: artifacts of maven_artifacts, `@maven//:org_slf4j_slf4j_api`, each with all that it needs.
      data: files that the program reads at run time: /app/<path in the workspace>.
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
