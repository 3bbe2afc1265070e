"""Golden files of stacks: what is deployed, checked in, so that a review shows what a change does to it."""

load("//tools/k8s:providers.bzl", "K8sStackInfo")
load("//tools/lib/bzl:labels.bzl", "shown_label")
load("//tools/ts/private:compile.bzl", "rlocation")
load("//tools/ts/private:launcher.bzl", "create_launcher", "runfile_argument", "shell_quote")
load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")

_GoldenInfo = provider(
    doc = "Golden files and what they should hold.",
    fields = {
        "files": "depset of File: golden files and rendered manifests",
        "goldens": "depset of struct(stack, path, update, golden, manifests = tuple of string)",
        "stray": "depset of struct(path, update): golden files of no stack",
    },
)

def _short_path(file):
    return file.short_path

def _own_goldens(ctx, update):
    """_GoldenInfo of this target's own stacks. `update` is the command that writes their files."""
    found = {file.short_path: file for file in ctx.files.goldens}
    goldens = []
    files = list(ctx.files.goldens)
    for target, path in ctx.attr.stacks.items():
        path = ctx.label.package + "/" + path if ctx.label.package else path

        # By name: a manifest that moves in a BUILD file changes nothing.
        manifests = sorted(target[K8sStackInfo].yamls.to_list(), key = _short_path)
        golden = found.pop(path, None)
        files += manifests
        goldens.append(struct(
            golden = rlocation(ctx, golden) if golden else "",
            manifests = tuple([rlocation(ctx, file) for file in manifests]),
            path = path,
            stack = shown_label(target.label),
            update = update,
        ))
    return _GoldenInfo(
        files = depset(files),
        goldens = depset(goldens),
        stray = depset([struct(path = path, update = update) for path in found]),
    )

def _launch(ctx, info, arguments):
    request = ctx.actions.declare_file(ctx.label.name + ".golden.json")
    ctx.actions.write(request, json.encode(struct(
        goldens = [
            struct(
                golden = golden.golden,
                manifests = list(golden.manifests),
                path = golden.path,
                stack = golden.stack,
                update = golden.update,
            )
            for golden in info.goldens.to_list()
        ],
        label = shown_label(ctx.label),
        stray = info.stray.to_list(),
    )))
    launcher = create_launcher(
        ctx,
        ctx.label.name,
        [file for file in ctx.files._golden if file.extension == "mjs"][0],
        arguments = [runfile_argument(rlocation(ctx, request))] + arguments,
        runfiles = ctx.runfiles(files = [request], transitive_files = info.files),
    )
    return DefaultInfo(executable = launcher.executable, runfiles = launcher.runfiles)

def _golden_test_impl(ctx):
    return [_launch(ctx, _own_goldens(ctx, "bazel run " + ctx.attr.update), [])]

_ATTRS = {
    "goldens": attr.label_list(doc = "The golden files that there are.", allow_files = True),
    "stacks": attr.label_keyed_string_dict(doc = "k8s_object or k8s_objects → its golden file, relative to the package.", providers = [K8sStackInfo]),
    "_golden": attr.label(default = "//tools/k8s:golden"),
}

golden_test = rule(
    implementation = _golden_test_impl,
    doc = "Compares the manifests of stacks with golden files; the macro k8s_golden_test documents it.",
    attrs = dict(
        _ATTRS,
        update = attr.string(doc = "The target that writes the golden files.", mandatory = True),
    ),
    test = True,
    toolchains = [TOOLCHAIN_TYPE],
)

def _update_goldens_impl(ctx):
    own = _own_goldens(ctx, "bazel run " + shown_label(ctx.label))
    others = [target[_GoldenInfo] for target in ctx.attr.deps]
    info = _GoldenInfo(
        files = depset(transitive = [own.files] + [other.files for other in others]),
        goldens = depset(transitive = [own.goldens] + [other.goldens for other in others]),
        stray = depset(transitive = [own.stray] + [other.stray for other in others]),
    )
    return [info, _launch(ctx, info, [shell_quote("--update")])]

k8s_update_goldens = rule(
    implementation = _update_goldens_impl,
    doc = """Run, writes golden files anew: those of `stacks`, and those of other targets of this rule.

    k8s_update_goldens(
        name = "update_goldens",
        deps = ["//services/redis:update_goldens", "//services/web:update_goldens"],
    )
""",
    attrs = dict(
        _ATTRS,
        deps = attr.label_list(doc = "Other targets of this rule, whose files are written as well.", providers = [_GoldenInfo]),
    ),
    executable = True,
    toolchains = [TOOLCHAIN_TYPE],
)
