"""existing_targets: a list of labels that are targets."""

def _existing_targets_impl(ctx):
    labels = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(labels, json.encode(ctx.attr.labels))
    return [DefaultInfo(files = depset([labels]), runfiles = ctx.runfiles(files = [labels]))]

_existing_targets = rule(
    implementation = _existing_targets_impl,
    doc = "The rule behind the macro existing_targets.",
    attrs = {
        "labels": attr.string_list(doc = "The labels as they are written."),
        "targets": attr.label_list(doc = "The same, looked up; no target is built.", allow_files = True),
    },
)

def existing_targets(name, labels, **kwargs):
    """Writes labels as JSON. Where one is no target, nothing that depends on this builds.

    Args:
      name: the target.
      labels: list of labels; none of them is built.
      **kwargs: visibility, testonly and the like.
    """
    _existing_targets(
        name = name,
        labels = labels,
        targets = labels,
        **kwargs
    )
