"""The rule behind every verb: a launcher of the engine with a stack's plan input."""

load("//tools/k8s:providers.bzl", "K8sStackInfo")
load("//tools/k8s:verbs.bzl", "IMAGES_BLOBS", "IMAGES_DIGESTS", "VERBS")
load("//tools/ts/private:launcher.bzl", "create_launcher", "runfile_argument", "shell_quote")
load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")

# Where node keeps the engine as it has compiled it: to compile it anew is an eighth of the work of a run that finds
# nothing to do. Where nobody has a home nothing is kept.
_COMPILED = '"${NODE_COMPILE_CACHE:-${FATHOM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/dev/null}/.cache}/fathom}/compiled}"'

VERB_ATTRS = {
    "_engine": attr.label(doc = "The deploy engine.", default = "//tools/k8s:engine"),
}

def runfiles_path(ctx, file):
    """A file's name in runfiles.

    Args:
      ctx: the rule's context.
      file: a File.

    Returns:
      `<workspace>/<path>`.
    """
    return file.short_path[3:] if file.short_path.startswith("../") else ctx.workspace_name + "/" + file.short_path

def create_verb(ctx, name, verb, stack, arguments = [], runfiles = None):
    """Declares the executable of a verb.

    Args:
      ctx: the rule's context, with VERB_ATTRS and the ts toolchain.
      name: string: the executable's file name.
      verb: a key of VERBS.
      stack: K8sStackInfo.
      arguments: list of words for sh, as of create_launcher, before the caller's.
      runfiles: runfiles beside those that the verb needs anyway. Default: none.

    Returns:
      struct(executable = File, runfiles = runfiles).
    """
    needs = VERBS[verb].images
    files = [stack.inputs, stack.checks] + ([stack.image_digests] if needs == IMAGES_DIGESTS else [])
    own = ctx.runfiles(transitive_files = depset(transitive = files))
    if needs == IMAGES_BLOBS:
        own = own.merge(stack.image_runfiles)
    return create_launcher(
        ctx,
        name,
        [file for file in ctx.files._engine if file.extension == "mjs"][0],
        arguments = [shell_quote("--verb=" + verb), shell_quote("--plan"), runfile_argument(runfiles_path(ctx, stack.plan))] + arguments,
        env = {"NODE_COMPILE_CACHE": _COMPILED},
        runfiles = own.merge(runfiles) if runfiles else own,
    )

def _k8s_verb_impl(ctx):
    launcher = create_verb(ctx, ctx.label.name, ctx.attr.verb, ctx.attr.stack[K8sStackInfo])
    return [DefaultInfo(executable = launcher.executable, runfiles = launcher.runfiles)]

k8s_verb = rule(
    implementation = _k8s_verb_impl,
    doc = "One verb of an object or a stack. Made by k8s_object and k8s_objects.",
    attrs = dict(
        VERB_ATTRS,
        stack = attr.label(doc = "The object or stack.", mandatory = True, providers = [K8sStackInfo]),
        verb = attr.string(doc = "What to do.", mandatory = True, values = VERBS.keys()),
    ),
    executable = True,
    toolchains = [TOOLCHAIN_TYPE],
)

def verb_targets(name, verbs, **kwargs):
    """Declares `<name>.<verb>` for each of some verbs.

    Args:
      name: string: the object or stack.
      verbs: keys of VERBS; `image` is made by deployer_target.
      **kwargs: testonly, features and the like.
    """
    for verb in [verb for verb in verbs if verb != "image"]:
        k8s_verb(
            name = name + "." + verb,
            stack = ":" + name,
            tags = ["manual"],
            verb = verb,
            **kwargs
        )
