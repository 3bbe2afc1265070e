"""Paths of files that mean the same in every workspace."""

def workspace_path(file):
    """A file's path in its workspace.

    Args:
      file: a File.

    Returns:
      a string; of a file of another repository `external/<repository>/<path>`.
    """
    path = file.short_path
    return "external/" + path[3:] if path.startswith("../") else path
