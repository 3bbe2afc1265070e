"""Golden files: the test that compares with one, and the target that writes many anew."""

load("//tools/jsonnet:providers.bzl", "JsonnetGoldenInfo")
load("//tools/lib/bzl:labels.bzl", "shown_label")
load("//tools/ts/private:compile.bzl", "rlocation")
load("//tools/ts/private:launcher.bzl", "LAUNCHER_ATTRS", "create_launcher", "runfile_argument", "shell_quote")

TS_TOOLCHAIN_TYPE = "@fathom//tools/ts:toolchain_type"

GOLDEN_ATTRS = dict(
    LAUNCHER_ATTRS,
    golden = attr.label(doc = "The expected output or message.", allow_single_file = True),
    _compare = attr.label(default = "//tools/jsonnet:compare"),
)

def _launch(ctx, files, runfiles, more = []):
    program = [f for f in ctx.files._compare if f.basename.endswith(".mjs")][0]
    return create_launcher(
        ctx,
        ctx.label.name,
        program,
        arguments = [runfile_argument(rlocation(ctx, file)) for file in files] + more,
        env = {"FATHOM_TARGET": shell_quote(shown_label(ctx.label))},
        runfiles = runfiles,
    )

def golden_test(ctx, outcome, **expectation):
    """What a test returns that compares an outcome with a golden file.

    Args:
      ctx: the rule's context, with GOLDEN_ATTRS and the ts toolchain.
      outcome: File: an Outcome of request.ts, as JSON.
      **expectation: the fields of Expectation in compare.ts.

    Returns:
      list of providers.
    """
    golden = ctx.file.golden
    expected = ctx.actions.declare_file(ctx.label.name + ".expected.json")
    ctx.actions.write(expected, json.encode(struct(
        golden = rlocation(ctx, golden) if golden else "",
        goldenSource = golden.short_path if golden and golden.is_source else "",
        target = shown_label(ctx.label),
        **expectation
    )))
    arguments = [expected, outcome]
    files = arguments + ([golden] if golden else [])
    launcher = _launch(ctx, arguments, ctx.runfiles(files = files))
    return [
        DefaultInfo(executable = launcher.executable, runfiles = launcher.runfiles),
        JsonnetGoldenInfo(arguments = arguments, files = files),
    ]

def _update_goldens_impl(ctx):
    tests = [test[JsonnetGoldenInfo] for test in ctx.attr.tests]
    launcher = _launch(
        ctx,
        [file for test in tests for file in test.arguments],
        ctx.runfiles(files = [file for test in tests for file in test.files]),
        [shell_quote("--update")],
    )
    return [DefaultInfo(executable = launcher.executable, runfiles = launcher.runfiles)]

jsonnet_update_goldens = rule(
    implementation = _update_goldens_impl,
    doc = """Run, writes the golden files of tests anew, and says which have changed.

    jsonnet_update_goldens(
        name = "update_goldens",
        tests = [":web_test", ":fails_test"],
    )
""",
    attrs = dict(
        LAUNCHER_ATTRS,
        tests = attr.label_list(doc = "jsonnet_to_json_test and jsonnet_docs_test targets.", providers = [JsonnetGoldenInfo]),
        _compare = attr.label(default = "//tools/jsonnet:compare"),
    ),
    executable = True,
    toolchains = [TS_TOOLCHAIN_TYPE],
)
