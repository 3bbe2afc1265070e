"""personal_namespaces: programs about the personal namespaces of a cluster."""

load("@fathom_environments//:defs.bzl", "ENVS")
load("//tools/lib/bzl:labels.bzl", "shown_label")
load("//tools/ts/private:launcher.bzl", "create_launcher", "runfile_argument", "shell_quote")
load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load(":names.bzl", "PLACEHOLDER", "find_environment", "find_guard")
load(":plan.bzl", "write_plan")
load(":stacks.bzl", "PERSONAL", "RESERVED_NAMESPACES")
load(":verb.bzl", "runfiles_path")

def _personal_namespaces_impl(ctx):
    guard = struct(
        caSha256 = ctx.attr.ca_sha256,
        environment = ctx.attr.environment,
        isProtected = ctx.attr.protected,
    )
    connection = struct(
        cluster = ctx.attr.cluster,
        context = ctx.attr.context,
        kubeconfig = "",
        namespace = ctx.attr.namespace,
        user = "",
    )

    # What lists and collects is about nobody's own namespace: it needs no name of a person.
    placeholder = ctx.attr.namespace
    reserved = [name for name in ctx.attr.reserved_namespaces if placeholder or name != PLACEHOLDER]
    sets = depset([struct(
        connection = connection,
        guard = guard,
        label = shown_label(ctx.label),
        namespace = ctx.attr.namespace,
        objects = (),
        stack = "",
    )])
    plan = write_plan(ctx, sets, reserved, root = "", personal = ctx.attr.personal)
    launcher = create_launcher(
        ctx,
        ctx.label.name,
        [file for file in ctx.files._program if file.extension == "mjs"][0],
        arguments = [shell_quote("--verb=" + ctx.attr.verb), shell_quote("--plan"), runfile_argument(runfiles_path(ctx, plan))],
        runfiles = ctx.runfiles(files = [plan]),
    )
    return [DefaultInfo(executable = launcher.executable, runfiles = launcher.runfiles)]

_personal_namespaces = rule(
    implementation = _personal_namespaces_impl,
    doc = "Lists, collects or releases personal namespaces; the macro personal_namespaces documents it.",
    attrs = {
        "ca_sha256": attr.string(doc = "See k8s_object."),
        "cluster": attr.string(doc = "The environment's cluster.", mandatory = True),
        "context": attr.string(doc = "The environment's context.", mandatory = True),
        "environment": attr.string(doc = "The environment's name.", mandatory = True),
        "namespace": attr.string(doc = "The placeholder, where it is about the namespace of whoever runs it."),
        "personal": attr.string(doc = "What the environment says of personal namespaces, as JSON."),
        "protected": attr.bool(doc = "Whether the environment is protected."),
        "reserved_namespaces": attr.string_list(doc = "The environments' namespaces, which are nobody's own."),
        "verb": attr.string(doc = "What to do.", mandatory = True, values = ["gc", "list", "release"]),
        "_program": attr.label(doc = "The program.", default = "//tools/k8s:personal_namespaces"),
    },
    executable = True,
    toolchains = [TOOLCHAIN_TYPE],
)

def personal_namespaces(name, env, **kwargs):
    """Declares programs for the personal namespaces of an environment's cluster.

    * `<name>` lists them: owner, age, and until when they stay;
    * `<name>.gc` deletes those that have expired or that their owners have released; it lists them and asks;
      `--dry-run` only lists, `--yes` does not ask;
    * `<name>.release` says that the namespace of whoever runs it can go, with the next gc.

    docs/namespaces.md tells more.

        personal_namespaces(
            name = "namespaces",
            env = "myns",
        )

    Args:
      name: the target.
      env: string or dict: the environment whose namespace is `myns-placeholder`: its name, or its entry of ENVS.
      **kwargs: visibility, tags, testonly and the like.
    """
    environment = find_environment(env, ENVS, "//{}:{}: 'env'".format(native.package_name(), name))
    guard = find_guard(environment, None, None, ENVS)
    for verb, target in {"gc": name + ".gc", "list": name, "release": name + ".release"}.items():
        _personal_namespaces(
            name = target,
            ca_sha256 = guard.ca_sha256,
            cluster = environment["cluster"],
            context = environment["context"],
            environment = environment["name"],
            namespace = environment["namespace"] if verb == "release" else "",
            personal = PERSONAL,
            protected = guard.protected,
            reserved_namespaces = RESERVED_NAMESPACES,
            verb = verb,
            **kwargs
        )
