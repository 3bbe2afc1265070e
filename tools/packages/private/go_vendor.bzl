"""The modules of a go.mod in a folder: what repository rules of Go share."""

load("//tools/lib/bzl:labels.bzl", "shown_label")
load("//tools/packages/private:host.bzl", "remove_files", "run_or_fail", "sibling_path")
load("//tools/packages/private:stage0.bzl", "run_stage0")

# BUILD files of others would cut a folder of sources into packages.
BUILD_FILES = ["BUILD", "BUILD.bazel", "WORKSPACE", "WORKSPACE.bazel", "WORKSPACE.bzlmod", "MODULE.bazel"]

# What stands beside src/ and says what is in it. Until its server ends, a Bazel that does not track source folders (as 4
# does not) looks at one once: this file is what an action's key changes by.
SOURCES = "sources.txt"

# The program that reads licence files.
_LICENSECHECK = [
    Label("//third_party/go:licensecheck/go.mod"),
    Label("//third_party/go:licensecheck/go.sum"),
    Label("//third_party/go:licensecheck/main.go"),
]

# Of Go itself: https://go.dev/LICENSE.
_GO_LICENCE = "BSD-3-Clause"

def _go_environment(go):
    return {"GOFLAGS": "", "GOROOT": str(go.dirname.dirname), "GOTOOLCHAIN": "local", "GOWORK": "off"}

def run_go(ctx, arguments, what, timeout):
    """Runs the pinned go in src/; module downloads are checked against go.sum and go through the user's own GOPROXY.

    Args:
      ctx: repository_ctx, with the attribute `module`.
      arguments: list of strings.
      what: string: what it does, for messages.
      timeout: int, in seconds.

    Returns:
      string: its standard output.
    """
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

def copy_module(ctx):
    """Copies go.mod and go.sum (a module without requirements has none) into src/.

    Args:
      ctx: repository_ctx, with the attribute `module`.
    """
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

def _read_if_exists(ctx, path):
    """The text of a file of the repository; empty where there is none."""
    return ctx.read(path) if ctx.path(path).exists else ""

def vendor_module(ctx):
    """Puts a module, its own sources and the vendor folder of its go.sum into src/; `modules.txt` and SOURCES beside it.

    Args:
      ctx: repository_ctx, with VENDOR_ATTRS.

    Returns:
      dict of module path → [version, hash in go.sum, licence], Go's own library as `stdlib` among them.
    """
    copy_module(ctx)
    for source in ctx.attr.srcs:
        path = ctx.path(source)
        ctx.file("src/" + path.basename, ctx.read(path), executable = False, legacy_utf8 = False)
    ctx.report_progress("go mod vendor of {}".format(ctx.attr.module))
    run_go(ctx, ["mod", "vendor"], "Vendoring the modules of {}".format(ctx.attr.module), timeout = ctx.attr.timeout_s)
    remove_files(ctx, "src", BUILD_FILES)
    modules_txt = _read_if_exists(ctx, "src/vendor/modules.txt")
    go_sum = _read_if_exists(ctx, "src/go.sum")
    ctx.file("modules.txt", modules_txt, executable = False)

    # By hashes, go.sum says what is in the vendor folder, but for a folder that stands for a module.
    own = ["src/" + ctx.path(source).basename for source in ctx.attr.srcs]
    sources = ["src/go.mod"] + sorted(own)
    ctx.file(SOURCES, "\n".join([go_sum] + ["{}:\n{}".format(path, ctx.read(path)) for path in sources]), executable = False, legacy_utf8 = False)
    vendored = _vendored_modules(modules_txt)
    return _built_in_modules(
        vendored,
        _licences(ctx, vendored),
        go_sum,
        ctx.read(ctx.path(Label("@fathom_go_sdk//:VERSION"))).strip(),
    )

VENDOR_ATTRS = {
    "module": attr.label(doc = "The go.mod; go.sum stands beside it.", mandatory = True, allow_single_file = True),
    "srcs": attr.label_list(doc = "The module's own sources.", allow_files = [".go"]),
    "timeout_s": attr.int(doc = "How long vendoring may take, in seconds.", default = 900),
}
