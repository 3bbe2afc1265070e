"""py_library, py_binary and py_test."""

load("//tools/lib/bzl:paths.bzl", "own_path")
load("//tools/packages/private:facts.bzl", "third_party")
load("//tools/python:providers.bzl", "PyLibraryInfo")
load("//tools/ts/private:env.bzl", "environment_words")
load(":program.bzl", "CHECK_ATTRS", "LIBRARY_ATTRS", "check_sources", "create_program", "data_runfiles", "library_info")

def _facts(info):
    return third_party([entry.fact for entry in info.packages.to_list()])

def _py_library_impl(ctx):
    checked = check_sources(ctx, ctx.files.srcs)
    info = library_info(ctx, ctx.files.srcs + ctx.files.data, [checked])
    return [
        info,
        _facts(info),
        DefaultInfo(files = depset([checked]), runfiles = ctx.runfiles(transitive_files = info.sources).merge(data_runfiles(ctx))),
    ]

py_library = rule(
    implementation = _py_library_impl,
    doc = """Python sources, imported by their path in the workspace: `from services.x import y`.

Each source is compiled, and each of its imports must lead to Python's own library, to a source of `deps`, or to a
package of `deps`: what does not fails the build, with file and line.

    py_library(
        name = "lib",
        srcs = ["greeting.py"],
        data = ["words.txt"],
        deps = ["//proto/greeter/v1:greeter_py", "@pypi//:grpcio"],
    )
""",
    attrs = dict(dict(LIBRARY_ATTRS, **CHECK_ATTRS), srcs = attr.label_list(doc = "Python sources.", allow_files = [".py", ".pyi"], mandatory = True)),
    provides = [PyLibraryInfo],
)

def _py_binary_impl(ctx):
    srcs = ctx.files.srcs + [ctx.file.main]
    checked = check_sources(ctx, srcs)
    info = library_info(ctx, srcs + ctx.files.data, [checked])
    program = create_program(ctx, ctx.file.main, info)
    return [
        info,
        _facts(info),
        DefaultInfo(executable = program.executable, runfiles = program.runfiles.merge(data_runfiles(ctx))),
    ]

py_binary = rule(
    implementation = _py_binary_impl,
    doc = """Makes a program of Python sources, checked as those of py_library, and run by the Python of py_image's base.

    py_binary(
        name = "main",
        srcs = ["main.py"],
        main = "main.py",
        deps = [":lib"],
    )
""",
    attrs = dict(
        dict(LIBRARY_ATTRS, **CHECK_ATTRS),
        main = attr.label(doc = "The source that runs.", mandatory = True, allow_single_file = [".py"]),
    ),
    executable = True,
    provides = [PyLibraryInfo],
)

def _module(ctx, file):
    return own_path(ctx.label, file)[:-len(".py")].replace("/", ".")

def _py_test_impl(ctx):
    tests = [file for file in ctx.files.srcs if file.basename.endswith("_test.py")]
    if not tests:
        fail("{}: 'srcs' must have a file named …_test.py, got {}. Rename the file with the tests.".format(ctx.label, [f.basename for f in ctx.files.srcs]))
    info = library_info(ctx, ctx.files.srcs + ctx.files.data, [check_sources(ctx, ctx.files.srcs)])
    program = create_program(
        ctx,
        ctx.file._runner,
        info,
        arguments = [_module(ctx, test) for test in tests],
        env = environment_words(ctx),
    )
    return [DefaultInfo(executable = program.executable, runfiles = program.runfiles.merge(data_runfiles(ctx)))]

py_test = rule(
    implementation = _py_test_impl,
    doc = """Runs tests of Python's unittest, by the Python of py_image's base.

Sources named `…_test.py` hold the cases. Each case goes into Bazel's XML; `--test_filter` is a pattern as of
`python -m unittest -k`, `shard_count` spreads cases. A run without a case fails.

    py_test(
        name = "greeting_test",
        size = "small",
        srcs = ["greeting_test.py"],
        deps = [":lib"],
    )
""",
    attrs = dict(
        dict(LIBRARY_ATTRS, **CHECK_ATTRS),
        env = attr.string_dict(doc = "Environment variables; `$(location …)` of data is the path where the tests run."),
        _runner = attr.label(doc = "Runs the tests.", default = "//tools/python:run_tests.py", allow_single_file = True),
    ),
    test = True,
)
