"""The rule behind k8s_manifests_test: an action checks manifests, the test says what it found."""

load("//tools/k8s:providers.bzl", "K8sObjectInfo", "K8sStackInfo")
load("//tools/lib/bzl:labels.bzl", "shown_label")
load("//tools/lib/bzl:paths.bzl", "workspace_path")
load("//tools/lib/bzl:worker.bzl", "worker_args", "worker_requirements")
load("//tools/ts/private:compile.bzl", "rlocation")
load("//tools/ts/private:launcher.bzl", "create_launcher", "runfile_argument")
load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load(":schema_index.bzl", "KubernetesSchemasInfo")

_EXTENSIONS = ["json", "yaml", "yml"]

_ManifestsInfo = provider(
    doc = "The manifests of objects and stacks, those of nested stacks included.",
    fields = {"manifests": "depset of struct(label = string, file = string, json = File)"},
)

def _manifests_aspect_impl(target, ctx):
    own = []
    if K8sObjectInfo in target:
        own = [struct(
            label = shown_label(target.label),
            file = workspace_path(ctx.rule.file.template),
            json = target[K8sObjectInfo].json,
        )]
    nested = getattr(ctx.rule.attr, "objects", []) if K8sStackInfo in target else []
    return [_ManifestsInfo(manifests = depset(
        own,
        transitive = [one[_ManifestsInfo].manifests for one in nested if _ManifestsInfo in one],
        order = "postorder",
    ))]

_manifests_aspect = aspect(
    implementation = _manifests_aspect_impl,
    doc = "Collects the manifests of stacks, each with the file that it was made of.",
    attr_aspects = ["objects"],
)

def _sources(ctx, targets, attribute):
    """The manifests of targets: [struct(label, file, json)]; `label` is empty for plain files."""
    stacks = [target[_ManifestsInfo].manifests for target in targets if K8sStackInfo in target]
    sources = depset(transitive = stacks, order = "postorder").to_list()
    for target in targets:
        if K8sStackInfo in target:
            continue
        for file in target.files.to_list():
            if file.extension not in _EXTENSIONS:
                fail("{}: '{}' must name objects, stacks and manifests, got {}. Name .json or .yaml files.".format(ctx.label, attribute, file.short_path))
            sources.append(struct(label = "", file = workspace_path(file), json = file))
    return sources

def _described(sources):
    """What check_main.ts reads of sources."""
    return [struct(label = source.label, file = source.file, path = source.json.path) for source in sources]

def _manifests_test_impl(ctx):
    schemas = ctx.attr.schemas[KubernetesSchemasInfo]
    manifests = _sources(ctx, ctx.attr.objects, "objects")
    crds = _sources(ctx, ctx.attr.crds, "crds")
    params = ctx.actions.declare_file(ctx.label.name + ".check.json")
    report = ctx.actions.declare_file(ctx.label.name + ".report.json")
    ctx.actions.write(params, json.encode(struct(
        crds = _described(crds),
        environments = ctx.attr.environment_versions,
        index = schemas.index.path,
        label = shown_label(ctx.label),
        manifests = _described(manifests),
        validators = schemas.validators.path,
        version = ctx.attr.kubernetes_version,
    )))
    args = worker_args(ctx)
    args.add(params)
    args.add(report)
    ctx.actions.run(
        mnemonic = "K8sCheck",
        progress_message = "Checking manifests of {}".format(shown_label(ctx.label)),
        executable = ctx.executable._check,
        arguments = [args],
        inputs = [params, schemas.index, schemas.validators] + [source.json for source in manifests + crds],
        outputs = [report],
        execution_requirements = worker_requirements("K8sCheck"),
    )
    launcher = create_launcher(
        ctx,
        ctx.label.name,
        [file for file in ctx.files._report if file.extension == "mjs"][0],
        arguments = [runfile_argument(rlocation(ctx, report))],
        runfiles = ctx.runfiles(files = [report]),
    )
    return [DefaultInfo(
        executable = launcher.executable,
        files = depset([launcher.executable, report]),
        runfiles = launcher.runfiles,
    )]

manifests_test = rule(
    implementation = _manifests_test_impl,
    doc = "Checks manifests; the macro k8s_manifests_test documents it.",
    attrs = {
        "crds": attr.label_list(doc = "Objects, stacks and manifests whose CustomResourceDefinitions are known as well.", allow_files = True, aspects = [_manifests_aspect]),
        "environment_versions": attr.string_dict(doc = "Environment → release of its cluster, `1.34`."),
        "kubernetes_version": attr.string(doc = "The release of all clusters. Default: that of the environment."),
        "objects": attr.label_list(doc = "Objects, stacks and manifests.", allow_files = True, aspects = [_manifests_aspect], mandatory = True),
        "schemas": attr.label(doc = "A kubernetes_schemas.", default = "//tools/k8s/schema:kubernetes", providers = [KubernetesSchemasInfo]),
        "_check": attr.label(default = "//tools/k8s/schema:check", cfg = "exec", executable = True),
        "_report": attr.label(default = "//tools/k8s/schema:report"),
    },
    test = True,
    toolchains = [TOOLCHAIN_TYPE],
)
