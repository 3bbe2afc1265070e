"""Tests of what a build refuses, and of Starlark functions."""

load("//tools/ts/private:launcher.bzl", "shell_quote")

def _analysis_failure_test_impl(ctx):
    # What has another configuration is a list, also of one.
    target = ctx.attr.target[0] if type(ctx.attr.target) == "list" else ctx.attr.target
    if AnalysisFailureInfo not in target:
        return [AnalysisTestResultInfo(success = False, message = "{} was analysed without an error".format(target.label))]
    message = "\n".join([cause.message for cause in target[AnalysisFailureInfo].causes.to_list()])
    missing = [text for text in ctx.attr.texts if text not in message]
    return [AnalysisTestResultInfo(
        success = not missing,
        message = "the error must have '{}', but is:\n{}".format("', '".join(missing), message),
    )]

analysis_failure_test = rule(
    implementation = _analysis_failure_test_impl,
    doc = "Fails where the analysis of a target does not, or fails in other words.",
    attrs = {
        "target": attr.label(
            doc = "The target; tagged `manual`, as nothing else may analyse it.",
            cfg = analysis_test_transition(settings = {"//command_line_option:allow_analysis_failures": True}),
            mandatory = True,
        ),
        "texts": attr.string_list(doc = "What the error must say.", mandatory = True),
    },
    analysis_test = True,
    test = True,
)

def _expectations_test_impl(ctx):
    executable = ctx.actions.declare_file(ctx.label.name)
    lines = ["printf '%s\\n' {} >&2".format(shell_quote(problem)) for problem in ctx.attr.problems]
    ctx.actions.write(executable, "\n".join(["#!/bin/sh"] + lines + ["exit {}".format(1 if lines else 0)]) + "\n", is_executable = True)
    return [DefaultInfo(executable = executable)]

expectations_test = rule(
    implementation = _expectations_test_impl,
    doc = "Fails where there are problems: what a macro found when it called functions under test.",
    attrs = {"problems": attr.string_list(doc = "What was found.", mandatory = True)},
    test = True,
)
