"""jsonnet_to_json, and its test."""

load("//tools/lib/bzl:worker.bzl", "worker_args", "worker_requirements")
load(":golden.bzl", "GOLDEN_ATTRS", "TS_TOOLCHAIN_TYPE", "golden_test")
load(":library.bzl", "JSONNET_EXTENSIONS", "LIBRARY_ATTRS", "library_info")
load(":request.bzl", "VARIABLE_ATTRS", "write_request")
load(":toolchain.bzl", "TOOLCHAIN_TYPE")

_ATTRS = dict(
    dict(LIBRARY_ATTRS, **VARIABLE_ATTRS),
    src = attr.label(doc = "The program.", mandatory = True, allow_single_file = JSONNET_EXTENSIONS),
    yaml_stream = attr.bool(doc = "Whether the value is an array, and its elements become the documents of a YAML stream.", default = False),
    _render = attr.label(default = "//tools/jsonnet:render", executable = True, cfg = "exec"),
)

def _run(ctx, request, info, outputs):
    args = worker_args(ctx)
    args.add(request.file)
    ctx.actions.run(
        mnemonic = "Jsonnet",
        progress_message = "Rendering {}".format(ctx.label),
        executable = ctx.executable._render,
        tools = [request.evaluator] if request.evaluator else [],
        execution_requirements = worker_requirements("Jsonnet") if request.evaluator else {},
        arguments = [args],
        inputs = depset(request.inputs + [ctx.file.src], transitive = [info.files]),
        outputs = outputs,
        use_default_shell_env = request.uses_env,
    )

def _jsonnet_to_json_impl(ctx):
    info = library_info(ctx, [])
    if ctx.attr.out_dir:
        if ctx.outputs.outs or ctx.attr.multiple_outputs:
            fail("{}: 'out_dir' must stand alone, got 'outs' or 'multiple_outputs' beside it. Leave those out.".format(ctx.label))
        folder = ctx.actions.declare_directory(ctx.attr.out_dir)
        outputs = [folder]
        output = struct(kind = "folder", path = folder.path)
    elif not ctx.outputs.outs:
        fail("{}: 'outs' must name what is rendered, got nothing. Name a file, or set 'out_dir'.".format(ctx.label))
    elif ctx.attr.multiple_outputs or len(ctx.outputs.outs) > 1:
        outputs = ctx.outputs.outs
        root = outputs[0].dirname + "/"
        for file in outputs:
            if not file.path.startswith(root):
                fail("{}: 'outs' must be in the folder of the first, got {}.".format(ctx.label, file.short_path))
        output = struct(kind = "files", files = [struct(key = f.path[len(root):], path = f.path) for f in outputs])
    else:
        outputs = ctx.outputs.outs
        output = struct(kind = "file", path = outputs[0].path)
    request = write_request(ctx, ctx.label.name + ".jsonnet_request.json", info, output)
    _run(ctx, request, info, outputs)
    return [DefaultInfo(files = depset(outputs), runfiles = ctx.runfiles(files = outputs))]

jsonnet_to_json = rule(
    implementation = _jsonnet_to_json_impl,
    doc = """Renders a Jsonnet program to one or several files.

With one of `outs` the value goes into it as JSON (or as a YAML stream). With several, or with `multiple_outputs`, the
value is an object whose fields are the files' names, relative to the folder of the first; a field without a file, or
a file without a field, fails the build. With `out_dir` the fields become the files of a folder.

    jsonnet_to_json(
        name = "manifests",
        src = "redis.jsonnet",
        outs = ["redis.json"],
        tla_code = {"replicas": "1"},
        deps = ["@fathom//jsonnet"],
    )
""",
    attrs = dict(
        _ATTRS,
        hint = attr.string(doc = "What helps whoever reads an error of the program, a sentence."),
        multiple_outputs = attr.bool(doc = "Whether the value's fields become files although `outs` has only one.", default = False),
        out_dir = attr.string(doc = "A folder for the value's fields, instead of `outs`."),
        outs = attr.output_list(doc = "The files."),
    ),
    toolchains = [TOOLCHAIN_TYPE],
)

def _jsonnet_to_json_test_impl(ctx):
    info = library_info(ctx, [])
    outcome = ctx.actions.declare_file(ctx.label.name + ".outcome.json")
    output = struct(kind = "outcome", multiple = ctx.attr.multiple_outputs)
    request = write_request(ctx, ctx.label.name + ".jsonnet_request.json", info, output, capture = outcome)
    _run(ctx, request, info, [outcome])
    return golden_test(
        ctx,
        outcome,
        canonicalizeGolden = ctx.attr.canonicalize_golden,
        error = ctx.attr.error,
        messageOnly = ctx.attr.message_only,
        outputFileContents = ctx.attr.output_file_contents,
        regex = ctx.attr.regex,
        yamlStream = ctx.attr.yaml_stream,
    )

jsonnet_to_json_test = rule(
    implementation = _jsonnet_to_json_test_impl,
    doc = """Tests what a Jsonnet program renders, or how it fails.

With `golden`, the output equals that file; `bazel run <test> -- --update` writes the file anew. With `error`, the
program fails with that exit code, and `golden` holds the message (with `regex`, an expression that the output matches).

    jsonnet_to_json_test(
        name = "redis_test",
        size = "small",
        src = "redis.jsonnet",
        golden = "redis.golden.json",
        tla_code = {"replicas": "1"},
        deps = ["@fathom//jsonnet"],
    )

    jsonnet_to_json_test(
        name = "no_replicas_test",
        size = "small",
        src = "redis.jsonnet",
        error = 1,
        golden = "no_replicas.golden.txt",
        message_only = True,
        tla_code = {"replicas": "0"},
        deps = ["@fathom//jsonnet"],
    )
""",
    attrs = dict(
        dict(_ATTRS, **GOLDEN_ATTRS),
        canonicalize_golden = attr.bool(doc = "Whether the golden file is JSON that may be formatted in any way.", default = True),
        error = attr.int(doc = "The exit code. 1: the program fails.", default = 0),
        message_only = attr.bool(doc = "With `error`: whether `golden` holds the message alone, without the places in the sources.", default = False),
        multiple_outputs = attr.bool(doc = "Whether the value's fields are files.", default = False),
        output_file_contents = attr.bool(doc = "With several outputs: whether to compare their contents, or only their names.", default = True),
        regex = attr.bool(doc = "Whether the golden file is a regular expression.", default = False),
    ),
    test = True,
    toolchains = [TOOLCHAIN_TYPE, TS_TOOLCHAIN_TYPE],
)
