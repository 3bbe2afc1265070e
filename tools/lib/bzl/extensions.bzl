"""What module extensions have in common."""

def tag_attrs(attrs):
    """The attributes of a tag that stands for a repository rule.

    Args:
      attrs: dict: the rule's attributes.

    Returns:
      dict: `name`, and what users may set.
    """
    return dict(
        {key: value for key, value in attrs.items() if not key.startswith("_")},
        name = attr.string(doc = "The repository's name.", mandatory = True),
    )

def tag_attributes(tag, attrs):
    """What a tag says of the repository that it stands for.

    Args:
      tag: a tag with tag_attrs of the same attributes.
      attrs: dict: the rule's attributes.

    Returns:
      dict: the arguments of the rule, `name` among them.
    """
    return dict({key: getattr(tag, key) for key in attrs if not key.startswith("_")}, name = tag.name)

def tags_by_name(module_ctx, extension, kinds):
    """The tags of all modules; where two modules use one name, the root module's tag counts.

    Args:
      module_ctx: module_ctx.
      extension: string: its name, for messages.
      kinds: list of strings: names of tag classes, whose tags have a name.

    Returns:
      dict of name → (kind, tag).
    """
    found = {}
    for module in sorted(module_ctx.modules, key = _root_first):
        for kind in kinds:
            for tag in getattr(module.tags, kind):
                other = found.get(tag.name)
                if not other:
                    found[tag.name] = (kind, tag, module)
                elif other[2] == module or not other[2].is_root:
                    fail("{}.{}(name = \"{}\"): module '{}' must not use a name that module '{}' has. Choose another.".format(extension, kind, tag.name, module.name, other[2].name))
    return {name: (kind, tag) for name, (kind, tag, _) in found.items()}

def _root_first(module):
    return 0 if module.is_root else 1

def _missing_repository_impl(repository_ctx):
    fail("@{}: no module declares it. Add `{}` to MODULE.bazel.".format(repository_ctx.attr.shown, repository_ctx.attr.hint))

_missing_repository = repository_rule(
    implementation = _missing_repository_impl,
    doc = "Stands for a repository that the root module must declare; it fails when something needs it.",
    attrs = {
        "hint": attr.string(doc = "What to add to MODULE.bazel.", mandatory = True),
        "shown": attr.string(doc = "The repository's name.", mandatory = True),
    },
)

def missing_repository(name, hint):
    """Declares what stands for a repository that the root module must declare, and has not.

    Args:
      name: string.
      hint: string: what to add to MODULE.bazel.
    """
    _missing_repository(name = name, shown = name, hint = hint)
