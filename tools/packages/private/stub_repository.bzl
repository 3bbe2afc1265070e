"""Stand-ins for repositories that Bazel 4.2's own packages load, and would otherwise download."""

def _stub_repository_impl(ctx):
    for path, content in ctx.attr.files.items():
        ctx.file(path, content)

stub_repository = repository_rule(
    implementation = _stub_repository_impl,
    doc = "A repository of a few given files.",
    attrs = {"files": attr.string_dict(doc = "Path → content.", mandatory = True)},
)

_NATIVE = {
    "rules_cc": ("cc/defs.bzl", [
        "cc_binary",
        "cc_import",
        "cc_library",
        "cc_proto_library",
        "cc_test",
        "cc_toolchain",
        "cc_toolchain_suite",
        "objc_library",
    ]),
    "rules_java": ("java/defs.bzl", [
        "java_binary",
        "java_import",
        "java_library",
        "java_proto_library",
        "java_runtime",
        "java_test",
        "java_toolchain",
    ]),
    "rules_proto": ("proto/defs.bzl", [
        "proto_lang_toolchain",
        "proto_library",
    ]),
}

def stub_repositories():
    """Declares stand-ins where the rules that they re-export are native; where Bazel brings these repositories, nothing."""

    # This function came after 6.0; the version itself is not known to a distribution's Bazel.
    if hasattr(native, "package_relative_label"):
        return
    for name, (path, rules) in _NATIVE.items():
        if native.existing_rule(name):
            continue
        lines = ["\"\"\"The native rules under the names that newer Bazels load them by.\"\"\"\n"]
        lines += ["{} = native.{}".format(rule, rule) for rule in rules]
        stub_repository(name = name, files = {
            path: "\n".join(lines) + "\n",
            path.split("/")[0] + "/BUILD.bazel": "",
        })
    if not native.existing_rule("remote_coverage_tools"):
        # Resolved for every test rule, though coverage is not collected.
        stub_repository(name = "remote_coverage_tools", files = {
            "BUILD.bazel": "filegroup(name = \"coverage_report_generator\", visibility = [\"//visibility:public\"])\n",
        })
