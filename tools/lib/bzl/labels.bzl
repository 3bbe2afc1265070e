"""Labels in the forms that Bazel 4.2 and 7 both read."""

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

def shown_label(label):
    """A label as a person writes it in a BUILD file: `//x:y`, `//x` for `//x:x`, `@repository//x:y`.

    Args:
      label: a Label.

    Returns:
      a string.
    """
    text = str(label).replace("@@", "@")

    # The main repository is `//` on Bazel 4.2, `@//` on newer ones, and `@@//` on these with modules.
    text = text[1:] if text.startswith("@//") else text
    if label.package and text.endswith("/" + label.name + ":" + label.name):
        text = text[:-len(label.name) - 1]
    return text
