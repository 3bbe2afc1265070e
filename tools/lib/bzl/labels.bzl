"""Labels in the forms that Bazel 4.2 and newer ones read, with WORKSPACE and with modules."""

def absolute_label(label):
    """A label as text that means the same in every repository.

    Args:
      label: a Label of this repository's own .bzl files, made by `Label("//…")`.

    Returns:
      `@//x:y`, `@@//x:y` or `@@fathom//x:y` on Bazel 6 and newer, `@fathom//x:y` on older ones, where this repository
      has that name both as main workspace and as a dependency.
    """
    text = str(label)
    return "@fathom" + text if text.startswith("//") else text

def repository_name(label):
    """The name of a label's repository, as it is in paths; empty for the main one.

    Args:
      label: a Label.

    Returns:
      a string.
    """
    return label.repo_name if hasattr(label, "repo_name") else label.workspace_name

def apparent_name(repository):
    """The name by which people know a repository: with modules, Bazel puts what declared it before.

    Args:
      repository: string: `npm`, `fathom~` or `fathom~~npm~fathom_npm` of Bazel 7, the same with `+` of Bazel 8.

    Returns:
      a string: `npm`, `fathom`, `fathom_npm`.
    """
    parts = [part for part in repository.replace("+", "~").split("~") if part]

    # A module of which there are several has its version behind its name.
    named = [part for part in parts if not part[0].isdigit()]
    return named[-1] if named else repository

def loaded_repository():
    """The repository of the BUILD file that is being loaded, for macros.

    Returns:
      a string: its name in paths, empty for the main one.
    """
    return native.repo_name() if hasattr(native, "repo_name") else native.repository_name().lstrip("@")

def label_parts(label):
    """What a label says, for macros.

    Args:
      label: a Label, or a string as the BUILD file that is being loaded has it.

    Returns:
      struct(repository = string, empty for the main one, package, name = strings).
    """
    if type(label) == "Label":
        return struct(repository = repository_name(label), package = label.package, name = label.name)
    if "//" not in label:
        return struct(repository = loaded_repository(), package = native.package_name(), name = label.lstrip(":"))
    repository, _, path = label.partition("//")
    package, _, name = path.partition(":")
    return struct(
        repository = repository.lstrip("@") if repository else loaded_repository(),
        package = package,
        name = name or package.split("/")[-1],
    )

def sibling_label(label, name):
    """The label of another file of a label's package.

    Args:
      label: a Label.
      name: string.

    Returns:
      a Label.
    """
    return label.same_package_label(name) if hasattr(label, "same_package_label") else label.relative(":" + name)

def shown_label(label):
    """A label as a person writes it in a BUILD file: `//x:y`, `//x` for `//x:x`, `@repository//x:y`.

    Args:
      label: a Label.

    Returns:
      a string.
    """
    repository = repository_name(label)
    prefix = "@" + apparent_name(repository) if repository else ""
    name = "" if label.package.split("/")[-1] == label.name else ":" + label.name
    return "{}//{}{}".format(prefix, label.package, name)
