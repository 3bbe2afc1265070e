"""Executables: a launcher of a few lines that finds the runfiles and becomes node."""

load(":compile.bzl", "rlocation")
load(":toolchain.bzl", "TOOLCHAIN_TYPE")

# How a launcher begins, of whatever language: with the runfiles in $r, which has folders if Bazel has made it, and
# nothing but a manifest where it was told to make no links. A text for format().
FIND_RUNFILES = """#!/bin/sh
case $0 in
  *.runfiles/*) r=${{0%.runfiles/*}}.runfiles ;;
  *) r=$0.runfiles ;;
esac
full() {{ for d in "$1"/*/; do [ -d "$d" ]; return; done; }}
full "$r" || r=${{RUNFILES_DIR:-${{TEST_SRCDIR:-$r}}}}
full "$r" || {{
  printf '%s\\n' "error: RUNFILES_MISSING: Starting $0: $r is not there, or has no files" \\
    '  hint: Start it by `bazel run`, or build it with --build_runfile_links.' >&2
  exit 1
}}
case $r in /*) ;; *) r=$PWD/$r ;; esac
export RUNFILES_DIR="$r"
"""

# `exec`: otherwise killing `bazel run` would leave node behind. No logic belongs here.
_LAUNCHER = FIND_RUNFILES + """\
{env}exec "$r/{node}" {arguments} "$@"
"""

LAUNCHER_ATTRS = {
    "_hooks": attr.label(
        doc = "Checks imports of unbundled programs.",
        default = "//tools/ts:runtime/hooks.ts",
        allow_single_file = True,
    ),
    "_hooks_sources": attr.label(
        doc = "What the hooks import.",
        default = "//tools/ts:stage0",
    ),
}

def shell_quote(text):
    """Quotes a word for sh.

    Args:
      text: a string.

    Returns:
      the word in single quotes.
    """
    return "'" + text.replace("'", "'\\''") + "'"

def runfile_argument(name):
    """An argument that is the absolute path of a runfile.

    Args:
      name: `<workspace>/<path>`, see rlocation.

    Returns:
      a word for create_launcher's `arguments`.
    """
    return "\"$r/" + name + "\""

def create_launcher(ctx, name, entry, arguments = [], node_arguments = [], env = {}, runfiles = None):
    """Declares an executable that runs a JavaScript file with the pinned node.

    Args:
      ctx: the rule's context, with the ts toolchain.
      name: string: the executable's file name.
      entry: File: the program, .js, .mjs or erasable .ts.
      arguments: list of words for sh that come before the caller's: made by shell_quote or runfile_argument.
      node_arguments: likewise, for node itself.
      env: dict of name → word for sh.
      runfiles: runfiles of the program beside entry and node. Default: none.

    Returns:
      struct(executable = File, runfiles = runfiles).
    """
    node = ctx.toolchains[TOOLCHAIN_TYPE].ts.node
    executable = ctx.actions.declare_file(name)
    words = ["--disable-warning=ExperimentalWarning"] + node_arguments + [runfile_argument(rlocation(ctx, entry))] + arguments
    ctx.actions.write(
        executable,
        _LAUNCHER.format(
            node = rlocation(ctx, node),
            env = "".join(["export {}={}\n".format(key, value) for key, value in env.items()]),
            arguments = " ".join(words),
        ),
        is_executable = True,
    )
    own = ctx.runfiles(files = [node, entry, executable])
    return struct(executable = executable, runfiles = own.merge(runfiles) if runfiles else own)

def unbundled_program(ctx, name, info):
    """What a program that is not bundled needs at run time.

    Args:
      ctx: the rule's context, with LAUNCHER_ATTRS.
      name: string: prefix of declared files.
      info: TsInfo of the program.

    Returns:
      struct(node_arguments, env, runfiles) for create_launcher.
    """
    manifests = ctx.actions.declare_file(name + ".runtime_manifests.json")
    ctx.actions.write(manifests, json.encode(struct(
        manifests = [rlocation(ctx, f) for f in info.runtime_manifests.to_list()],
    )))
    npm = info.npm.to_list()
    return struct(
        node_arguments = ["--enable-source-maps", "--import", runfile_argument(rlocation(ctx, ctx.file._hooks))],
        env = {"FATHOM_RUNTIME_MANIFESTS": runfile_argument(rlocation(ctx, manifests))},
        runfiles = ctx.runfiles(
            files = [manifests] + [entry.directory for entry in npm],
            transitive_files = depset(transitive = [
                info.transitive_js,
                info.source_maps,
                info.runtime_manifests,
                ctx.attr._hooks_sources[DefaultInfo].files,
            ]),
        ),
    )
