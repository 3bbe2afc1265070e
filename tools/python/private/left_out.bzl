"""What rules_docker has of images of Python programs and this is not: a rule, and attributes."""

load("//tools/lib/bzl:left_out.bzl", "refuse_rule")

# Of its py_image.
REFUSED_OF_IMAGES = {
    "imports": ("modules are imported by their path in the workspace", "Remove it, and write from folder.module import name"),
    "legacy_create_init": ("a folder needs no __init__.py", "Remove it"),
    "main": ("the source that starts the program is not one of several", "Use 'entry_point'"),
    "python_version": ("there is one Python, 3.13", "Remove it"),
    "srcs_version": ("there is one Python, 3.13", "Remove it"),
}

def py3_image(name, **_kwargs):
    """Left out: use `py_image`.

    Args:
      name: the target, for the error.
      **_kwargs: as of rules_docker.
    """
    refuse_rule("py3_image", name, "Use py_image, whose 'entry_point' is what was 'main'.")
