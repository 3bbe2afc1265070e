"""What a program's image has of files in `data`: each at its path in the workspace, and programs to be run."""

load("//tools/lib/bzl:paths.bzl", "workspace_path")
load(":layer_action.bzl", "source_kind")

_ProgramsInfo = provider(
    doc = "The programs that a target is, groups or brings as data.",
    fields = {"files": "depset of File"},
)

_FOLLOWED = ["data", "deps", "srcs"]

def _programs_aspect_impl(target, ctx):
    found = [
        one[_ProgramsInfo].files
        for name in _FOLLOWED
        for one in (getattr(ctx.rule.attr, name, None) or [])
        if type(one) == "Target" and _ProgramsInfo in one
    ]
    to_run = target[DefaultInfo].files_to_run
    executable = to_run.executable if to_run else None
    return [_ProgramsInfo(files = depset([executable] if executable else [], transitive = found))]

# An aspect sees rules alone: of a file, also of one that is no program, Bazel says as of a program that it can be run.
programs_aspect = aspect(
    implementation = _programs_aspect_impl,
    doc = "Finds programs in what targets are, group and bring as data; for app_sources.",
    apply_to_generating_rules = True,
    attr_aspects = _FOLLOWED,
)

def app_sources(files, folder, targets):
    """Files as sources of a layer, at their paths in the workspace: 0755 what is a program, 0644 the rest.

    The mode on disk says nothing: Bazel makes each output executable, and so does remote execution of each source.

    Args:
      files: list of File.
      folder: string: what the paths are below, in the image.
      targets: list of Target, of attributes with programs_aspect: what brought the files.

    Returns:
      list of dict for the layer tool.
    """
    programs = depset(transitive = [target[_ProgramsInfo].files for target in targets if _ProgramsInfo in target]).to_list()
    known = {program: True for program in programs}
    return [
        {
            "kind": source_kind(file),
            "mode": "0755" if file in known else "0644",
            "path": "{}/{}".format(folder, workspace_path(file)),
            "source": file.path,
        }
        for file in files
    ]
