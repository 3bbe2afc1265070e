"""Actions whose tool Bazel may keep running between them: runTool of //tools/lib:worker.ts.

A worker sees the whole workspace, unless users ask for `--worker_sandboxing`: only for tools that read what their
arguments name, and nothing else.
"""

# Where workers are switched off, or the action runs elsewhere, the tool is started for each.
WORKER_REQUIREMENTS = {"supports-workers": "1"}

def worker_args(ctx):
    """Arguments that go through a file, as workers need them.

    Args:
      ctx: a rule's context.

    Returns:
      Args; no argument may have a line break.
    """
    args = ctx.actions.args()
    args.set_param_file_format("multiline")
    args.use_param_file("@%s", use_always = True)
    return args
