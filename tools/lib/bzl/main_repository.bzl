"""Whether this repository is the one that is built. BUILD files can't ask: what told them is no more in Bazel 9."""

load(":labels.bzl", "repository_name")

def is_main_repository():
    """Whether this repository is the workspace that is built, and not one that another loads.

    Returns:
      a bool.
    """
    return repository_name(Label("//tools/lib/bzl:main_repository.bzl")) == ""
