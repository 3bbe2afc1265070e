"""The plan input: what a stack's verbs work on, as JSON with runfiles paths only."""

load("//tools/lib/bzl:labels.bzl", "shown_label")

def write_plan(ctx, sets, reserved_namespaces, root, args = [], personal = ""):
    """Declares `<name>.plan.json`.

    Args:
      ctx: the rule's context.
      sets: depset of struct(label, stack, namespace, objects, connection, guard).
      reserved_namespaces: list of string: the environments' namespaces.
      root: string: the stack's name as one that asks for its members.
      args: list of string: the verbs' first arguments.
      personal: string: what the environment of personal namespaces says of them, as JSON. Default: nothing.

    Returns:
      File.
    """
    plan = ctx.actions.declare_file(ctx.label.name + ".plan.json")
    ctx.actions.write(plan, json.encode(struct(
        version = 1,
        label = shown_label(ctx.label),
        root = root,
        reservedNamespaces = reserved_namespaces,
        personal = json.decode(personal) if personal else None,
        sets = [
            struct(
                connection = set.connection,
                guard = set.guard,
                label = set.label,
                namespace = set.namespace,
                objects = list(set.objects),
                stack = set.stack,
            )
            for set in sets.to_list()
        ],
        args = args,
    )))
    return plan
