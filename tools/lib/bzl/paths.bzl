"""Paths of files that mean the same in every workspace."""

load(":labels.bzl", "apparent_name", "repository_name")

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

def package_path(repository, package):
    """The folder in which workspace_path has the files of a package.

    Args:
      repository: string: the name of the package's repository, empty for the main one.
      package: string.

    Returns:
      a string: the package; of another repository `external/<repository>/<package>`.
    """
    folders = ["external", apparent_name(repository)] if repository else []
    return "/".join(folders + ([package] if package else []))

def own_path(label, file):
    """A file's path in the repository of a target: by which sources of Go and Python there import one another.

    Args:
      label: Label of the target.
      file: a File.

    Returns:
      a string; of a file of another repository what workspace_path says.
    """
    prefix = "../{}/".format(repository_name(label))
    return file.short_path[len(prefix):] if file.short_path.startswith(prefix) else workspace_path(file)
