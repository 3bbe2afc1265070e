"""The request that the rendering tool gets: one JSON file that says all."""

load("//tools/lib/bzl:labels.bzl", "shown_label")

_EXT_STR = "ext-str"
_EXT_CODE = "ext-code"
_TLA_STR = "tla-str"
_TLA_CODE = "tla-code"

def _strings(names):
    return {name: attr.string_dict(doc = doc) for name, doc in names.items()}

def _lists(names):
    return {name: attr.string_list(doc = doc) for name, doc in names.items()}

VARIABLE_ATTRS = dict(
    dict(
        _strings({
            "code_vars": "Deprecated name of ext_code.",
            "ext_code": "External variables: name → Jsonnet code. A value that is `$(NAME)`, and nothing else, is one of Bazel's variables.",
            "ext_strs": "External variables: name → text. A value that is `$(NAME)`, and nothing else, is one of Bazel's variables.",
            "tla_code": "Top-level arguments: name → Jsonnet code. A value that is `$(NAME)`, and nothing else, is one of Bazel's variables.",
            "tla_strs": "Top-level arguments: name → text. A value that is `$(NAME)`, and nothing else, is one of Bazel's variables.",
            "vars": "Deprecated name of ext_strs.",
        }),
        **_lists({
            "ext_code_envs": "Names of environment variables (`--action_env`) that become external variables, as code.",
            "ext_code_file_vars": "The names of ext_code_files, in their order.",
            "ext_str_envs": "Names of environment variables (`--action_env`) that become external variables, as text.",
            "ext_str_file_vars": "The names of ext_str_files, in their order.",
            "extra_args": "Further arguments of the Jsonnet program.",
            "stamp_keys": "Names of variables and arguments in whose values `{KEY}` is replaced by the workspace status.",
            "tla_code_envs": "Names of environment variables that become top-level arguments, as code.",
            "tla_str_envs": "Names of environment variables that become top-level arguments, as text.",
        })
    ),
    ext_code_files = attr.label_list(doc = "Files of Jsonnet code or JSON that become external variables, named by ext_code_file_vars.", allow_files = True),
    ext_str_files = attr.label_list(doc = "Files whose text becomes external variables, named by ext_str_file_vars.", allow_files = True),
    tla_code_files = attr.label_keyed_string_dict(doc = "Top-level arguments: file of Jsonnet code or JSON → name.", allow_files = True),
    tla_str_files = attr.label_keyed_string_dict(doc = "Top-level arguments: file → name.", allow_files = True),
)

_NAME_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

# Where a text that looks like a variable can be written as code.
_CODE_OF = {"ext_strs": "ext_code", "tla_strs": "tla_code", "vars": "code_vars"}

def _expand(ctx, attribute, name, value):
    """The value of Bazel's make variable where the value is `$(NAME)`, and nothing else is; otherwise the value itself.

    `$(…)` within a text is what Kubernetes and shells write for variables of their own.
    """
    variable = value[len("$("):-1]
    if not value.startswith("$(") or not value.endswith(")") or not variable or [c for c in variable.elems() if c not in _NAME_LETTERS]:
        return value
    if variable not in ctx.var:
        fail("{}: '{}' must use make variables that exist, got {} in {}. Define it with --define or a toolchain; where the text itself is meant, write '\"{}\"' in {}.".format(ctx.label, attribute, value, name, value, _CODE_OF.get(attribute, attribute)))
    return ctx.var[variable]

def _values(ctx, flag, attributes):
    values = []
    for attribute in attributes:
        for name, value in getattr(ctx.attr, attribute).items():
            values.append(struct(
                flag = flag,
                name = name,
                value = _expand(ctx, attribute, name, value),
                stamp = name in ctx.attr.stamp_keys,
            ))
    return values

def _one_file(ctx, attribute, target):
    files = target[DefaultInfo].files.to_list()
    if len(files) != 1:
        fail("{}: '{}' must name targets of one file each, got {} with {}.".format(ctx.label, attribute, target.label, len(files)))
    return files[0]

def _listed_files(ctx, flag, attribute, names_attribute):
    targets = getattr(ctx.attr, attribute)
    names = getattr(ctx.attr, names_attribute)
    if len(targets) != len(names):
        fail("{}: '{}' must have one name for each of '{}', got {} for {}.".format(ctx.label, names_attribute, attribute, len(names), len(targets)))
    return [(flag, name, _one_file(ctx, attribute, target)) for target, name in zip(targets, names)]

def write_request(ctx, name, info, output, capture = None):
    """Declares the request of one rendering.

    Args:
      ctx: the rule's context, with VARIABLE_ATTRS, `src` and `yaml_stream`.
      name: string: the request's file name.
      info: JsonnetLibraryInfo of the source.
      output: struct: what the tool writes, see request.ts.
      capture: File or None: gets the outcome as JSON, a failure included.

    Returns:
      struct(file, inputs = list of File, uses_env = bool, evaluator = FilesToRunProvider or None: what may evaluate it).
    """
    toolchain = ctx.toolchains["@fathom//tools/jsonnet:toolchain_type"].jsonnet
    values = (
        _values(ctx, _EXT_STR, ["ext_strs", "vars"]) + _values(ctx, _EXT_CODE, ["ext_code", "code_vars"]) +
        _values(ctx, _TLA_STR, ["tla_strs"]) + _values(ctx, _TLA_CODE, ["tla_code"])
    )
    envs = [
        struct(flag = flag, name = variable)
        for flag, names in [
            (_EXT_STR, ctx.attr.ext_str_envs),
            (_EXT_CODE, ctx.attr.ext_code_envs),
            (_TLA_STR, ctx.attr.tla_str_envs),
            (_TLA_CODE, ctx.attr.tla_code_envs),
        ]
        for variable in names
    ]
    files = (
        _listed_files(ctx, _EXT_STR, "ext_str_files", "ext_str_file_vars") +
        _listed_files(ctx, _EXT_CODE, "ext_code_files", "ext_code_file_vars") +
        [(_TLA_STR, variable, _one_file(ctx, "tla_str_files", target)) for target, variable in ctx.attr.tla_str_files.items()] +
        [(_TLA_CODE, variable, _one_file(ctx, "tla_code_files", target)) for target, variable in ctx.attr.tla_code_files.items()]
    )
    known = {value.name: True for value in values}
    for key in ctx.attr.stamp_keys:
        if key not in known:
            fail("{}: 'stamp_keys' must name variables or arguments of this target, got {}.".format(ctx.label, key))
    status = [ctx.info_file, ctx.version_file] if ctx.attr.stamp_keys else []

    # A program that is already running has another environment, and no command line; streams are an option of that.
    evaluator = None if envs or ctx.attr.yaml_stream or ctx.attr.extra_args else toolchain.evaluator
    file = ctx.actions.declare_file(name)
    ctx.actions.write(file, json.encode(struct(
        hint = getattr(ctx.attr, "hint", ""),
        label = shown_label(ctx.label),
        compiler = toolchain.compiler.path,
        evaluator = evaluator.executable.path if evaluator else "",
        source = ctx.file.src.path,
        importPaths = info.import_paths.to_list(),
        values = values,
        envs = envs,
        files = [struct(flag = flag + "-file", name = variable, path = f.path) for flag, variable, f in files],
        statusFiles = [f.path for f in status],
        yamlStream = ctx.attr.yaml_stream,
        extraArgs = ctx.attr.extra_args,
        output = output,
        capture = capture.path if capture else "",
    )))
    return struct(
        file = file,
        inputs = [file, toolchain.compiler] + status + [f for _, _, f in files],
        uses_env = bool(envs),
        evaluator = evaluator,
    )
