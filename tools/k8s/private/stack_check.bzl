"""What must hold for the members of a stack: two of them never share a name."""

load("//tools/lib/bzl:worker.bzl", "worker_args", "worker_requirements")
load(":verb.bzl", "runfiles_path")

def refuse_shared_inventories(label, sets):
    """Fails where two stacks would keep one inventory, and so delete each other's objects.

    Args:
      label: string: the stack that contains them.
      sets: list of the structs of K8sStackInfo.sets.
    """
    owners = {}
    for set in sets:
        if not set.stack:
            continue
        key = (set.connection.context or set.connection.cluster, set.namespace, set.stack)
        other = owners.get(key)
        if other and other != set.label:
            fail("{}: stacks must have different names in one namespace, got '{}' in '{}' for both {} and {}. Rename the package of one: a stack is called by its path, where '/', '_' and '.' become '-'; or give it a 'stack'.".format(label, set.stack, set.namespace, other, set.label))
        owners[key] = set.label

def check_stack(ctx, label, plan, sets, inputs):
    """Declares what is made only where no two objects of a stack have one name.

    Args:
      ctx: the rule's context, with STACK_CHECK_ATTRS.
      label: string: the stack.
      plan: File: its plan input.
      sets: list of the structs of K8sStackInfo.sets.
      inputs: depset of File: what the plan names.

    Returns:
      depset of File; empty where the stack is of a single set, which the engine checks.
    """
    if len(sets) < 2:
        return depset()
    named = {path: True for set in sets for path in set.objects}
    files = {runfiles_path(ctx, file): file for file in inputs.to_list() if runfiles_path(ctx, file) in named}
    checked = ctx.actions.declare_file(ctx.label.name + ".checked")
    params = ctx.actions.declare_file(ctx.label.name + ".check_stack.json")
    ctx.actions.write(params, json.encode(struct(
        label = label,
        plan = plan.path,
        files = {path: file.path for path, file in files.items()},
        out = checked.path,
    )))
    args = worker_args(ctx)
    args.add(params)
    ctx.actions.run(
        mnemonic = "K8sCheckStack",
        progress_message = "Checking names in {}".format(label),
        executable = ctx.executable._check_stack,
        arguments = [args],
        inputs = [params, plan] + files.values(),
        outputs = [checked],
        execution_requirements = worker_requirements("K8sCheckStack"),
    )
    return depset([checked])

STACK_CHECK_ATTRS = {
    "_check_stack": attr.label(doc = "Checks that names are unique.", default = "//tools/k8s:check_stack", cfg = "exec", executable = True),
}
