"""k8s_gitops: the manifests of environments, written to a git branch."""

load("//tools/k8s:providers.bzl", "K8sStackInfo")
load("//tools/lib/bzl:labels.bzl", "shown_label")
load("//tools/ts/private:launcher.bzl", "create_launcher", "runfile_argument", "shell_quote")
load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load(":verb.bzl", "runfiles_path")

_EnvironmentInfo = provider(
    doc = "The stacks of one environment.",
    fields = {
        "environment": "string",
        "inputs": "depset of File: the plans, and what they name",
        "plans": "list of File",
    },
)

def _gitops_environment_impl(ctx):
    stacks = [target[K8sStackInfo] for target in ctx.attr.stacks]
    inputs = depset(transitive = [stack.inputs for stack in stacks])
    return [
        _EnvironmentInfo(environment = ctx.attr.environment, inputs = inputs, plans = [stack.plan for stack in stacks]),
        DefaultInfo(files = depset(transitive = [stack.yamls for stack in stacks])),
    ]

_gitops_environment = rule(
    implementation = _gitops_environment_impl,
    doc = "The stacks of one environment. Made by k8s_gitops.",
    attrs = {
        "environment": attr.string(doc = "Its name.", mandatory = True),
        "stacks": attr.label_list(doc = "Objects and stacks.", mandatory = True, providers = [K8sStackInfo]),
    },
    provides = [_EnvironmentInfo],
)

def _gitops_impl(ctx):
    environments = [target[_EnvironmentInfo] for target in ctx.attr.environments]
    config = ctx.actions.declare_file(ctx.label.name + ".gitops.json")
    ctx.actions.write(config, json.encode(struct(
        version = 1,
        environments = [
            struct(name = one.environment, plans = [runfiles_path(ctx, plan) for plan in one.plans])
            for one in environments
        ],
        label = shown_label(ctx.label),
        prCommand = ctx.attr.pr_command,
    )))
    launcher = create_launcher(
        ctx,
        ctx.label.name,
        [file for file in ctx.files._program if file.extension == "mjs"][0],
        arguments = [shell_quote("--config"), runfile_argument(runfiles_path(ctx, config))],
        runfiles = ctx.runfiles(
            files = [config],
            transitive_files = depset(transitive = [one.inputs for one in environments]),
        ),
    )
    return [DefaultInfo(executable = launcher.executable, runfiles = launcher.runfiles)]

_gitops = rule(
    implementation = _gitops_impl,
    doc = "Writes the manifests of an environment to a git branch; the macro k8s_gitops documents it.",
    attrs = {
        "environments": attr.label_list(doc = "Stacks of environments.", mandatory = True, providers = [_EnvironmentInfo]),
        "pr_command": attr.string(doc = "A command of sh that opens a pull request. Default: `--pr-command` says it."),
        "_program": attr.label(doc = "The program.", default = "//tools/k8s/gitops"),
    },
    executable = True,
    toolchains = [TOOLCHAIN_TYPE],
)

def k8s_gitops(name, stacks, pr_command = "", **kwargs):
    """Declares programs that write the manifests of environments, digests included, to a git branch.

        bazel run //prod:gitops -- --env=staging --repo=ssh://git@example.com/deploy.git --branch=main

    One folder a stack, one file an object; only what changes is in the commit, and what is gone is removed; nothing
    changed is no commit. docs/gitops.md tells of the arguments, of Argo CD and of Flux.

    - `<name>` writes the environment that `--env` names
    - `<name>.<environment>` writes that one, and builds no other: for when another one has no pins yet

    Of the stacks of two services:

        k8s_gitops(
            name = "gitops",
            stacks = {
                "prod": ["//services/redis:prod", "//services/web:prod"],
                "staging": ["//services/redis:staging", "//services/web:staging"],
            },
        )

    Args:
      name: the target.
      stacks: dict of strings to lists of labels: an environment's name → its stacks, shallow or deep.
      pr_command: the command to which `--pr` hands the branch over, run by sh with FATHOM_BRANCH, FATHOM_BASE,
        FATHOM_TITLE, FATHOM_BODY, FATHOM_COMMIT, FATHOM_ENVIRONMENT and FATHOM_REPO, and branch, title and text as
        `$1`, `$2` and `$3`.
      **kwargs: visibility, tags, testonly and the like.
    """
    hidden = dict(kwargs, tags = ["manual"], visibility = ["//visibility:private"])
    for environment, labels in stacks.items():
        own = "{}__{}".format(name, environment)
        _gitops_environment(
            name = own,
            environment = environment,
            stacks = labels,
            **hidden
        )
        _gitops(
            name = "{}.{}".format(name, environment),
            environments = [":" + own],
            pr_command = pr_command,
            **kwargs
        )
    _gitops(
        name = name,
        environments = [":{}__{}".format(name, environment) for environment in stacks],
        pr_command = pr_command,
        **kwargs
    )
