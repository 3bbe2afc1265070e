"""registry_gc: deletes the images of a cluster's own registry that nothing needs any more."""

load("//tools/k8s:providers.bzl", "K8sPinsInfo", "K8sStackInfo")
load("//tools/ts/private:launcher.bzl", "create_launcher", "runfile_argument", "shell_quote")
load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load(":verb.bzl", "runfiles_path")

_DOC = """Deletes the images of a registry in a cluster that nothing needs any more, and their blobs.

    bazel run //prod:registry.gc -- --dry-run

Behavior: what is in use is asked of the API server (pods, what makes pods, the last ten revisions of all stacks) and
read from the `pins` of the checkout. Where any of it cannot be read, nothing is deleted. The registry works on while
manifests are deleted; for its blobs it is started anew, read-only, and then as it was. A run that was killed is mended by
the next one, and by an apply of `stack`. docs/clusters.md tells more.

The registry is that of the CNCF distribution project, from `@fathom//prod/images/registry`, whose program lists what
it holds: a Deployment with one pod, the strategy Recreate, deletion enabled, no cache of its storage, and `config` among
the arguments of its container.

Usage, after `--`: `--dry-run`; `--keep-younger-than 24h`; `--keep-tagged`; `--output=json`; `--wait-lock 5m`, for the runs
of others; `--timeout 5m`, for each start of the registry; `--kubeconfig`, `--context` and `--yes` as for verbs.

    registry_gc(
        name = "registry.gc",
        pins = ["//services/redis:pins", "//services/web:pins"],
        registry = "registry.example.com",
        stack = ":registry",
    )
"""

def _registry_gc_impl(ctx):
    stack = ctx.attr.stack[K8sStackInfo]
    services = [target[K8sPinsInfo].description for target in ctx.attr.pins]
    settings = {
        "config": ctx.attr.config,
        "deployment": ctx.attr.deployment,
        "program": ctx.attr.program,
        "read-only-config": ctx.attr.read_only_config,
        "registry": ctx.attr.registry,
    }
    arguments = [shell_quote("--plan"), runfile_argument(runfiles_path(ctx, stack.plan))]
    arguments += [shell_quote("--{}={}".format(key, value)) for key, value in settings.items()]
    for service in services:
        arguments += [shell_quote("--service"), runfile_argument(runfiles_path(ctx, service))]
    launcher = create_launcher(
        ctx,
        ctx.label.name,
        [file for file in ctx.files._program if file.extension == "mjs"][0],
        arguments = arguments + ["--caller"],
        runfiles = ctx.runfiles(
            files = services,
            transitive_files = depset(transitive = [stack.inputs, stack.checks]),
        ),
    )
    return [DefaultInfo(executable = launcher.executable, runfiles = launcher.runfiles)]

registry_gc = rule(
    implementation = _registry_gc_impl,
    doc = _DOC,
    attrs = {
        "config": attr.string(
            doc = "The file that the registry is started with.",
            default = "/etc/registry/config.yml",
        ),
        "deployment": attr.string(doc = "The name of its Deployment in the stack.", default = "registry"),
        "pins": attr.label_list(
            doc = "k8s_pins targets of all services: what is pinned in any environment is kept.",
            providers = [K8sPinsInfo],
        ),
        "program": attr.string(doc = "The program in its container.", default = "/usr/bin/registry"),
        "read_only_config": attr.string(
            doc = "The file beside it with storage.maintenance.readonly enabled.",
            default = "/etc/registry/read_only.yml",
        ),
        "registry": attr.string(doc = "Its name in references.", mandatory = True),
        "stack": attr.label(
            doc = "The stack of the registry: a k8s_objects target.",
            mandatory = True,
            providers = [K8sStackInfo],
        ),
        "_program": attr.label(doc = "The program.", default = "//tools/k8s/registry_gc"),
    },
    executable = True,
    toolchains = [TOOLCHAIN_TYPE],
)
