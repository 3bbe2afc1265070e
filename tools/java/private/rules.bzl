"""java_library, java_binary and java_test."""

load("//tools/java:providers.bzl", "JavaLibraryInfo")
load("//tools/packages:providers.bzl", "MavenArtifactInfo")
load("//tools/packages/private:facts.bzl", "third_party")
load("//tools/ts/private:env.bzl", "environment_words")
load("//tools/ts/private:launcher.bzl", "FIND_RUNFILES", "create_launcher", "shell_quote")
load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load(":compile.bzl", "COMPILE_ATTRS", "DEPS_ATTR", "RUNTIME_ATTRS", "class_path", "class_path_argument", "compile_java", "java_argument", "library_info", "runtime_directory")

_LIBRARY_ATTRS = dict(
    COMPILE_ATTRS,
    deps = DEPS_ATTR,
    resources = attr.label_list(doc = "Files that the classes read from the class path, by their path in the workspace.", allow_files = True),
    srcs = attr.label_list(doc = "Java sources.", allow_files = [".java"], mandatory = True),
)

def _facts(info):
    return third_party([entry.fact for entry in info.artifacts.to_list()])

def _java_library_impl(ctx):
    info = compile_java(ctx, ctx.files.srcs, ctx.attr.deps, ctx.files.resources)
    return [info, _facts(info), DefaultInfo(files = depset([info.jars.to_list()[0]]))]

java_library = rule(
    implementation = _java_library_impl,
    doc = """Compiles Java 21 to a jar, the same bytes on every machine.

The compiler is Eclipse's, which runs on the packed Java runtime: no JDK need be installed. Annotation processors do
not run.

    java_library(
        name = "lib",
        srcs = ["Greeting.java", "Main.java"],
        resources = ["greeting.properties"],
        deps = ["//proto/greeter/v1:greeter_java", "@maven//:io_grpc_grpc_netty_shaded"],
    )
""",
    attrs = _LIBRARY_ATTRS,
    provides = [JavaLibraryInfo],
)

# `exec`: otherwise killing `bazel run` would leave Java behind. No logic belongs here.
_LAUNCHER = FIND_RUNFILES + """\
exec {java} {flags}-cp {class_path} {main_class} "$@"
"""

def _java_binary_impl(ctx):
    info = library_info(ctx.attr.deps)
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(
        executable,
        _LAUNCHER.format(
            class_path = class_path_argument(ctx, info),
            flags = "".join([shell_quote(flag) + " " for flag in ctx.attr.jvm_flags]),
            java = java_argument(ctx),
            main_class = shell_quote(ctx.attr.main_class),
        ),
        is_executable = True,
    )
    return [
        info,
        _facts(info),
        DefaultInfo(
            executable = executable,
            files = depset([executable]),
            runfiles = ctx.runfiles(files = [executable, runtime_directory(ctx)] + class_path(info)),
        ),
    ]

java_binary = rule(
    implementation = _java_binary_impl,
    doc = """Makes a program to run by `bazel run`, with the packed Java runtime.

    java_binary(
        name = "main",
        main_class = "services.greeter.Main",
        deps = [":lib"],
    )
""",
    attrs = dict(
        RUNTIME_ATTRS,
        deps = attr.label_list(doc = "What has the classes.", providers = [[JavaLibraryInfo], [MavenArtifactInfo]]),
        jvm_flags = attr.string_list(doc = "Arguments of java itself."),
        main_class = attr.string(doc = "The class that has `main`.", mandatory = True),
    ),
    executable = True,
    provides = [JavaLibraryInfo],
)

def _java_test_impl(ctx):
    tests = [file for file in ctx.files.srcs if file.basename.endswith("Test.java")]
    if not tests:
        fail("{}: 'srcs' must have a file named …Test.java, got {}. Rename the file with the tests.".format(ctx.label, [f.basename for f in ctx.files.srcs]))
    junit = ctx.attr._junit[MavenArtifactInfo].file
    info = compile_java(ctx, ctx.files.srcs, ctx.attr.deps, ctx.files.resources, [junit])
    launcher = create_launcher(
        ctx,
        ctx.label.name,
        [file for file in ctx.files._runner if file.extension == "mjs"][0],
        arguments = [java_argument(ctx), class_path_argument(ctx, info, [junit])] + [shell_quote(flag) for flag in ctx.attr.jvm_flags],
        env = environment_words(ctx),
        runfiles = ctx.runfiles(files = [junit, runtime_directory(ctx)] + class_path(info) + ctx.files.data),
    )
    runfiles = launcher.runfiles
    for target in ctx.attr.data:
        runfiles = runfiles.merge(target[DefaultInfo].default_runfiles)
    return [DefaultInfo(executable = launcher.executable, runfiles = runfiles)]

java_test = rule(
    implementation = _java_test_impl,
    doc = """Runs tests of JUnit 5, which comes with the rule.

Sources named `…Test.java` hold the cases. Each case goes into Bazel's XML; `--test_filter` is a regular expression that
names of classes and methods (`a.b.XTest#saysHello`) must contain. A run without a case fails.

    java_test(
        name = "greeting_test",
        size = "small",
        srcs = ["GreetingTest.java"],
        deps = [":lib"],
    )
""",
    attrs = dict(
        dict(_LIBRARY_ATTRS, **RUNTIME_ATTRS),
        data = attr.label_list(doc = "Files that the tests read.", allow_files = True),
        env = attr.string_dict(doc = "Environment variables; `$(location …)` of data is the path where the tests run."),
        jvm_flags = attr.string_list(doc = "Arguments of java itself."),
        _junit = attr.label(doc = "JUnit, with its console.", default = "@fathom_maven//:org_junit_platform_junit_platform_console_standalone", providers = [MavenArtifactInfo]),
        _runner = attr.label(doc = "Runs the tests.", default = "//tools/java:test_runner"),
    ),
    test = True,
    toolchains = [TOOLCHAIN_TYPE],
)
