"""prometheus_metrics_test and prometheus_rule_test."""

load("//tools/lib/bzl:labels.bzl", "shown_label")
load("//tools/lib/bzl:paths.bzl", "workspace_path")
load("//tools/ts/private:compile.bzl", "rlocation")
load("//tools/ts/private:launcher.bzl", "create_launcher", "runfile_argument")
load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")

_ATTRS = {
    "metrics": attr.label_list(
        doc = "Lists of what is exposed: `metrics.txt` of services, a line for each metric with its labels.",
        allow_files = [".txt"],
    ),
    "runbook_bases": attr.string_list(
        doc = "Where the pages of the repository are, as `runbooks` of environments says: what alerts and dashboards name below it is one of `runbooks`, too.",
    ),
    "runbooks": attr.label_list(
        doc = "The pages that alerts and dashboards name by their path in the repository.",
        allow_files = [".md"],
    ),
    "_cluster_metrics": attr.label(
        doc = "What Prometheus itself, the kubelet and the exporters of a cluster expose.",
        default = "//tools/monitoring:cluster_metrics",
    ),
    "_program": attr.label(default = "//tools/monitoring:test"),
    "_promtool": attr.label(
        doc = "Says what Prometheus itself takes.",
        default = "@prometheus//:promtool",
        allow_single_file = True,
    ),
}

def _described(ctx, files):
    return [struct(file = workspace_path(file), path = rlocation(ctx, file)) for file in files]

def _test(ctx, sources, checked, tests = []):
    request = ctx.actions.declare_file(ctx.label.name + ".monitoring.json")
    metrics = ctx.files.metrics + ctx.files._cluster_metrics
    ctx.actions.write(request, json.encode(struct(
        isMetricsChecked = checked,
        label = shown_label(ctx.label),
        metrics = _described(ctx, metrics),
        promtool = rlocation(ctx, ctx.file._promtool),
        runbookBases = [base for base in ctx.attr.runbook_bases if base],
        runbooks = _described(ctx, ctx.files.runbooks),
        sources = _described(ctx, sources),
        tests = _described(ctx, tests),
    )))
    files = [request] + sources + metrics + tests + ctx.files.runbooks + [ctx.file._promtool]
    launcher = create_launcher(
        ctx,
        ctx.label.name,
        [file for file in ctx.files._program if file.extension == "mjs"][0],
        arguments = [runfile_argument(rlocation(ctx, request))],
        runfiles = ctx.runfiles(files = files),
    )
    return [DefaultInfo(executable = launcher.executable, runfiles = launcher.runfiles)]

def _prometheus_metrics_test_impl(ctx):
    return _test(ctx, ctx.files.objects, True)

prometheus_metrics_test = rule(
    implementation = _prometheus_metrics_test_impl,
    doc = """Tests that rules and dashboards ask for what is there.

Prometheus' own parser, in promtool, takes every rule and every query; every metric in it, and every label that chooses or
groups series, is in one of the lists, or is recorded by a rule beside it; monitors select a Service, or pods; dashboards have no
unknown fields, and panels different titles; runbooks exist, and so do the panels to which alerts lead.

    prometheus_metrics_test(
        name = "monitoring_test",
        metrics = ["metrics.txt"],
        objects = [":myns"],
        runbooks = ["//docs/runbooks:web.md"],
    )

The macro `service` makes one for each service that is watched. promtool is compiled with Prometheus, in one action: the
first time it takes minutes, unless a cache has it from `./fathom up` or from somebody else; each test then takes a moment.
""",
    attrs = dict(
        _ATTRS,
        objects = attr.label_list(
            doc = "What is rendered: stacks, manifests, files of rules.",
            allow_files = [".json", ".yaml", ".yml"],
            mandatory = True,
        ),
    ),
    test = True,
    toolchains = [TOOLCHAIN_TYPE],
)

def _prometheus_rule_test_impl(ctx):
    return _test(ctx, ctx.files.rules, bool(ctx.files.metrics), ctx.files.tests)

prometheus_rule_test = rule(
    implementation = _prometheus_rule_test_impl,
    doc = """Tests rules by promtool: that they are rules, and that they fire when they should.

    prometheus_rule_test(
        name = "rules_test",
        metrics = ["metrics.txt"],
        rules = [":myns"],
        tests = ["rules_test.yaml"],
    )

A test file is [one of promtool's](https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/): series
that are given, and what is expected of alerts and expressions. Its `rule_files` is filled in; it must expect something, and
name alerts that there are. With `metrics`, what prometheus_metrics_test tests is tested as well; with `runbooks` alone, that
they are there, and have a part for each alert.
""",
    attrs = dict(
        _ATTRS,
        rules = attr.label_list(
            doc = "What has rules: stacks and manifests with PrometheusRules, files of rules.",
            allow_files = [".json", ".yaml", ".yml"],
            mandatory = True,
        ),
        tests = attr.label_list(doc = "Test files of promtool.", allow_files = [".yaml", ".yml"]),
    ),
    test = True,
    toolchains = [TOOLCHAIN_TYPE],
)
