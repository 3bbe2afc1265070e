"""jsonnet_docs_test."""

load("//tools/lib/bzl:labels.bzl", "shown_label")
load(":golden.bzl", "GOLDEN_ATTRS", "TS_TOOLCHAIN_TYPE", "golden_test")

def _jsonnet_docs_test_impl(ctx):
    outcome = ctx.actions.declare_file(ctx.label.name + ".outcome.json")
    request = ctx.actions.declare_file(ctx.label.name + ".docs_request.json")
    ctx.actions.write(request, json.encode(struct(
        description = ctx.file.description.path,
        outcome = outcome.path,
        sources = [struct(name = f.short_path, path = f.path) for f in ctx.files.srcs],
        update = "bazel run {} -- --update".format(shown_label(ctx.label)),
    )))
    ctx.actions.run(
        mnemonic = "JsonnetDocs",
        progress_message = "Describing {}".format(ctx.label),
        executable = ctx.executable._docs,
        arguments = [request.path],
        inputs = [request, ctx.file.description] + ctx.files.srcs,
        outputs = [outcome],
    )
    return golden_test(
        ctx,
        outcome,
        canonicalizeGolden = False,
        error = 0,
        messageOnly = False,
        outputFileContents = True,
        regex = False,
        yamlStream = False,
    )

jsonnet_docs_test = rule(
    implementation = _jsonnet_docs_test_impl,
    doc = """Tests that a page about a Jsonnet library is what the sources say; `bazel run <test> -- --update` writes it.

The page has what `description` says of the library and its components, and the functions of `srcs`: those of each
object that a file returns, with the comment above them, which none may lack.

    jsonnet_docs_test(
        name = "docs_test",
        srcs = ["kubernetes.libsonnet"],
        description = "docs.json",
        golden = "//docs:jsonnet.md",
    )
""",
    attrs = dict(
        GOLDEN_ATTRS,
        description = attr.label(
            doc = "A JSON file {title, intro: [text], components: [{kind, doc, notes, parameters, roles}]}.",
            mandatory = True,
            allow_single_file = [".json"],
        ),
        srcs = attr.label_list(doc = "The libraries whose functions are told of.", allow_files = [".libsonnet"]),
        _docs = attr.label(default = "//tools/jsonnet/docs", executable = True, cfg = "exec"),
    ),
    test = True,
    toolchains = [TS_TOOLCHAIN_TYPE],
)
