"""The action that writes a layer; shared by every rule that makes one."""

load("//tools/lib/bzl:worker.bzl", "worker_args", "worker_requirements")
load("//tools/oci:providers.bzl", "OciLayerInfo")

# What changes with every saved source. Other layers are large and seldom made: no process is kept for them.
_LAYERS_OF_SOURCES = ["JavaAppLayer", "NodejsAppLayer", "OciLayer", "PyAppLayer"]

# Packages and archives are large. A folder that an action made consists of links in a sandbox, where a worker sees it as it is.
_NOT_OF_WORKERS = ["deb", "tar", "tree"]

COMPRESSIONS = ["zstd", "gzip", "none"]

LAYER_ACTION_ATTRS = {
    "compression": attr.string(doc = "`zstd`, `gzip` or `none`.", default = "zstd", values = COMPRESSIONS),
    "compression_level": attr.int(doc = "The compressor's level: 3 for what changes often, up to 19 for what seldom does. Default: 3 for zstd, 6 for gzip.", default = -1),
    "compression_options": attr.string_list(doc = "The level as rules_docker has it: `-1` to `-9`. Use `compression_level`."),
}

_SUFFIX = {"gzip": ".tar.gz", "none": ".tar", "zstd": ".tar.zst"}

def created_by(label):
    """The text by which an image's history names what made a layer: the same in every workspace and Bazel version.

    Args:
      label: a Label.

    Returns:
      `//package:name`.
    """
    return "//{}:{}".format(label.package, label.name)

def source_kind(file):
    """What a file is to the layer tool.

    Args:
      file: a File.

    Returns:
      `tree` for a folder that an action makes, else `file`: that a source is a folder, the tool alone sees.
    """
    return "tree" if file.is_directory else "file"

def _level(ctx):
    level = ctx.attr.compression_level
    for option in ctx.attr.compression_options:
        digits = option.lstrip("-")
        if not option.startswith("-") or not digits.isdigit():
            fail("{}: 'compression_options' must be a level such as \"-9\", got \"{}\". The compressor is built in and has no other option.".format(ctx.label, option))
        level = int(digits)
    return level

def write_layer(ctx, tool, parameters, inputs, mnemonic = "OciLayer", checks = depset()):
    """Declares a layer's blob, descriptor and contents, and the action that makes them.

    Args:
      ctx: the rule's context, with LAYER_ACTION_ATTRS.
      tool: FilesToRunProvider: takes a parameter file as its only argument, by runTool.
      parameters: dict: what the tool reads beside blob, descriptor, contents, createdBy, compression and level.
      inputs: depset of File.
      mnemonic: string.
      checks: depset of File: as in OciLayerInfo.

    Returns:
      OciLayerInfo.
    """
    blob = ctx.actions.declare_file(ctx.label.name + _SUFFIX[ctx.attr.compression])
    descriptor = ctx.actions.declare_file(ctx.label.name + ".descriptor.json")
    contents = ctx.actions.declare_file(ctx.label.name + ".contents.json")
    file = ctx.actions.declare_file(ctx.label.name + ".layer.json")
    ctx.actions.write(file, json.encode(dict(
        parameters,
        blob = blob.path,
        descriptor = descriptor.path,
        contents = contents.path,
        createdBy = created_by(ctx.label),
        compression = ctx.attr.compression,
        level = _level(ctx),
    )))
    args = worker_args(ctx)
    args.add(file)
    is_quick = mnemonic in _LAYERS_OF_SOURCES and not [s for s in parameters["sources"] if s["kind"] in _NOT_OF_WORKERS]
    ctx.actions.run(
        mnemonic = mnemonic,
        progress_message = "Packing layer {}".format(created_by(ctx.label)),
        executable = tool,
        arguments = [args],
        inputs = depset([file], transitive = [inputs]),
        outputs = [blob, descriptor, contents],
        execution_requirements = worker_requirements("OciLayer") if is_quick else {},
    )
    return OciLayerInfo(blob = blob, checks = checks, contents = contents, descriptor = descriptor)
