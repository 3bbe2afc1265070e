"""Paths of files that mean the same in every workspace."""

load(":labels.bzl", "apparent_name")

def workspace_path(file):
    """A file's path in its workspace.

    Args:
      file: a File.

    Returns:
      a string; of a file of another repository `external/<repository>/<path>`, whose name is the one that people know:
      the same with WORKSPACE and with modules, and what TypeScript of one repository imports from another.
    """
    path = file.short_path
    if not path.startswith("../"):
        return path
    repository, _, rest = path[3:].partition("/")
    return "external/{}/{}".format(apparent_name(repository), rest)
