"""go_library, go_binary and go_test."""

load("//tools/go:providers.bzl", "GoInfo")
load("//tools/lib/bzl:labels.bzl", "repository_name")
load("//tools/packages/private:facts.bzl", "third_party")
load("//tools/ts/private:compile.bzl", "rlocation")
load("//tools/ts/private:env.bzl", "environment_words")
load("//tools/ts/private:launcher.bzl", "create_launcher", "runfile_argument", "shell_quote")
load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load(":compile.bzl", "COMPILE_ATTRS", "compile_go", "go_info")

_ATTRS = dict(
    COMPILE_ATTRS,
    srcs = attr.label_list(doc = "Sources of this package, and files that they embed.", allow_files = True, mandatory = True),
)

def _go_library_impl(ctx):
    info = go_info(ctx, ctx.files.srcs)
    checked = ctx.actions.declare_file(ctx.label.name + ".checked")
    compile_go(ctx, "check", info, checked)
    return [info, third_party(info.modules.facts), DefaultInfo(files = depset([checked]))]

go_library = rule(
    implementation = _go_library_impl,
    doc = """A Go package of the workspace, which others import as `<module>/<package>`.

The path of go.mod is the module. A package has one target. What imports it compiles it with itself; building this
target only says whether it compiles, and what `go vet` thinks of it.

    go_library(
        name = "greeting",
        srcs = ["greeting.go", "words.txt"],
        visibility = ["//visibility:public"],
    )
""",
    attrs = _ATTRS,
    provides = [GoInfo],
)

def _go_binary_impl(ctx):
    info = go_info(ctx, ctx.files.srcs)
    program = ctx.actions.declare_file(ctx.label.name)
    compile_go(ctx, "program", info, program)
    return [
        third_party(info.modules.facts),
        DefaultInfo(executable = program, files = depset([program])),
    ]

go_binary = rule(
    implementation = _go_binary_impl,
    doc = """Compiles the main package of the folder to a static program.

Only the workspace's own packages are compiled; modules have been before. The program has no path of the machine that
built it in it.

    go_binary(
        name = "main",
        srcs = ["main.go"],
        deps = ["//greeting", "//proto/greeter/v1:greeter_go"],
    )
""",
    attrs = _ATTRS,
    executable = True,
)

def _runfiles_folder(label):
    """The folder of a target's package, from that of the main repository in runfiles."""
    repository = repository_name(label)
    return ("../{}/".format(repository) if repository else "") + label.package

def _go_test_impl(ctx):
    tests = [file for file in ctx.files.srcs if file.basename.endswith("_test.go")]
    if not tests:
        fail("{}: 'srcs' must have a file named …_test.go, got {}. Rename the file with the tests.".format(ctx.label, [f.basename for f in ctx.files.srcs]))
    info = go_info(ctx, ctx.files.srcs)
    program = ctx.actions.declare_file(ctx.label.name + ".test")
    compile_go(ctx, "test", info, program)
    launcher = create_launcher(
        ctx,
        ctx.label.name,
        [file for file in ctx.files._runner if file.extension == "mjs"][0],
        arguments = [runfile_argument(rlocation(ctx, program)), shell_quote(_runfiles_folder(ctx.label))],
        env = environment_words(ctx),
        runfiles = ctx.runfiles(files = [program] + ctx.files.data),
    )
    runfiles = launcher.runfiles
    for target in ctx.attr.data:
        runfiles = runfiles.merge(target[DefaultInfo].default_runfiles)
    return [DefaultInfo(executable = launcher.executable, runfiles = runfiles)]

go_test = rule(
    implementation = _go_test_impl,
    doc = """Runs the tests of a Go package, in its folder.

`srcs` are the package's sources and its `…_test.go` files. `--test_filter` is a pattern as of `go test -run`,
`shard_count` spreads tests. What `go vet` finds fails the build, and a run without a test fails.

    go_test(
        name = "greeting_test",
        size = "small",
        srcs = ["greeting.go", "greeting_test.go", "words.txt"],
    )
""",
    attrs = dict(
        _ATTRS,
        data = attr.label_list(doc = "Files that the tests read.", allow_files = True),
        env = attr.string_dict(doc = "Environment variables; `$(location …)` of data is the path where the tests run."),
        _runner = attr.label(doc = "Runs the tests.", default = "//tools/go:test_runner"),
    ),
    test = True,
    toolchains = [TOOLCHAIN_TYPE],
)
