"""The rule behind k8s_objects: a stack of objects and of other stacks."""

load("//tools/k8s:providers.bzl", "K8sObjectInfo", "K8sStackInfo", "ServiceExportsInfo")
load("//tools/lib/bzl:labels.bzl", "shown_label")
load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load(":contract.bzl", "absence")
load(":plan.bzl", "write_plan")
load(":stack_check.bzl", "STACK_CHECK_ATTRS", "check_stack", "refuse_shared_inventories")
load(":verb.bzl", "VERB_ATTRS", "create_verb", "runfiles_path")

def _k8s_objects_impl(ctx):
    missing = [absence(target[ServiceExportsInfo]) for target in ctx.attr.objects if ServiceExportsInfo in target]
    missing = [reason for reason in missing if reason]
    if missing:
        fail("{}: 'objects' must be in the environment: {}.".format(shown_label(ctx.label), "; ".join(missing)))
    own = [target for target in ctx.attr.objects if K8sObjectInfo in target]
    stacks = [target[K8sStackInfo] for target in ctx.attr.objects if K8sObjectInfo not in target]
    all = [target[K8sStackInfo] for target in ctx.attr.objects]
    direct = [struct(
        label = shown_label(ctx.label),
        stack = ctx.attr.stack,
        namespace = ctx.attr.namespace,
        objects = tuple([runfiles_path(ctx, target[K8sObjectInfo].json) for target in own]),
        connection = struct(
            cluster = ctx.attr.cluster,
            context = ctx.attr.context,
            kubeconfig = "",
            namespace = ctx.attr.namespace,
            user = "",
        ),
        guard = struct(
            caSha256 = ctx.attr.ca_sha256,
            environment = ctx.attr.environment,
            isProtected = ctx.attr.protected,
        ),
    )] if own or not all else []

    # Postorder: what is nested comes first, so what a stack needs is there before it.
    sets = depset(direct, transitive = [stack.sets for stack in stacks], order = "postorder")
    members = sets.to_list()
    refuse_shared_inventories(shown_label(ctx.label), members)
    plan = write_plan(ctx, sets, ctx.attr.reserved_namespaces, root = ctx.attr.root, args = ctx.attr.extra_args, personal = ctx.attr.personal)
    inputs = depset([plan], transitive = [stack.inputs for stack in all])
    image_runfiles = ctx.runfiles()
    for stack in all:
        image_runfiles = image_runfiles.merge(stack.image_runfiles)
    info = K8sStackInfo(
        args = ctx.attr.extra_args,
        checks = check_stack(ctx, shown_label(ctx.label), plan, members, inputs),
        image_digests = depset(transitive = [stack.image_digests for stack in all]),
        image_runfiles = image_runfiles,
        inputs = inputs,
        plan = plan,
        sets = sets,
        yamls = depset(transitive = [stack.yamls for stack in all]),
    )
    launcher = create_verb(ctx, ctx.label.name + "__run", "resolve", info)
    return [info, DefaultInfo(executable = launcher.executable, files = info.yamls, runfiles = launcher.runfiles)]

k8s_objects_rule = rule(
    implementation = _k8s_objects_impl,
    doc = """A stack; the macro k8s_objects documents it.

The objects that it names itself are one inventory in the cluster; each stack that it names keeps its own. What
several stacks share is applied once.
""",
    attrs = dict(
        dict(VERB_ATTRS, **STACK_CHECK_ATTRS),
        ca_sha256 = attr.string(doc = "See k8s_object. Used, as cluster, context and the like, where the stack is empty."),
        cluster = attr.string(doc = "The environment's cluster."),
        context = attr.string(doc = "The environment's context."),
        environment = attr.string(doc = "The environment's name."),
        extra_args = attr.string_list(doc = "Arguments of every verb, before those of the command line."),
        namespace = attr.string(doc = "Where the inventory is kept. Default: fathom-system."),
        objects = attr.label_list(doc = "Objects and stacks.", providers = [K8sStackInfo]),
        personal = attr.string(doc = "What the environment of personal namespaces says of them, as JSON."),
        protected = attr.bool(doc = "Whether the environment is protected."),
        reserved_namespaces = attr.string_list(doc = "The environments' namespaces, which are nobody's own."),
        root = attr.string(doc = "What the stack is called as one that asks for others.", mandatory = True),
        stack = attr.string(doc = "What the inventory of its own objects is called in the cluster.", mandatory = True),
    ),
    executable = True,
    provides = [K8sStackInfo],
    toolchains = [TOOLCHAIN_TYPE],
)
