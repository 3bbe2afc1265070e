"""Rules of rules_docker that are left out: whoever moves over reads what to use instead."""

load("//tools/lib/bzl:left_out.bzl", "refuse_rule")

_NO_DAEMON = "It needs a daemon, and builds have none: give what the command makes as 'tars' or 'files' of a container_layer."

def container_bundle(name, **_kwargs):
    """Left out: use `oci_load` with `repo_tags`, or an `oci_push` for each image.

    Args:
      name: the target, for the error.
      **_kwargs: as of rules_docker.
    """
    refuse_rule("container_bundle", name, "Use oci_load with 'repo_tags', or an oci_push for each image.")

def container_flatten(name, **_kwargs):
    """Left out: use `oci_tarball`.

    Args:
      name: the target, for the error.
      **_kwargs: as of rules_docker.
    """
    refuse_rule("container_flatten", name, "Use oci_tarball, which keeps the layers.")

def container_import(name, **_kwargs):
    """Left out: use `oci_pull` in the WORKSPACE, or the layers as `tars` of a `container_layer`.

    Args:
      name: the target, for the error.
      **_kwargs: as of rules_docker.
    """
    refuse_rule("container_import", name, "Use oci_pull in the WORKSPACE, or give the layers as 'tars' of a container_layer.")

def container_run_and_commit(name, **_kwargs):
    """Left out, as it needs a daemon: give what the command makes as `tars` or `files` of a `container_layer`.

    Args:
      name: the target, for the error.
      **_kwargs: as of rules_docker.
    """
    refuse_rule("container_run_and_commit", name, _NO_DAEMON)

def container_run_and_extract(name, **_kwargs):
    """Left out, as it needs a daemon: give what the command makes as `tars` or `files` of a `container_layer`.

    Args:
      name: the target, for the error.
      **_kwargs: as of rules_docker.
    """
    refuse_rule("container_run_and_extract", name, _NO_DAEMON)

def container_test(name, **_kwargs):
    """Left out: use `oci_image_test`.

    Args:
      name: the target, for the error.
      **_kwargs: as of rules_docker.
    """
    refuse_rule("container_test", name, "Use oci_image_test.")

def docker_build(name, **_kwargs):
    """Left out, as it needs a daemon: give what the Dockerfile makes as `tars` or `files` of a `container_layer`.

    Args:
      name: the target, for the error.
      **_kwargs: as of rules_docker.
    """
    refuse_rule("docker_build", name, _NO_DAEMON)
