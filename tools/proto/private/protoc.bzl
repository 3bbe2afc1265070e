"""Code of protocol buffers, in whatever language protoc or a plugin of it makes: one action a target."""

load("@fathom_builtins//:proto.bzl", "ProtoInfo")
load("//tools/lib/bzl:labels.bzl", "repository_name", "shown_label")

PROTOC_ATTRS = {
    "_protoc": attr.label(default = "@com_google_protobuf//:protoc", executable = True, cfg = "exec", allow_files = True),
    "_protoc_tool": attr.label(default = "//tools/proto:protoc_tool", executable = True, cfg = "exec"),
}

def import_name(info, file):
    """The name by which other protos import a file of a proto_library.

    Args:
      info: ProtoInfo.
      file: File: one of its sources.

    Returns:
      a string: `google/protobuf/timestamp.proto`.
    """
    root = info.proto_source_root
    for prefix in [root, file.root.path]:
        if prefix and prefix != "." and file.path.startswith(prefix + "/"):
            return file.path[len(prefix) + 1:]
    return file.path

def proto_roots(protos):
    """The folders in which protoc looks for imports.

    Args:
      protos: list of Target with ProtoInfo.

    Returns:
      list of string.
    """
    return depset(["."], transitive = [dep[ProtoInfo].transitive_proto_path for dep in protos]).to_list()

def plugin(name, program = None, options = []):
    """One of the things that make code, for generate_code.

    Args:
      name: string: `go` for `--go_out`.
      program: FilesToRunProvider or File; None: protoc has it built in.
      options: list of string.

    Returns:
      a struct.
    """
    return struct(name = name, program = program, options = options)

def own_protos(ctx, protos, rule):
    """The sources of proto libraries, which must be of the target's own package: other targets would make them again.

    Args:
      ctx: the rule's context.
      protos: list of Target with ProtoInfo.
      rule: string: the rule's name, for the message.

    Returns:
      list of string: their import names.
    """
    names = []
    for dep in protos:
        if dep.label.package != ctx.label.package or repository_name(dep.label) != repository_name(ctx.label):
            fail("{}: 'deps' must be proto libraries of this package, got {}. Add a {} to //{} and depend on it.".format(ctx.label, dep.label, rule, dep.label.package))
        names += [import_name(dep[ProtoInfo], file) for file in dep[ProtoInfo].direct_sources]
    return names

def generate_code(ctx, output, protos, names, plugins, language):
    """Declares the action that makes code of protos.

    Args:
      ctx: the rule's context, with PROTOC_ATTRS.
      output: File: the declared directory that gets all of it; or struct(files = list of File, folder = string: where
        files go by the import names of their protos).
      protos: list of Target with ProtoInfo.
      names: list of string: import names of the sources to make code of.
      plugins: list of structs of `plugin`.
      language: string: `Go`, for messages.
    """
    request = ctx.actions.declare_file(ctx.label.name + ".generate.json")
    asked = []
    for one in plugins:
        entry = {"name": one.name, "options": one.options}
        if one.program:
            entry["program"] = getattr(one.program, "executable", one.program).path
        asked.append(entry)
    ctx.actions.write(request, json.encode(dict(
        label = shown_label(ctx.label),
        language = language,
        output = getattr(output, "folder", None) or output.path,
        plugins = asked,
        protoc = ctx.executable._protoc.path,
        protos = names,
        roots = proto_roots(protos),
    )))
    ctx.actions.run(
        mnemonic = language + "Proto",
        progress_message = "Generating {} of {}".format(language, shown_label(ctx.label)),
        executable = ctx.executable._protoc_tool,
        arguments = [request.path],
        inputs = depset([request], transitive = [dep[ProtoInfo].transitive_sources for dep in protos]),
        outputs = getattr(output, "files", None) or [output],
        tools = [ctx.attr._protoc[DefaultInfo].files_to_run] + [one.program for one in plugins if one.program],
    )
