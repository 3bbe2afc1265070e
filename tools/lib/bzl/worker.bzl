"""Actions whose tool Bazel may keep running between them: runTool of //tools/lib:worker.ts.

A worker sees the whole workspace, unless users ask for `--worker_sandboxing`: only for tools that read what their
arguments, or files of parameters among these, name, and nothing else; or that look for a file among the inputs of the
request alone, as Jsonnet's does for what is imported.
"""

def worker_requirements(pool):
    """The execution_requirements of such an action.

    Where workers are switched off, or the action runs elsewhere, the tool is started for each.

    Args:
      pool: string: the mnemonic by which Bazel counts the tool's processes (`--worker_max_instances`): actions of other
        mnemonics that have the same tool share them.

    Returns:
      dict.
    """
    return {"supports-workers": "1", "worker-key-mnemonic": pool}

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
