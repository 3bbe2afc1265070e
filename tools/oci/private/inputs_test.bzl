"""Tests of what Bazel knows of a target.

action_inputs_test: what its actions read, so that a cost does not grow with what it is about.
action_env_test: which variables they see, as these are in their keys.
written_test: what its analysis writes, likewise.
comes_with_test: what is there wherever it is used.
"""

load("//tools/ts/private:launcher.bzl", "shell_quote")

ActionInputsInfo = provider(
    doc = "The inputs of a target's own actions.",
    fields = {
        "inputs": "dict of mnemonic → list of path",
        "texts": "list of string: the files that its analysis writes",
        "variables": "dict of mnemonic → dict of name → value",
    },
)

def _action_inputs_impl(target, _ctx):
    inputs = {}
    variables = {}
    for action in target.actions:
        variables.setdefault(action.mnemonic, {}).update(action.env)
        known = inputs.setdefault(action.mnemonic, [])
        known.extend([file.short_path for file in action.inputs.to_list()])
    texts = [action.content for action in target.actions if action.mnemonic == "FileWrite" and action.content]
    return [ActionInputsInfo(inputs = inputs, texts = texts, variables = variables)]

_action_inputs = aspect(
    implementation = _action_inputs_impl,
    doc = "Collects what a target's own actions read.",
)

def _verdict(ctx, problems):
    """A program that prints the problems, and fails where there is one."""
    executable = ctx.actions.declare_file(ctx.label.name)
    lines = ["echo {} >&2".format(shell_quote(problem)) for problem in problems]
    ctx.actions.write(executable, "\n".join(["#!/bin/sh"] + lines + ["exit {}".format(1 if problems else 0)]) + "\n", is_executable = True)
    return [DefaultInfo(executable = executable)]

def _action_inputs_test_impl(ctx):
    inputs = ctx.attr.target[ActionInputsInfo].inputs
    problems = []
    for mnemonic in ctx.attr.mnemonics:
        if mnemonic not in inputs:
            problems.append("no action {} in {}, only {}".format(mnemonic, ctx.attr.target.label, ", ".join(sorted(inputs.keys()))))
        for path in inputs.get(mnemonic, []):
            if [end for end in ctx.attr.forbidden_suffixes if path.endswith(end)]:
                problems.append("{} reads {}".format(mnemonic, path))
    return _verdict(ctx, problems)

action_inputs_test = rule(
    implementation = _action_inputs_test_impl,
    doc = "Fails where an action of a target reads a file that it should do without, or where there is no such action.",
    attrs = {
        "forbidden_suffixes": attr.string_list(doc = "Ends of names that no input may have.", mandatory = True),
        "mnemonics": attr.string_list(doc = "The actions.", mandatory = True),
        "target": attr.label(doc = "The target.", mandatory = True, aspects = [_action_inputs]),
    },
    test = True,
)

def _action_env_test_impl(ctx):
    variables = ctx.attr.target[ActionInputsInfo].variables.get(ctx.attr.mnemonic, {})
    return _verdict(ctx, [
        "{} of {} has no {} in {}, only {}".format(ctx.attr.mnemonic, ctx.attr.target.label, part, name, variables)
        for name, parts in ctx.attr.variables.items()
        for part in parts
        if part not in variables.get(name, "")
    ])

action_env_test = rule(
    implementation = _action_env_test_impl,
    doc = "Fails where an action of a target lacks a variable, or a part of its value.",
    attrs = {
        "mnemonic": attr.string(doc = "The action.", mandatory = True),
        "target": attr.label(doc = "The target.", mandatory = True, aspects = [_action_inputs]),
        "variables": attr.string_list_dict(doc = "Name → what its value must have in it.", mandatory = True),
    },
    test = True,
)

def _written_test_impl(ctx):
    return _verdict(ctx, [
        "a file of {} has {} in it".format(ctx.attr.target.label, part)
        for part in ctx.attr.forbidden
        for text in ctx.attr.target[ActionInputsInfo].texts
        if part in text
    ])

written_test = rule(
    implementation = _written_test_impl,
    doc = "Fails where a file that a target writes in its analysis names something that belongs to what it needs.",
    attrs = {
        "forbidden": attr.string_list(doc = "What none of the files may have in it.", mandatory = True),
        "target": attr.label(doc = "The target.", mandatory = True, aspects = [_action_inputs]),
    },
    test = True,
)

def _comes_with_test_impl(ctx):
    info = ctx.attr.target[DefaultInfo]
    files = info.files.to_list() + info.default_runfiles.files.to_list()
    return _verdict(ctx, [] if [f for f in files if f.basename == ctx.attr.file] else [
        "{} is neither among the files nor among the runfiles of {}".format(ctx.attr.file, ctx.attr.target.label),
    ])

comes_with_test = rule(
    implementation = _comes_with_test_impl,
    doc = "Fails where a target is there without a certain file among its files or runfiles.",
    attrs = {
        "file": attr.string(doc = "The file's name without its folder.", mandatory = True),
        "target": attr.label(doc = "The target.", mandatory = True),
    },
    test = True,
)
