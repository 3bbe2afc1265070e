"""go_modules: what the Go sources of a workspace import."""

load("//tools/lib/bzl:labels.bzl", "absolute_label", "apparent_name", "shown_label")
load("//tools/packages/private:go_vendor.bzl", "SOURCES", "VENDOR_ATTRS", "vendor_module")

def _import_path(ctx):
    """The path that go.mod gives its module."""
    for line in ctx.read("src/go.mod").split("\n"):
        words = line.split(" ")
        if len(words) == 2 and words[0] == "module":
            return words[1].strip("\"")
    return fail("@{}: {} must have a line `module <path>`. Add it.".format(apparent_name(ctx.name), shown_label(ctx.attr.module)))

def _shown_path(label):
    """The file of a label as a person names it from the root of the workspace."""
    return (label.package + "/" if label.package else "") + label.name

MODULES_ATTRS = dict(
    VENDOR_ATTRS,
    srcs = attr.label_list(doc = "The source with the imports.", allow_files = [".go"], mandatory = True),
)

def _go_modules_impl(ctx):
    built_in = vendor_module(ctx)
    ctx.file("BUILD.bazel", """load("{rules}", "go_precompiled_modules")

package(default_visibility = ["//visibility:public"])

exports_files(["modules.txt", "src"])

go_precompiled_modules(
    name = "modules",
    src = "src",
    sources = {sources},
    import_path = {import_path},
    lock = {lock},
    list = {list},
    modules = {modules},
)
""".format(
        rules = absolute_label(Label("//tools/go/private:modules.bzl")),
        sources = repr(SOURCES),
        import_path = repr(_import_path(ctx)),
        lock = repr(_shown_path(ctx.attr.module)),
        list = repr(_shown_path(ctx.attr.srcs[0])),
        modules = repr(built_in),
    ))

go_modules = repository_rule(
    implementation = _go_modules_impl,
    doc = """Vendors what the Go sources of a workspace may import, by go.mod and go.sum: `@<name>//:modules`.

The module's own source is a list of imports, `import _ "google.golang.org/grpc"`: packages of modules, and those of
Go's own library that are worth compiling beforehand. One cacheable action compiles them all; the programs and tests of
the workspace start from there. Its path, `module example.com/shop`, is the prefix by which packages of the workspace
are imported: `example.com/shop/services/x`.

    go_modules(
        name = "go",
        srcs = ["//third_party/go:modules.go"],
        module = "//third_party/go:go.mod",
    )
""",
    attrs = MODULES_ATTRS,
)
