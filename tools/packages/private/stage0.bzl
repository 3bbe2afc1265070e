"""Runs stage 0 TypeScript, from source by the pinned node, in a repository rule or a module extension."""

load("//tools/lib/bzl:labels.bzl", "apparent_name")

def run_stage0(ctx, main, request, timeout = 3600, environment = {}, name = None):
    """Runs a program of //tools/packages in the repository's folder; its error ends the fetch in its own words.

    Args:
      ctx: repository_ctx or module_ctx.
      main: Label of its main file.
      request: what the program reads, as JSON, from its only argument.
      timeout: seconds.
      environment: dict of variables beside those of the caller.
      name: string: the repository that it is for. Default: the one that is being made.

    Returns:
      its standard output.
    """
    result = ctx.execute(
        [
            ctx.path(Label("@fathom_npm//:node")),
            "--disable-warning=ExperimentalWarning",
            # As curl, pip and apt do: authorities that the machine trusts, the proxy of the environment.
            "--use-system-ca",
            ctx.path(main),
            json.encode(request),
        ],
        environment = dict({"NODE_USE_ENV_PROXY": "1"}, **environment),
        timeout = timeout,
    )
    if result.return_code != 0:
        fail("@{}: {}".format(apparent_name(name or ctx.name), (result.stderr + result.stdout).strip()[-4000:]))
    return result.stdout

def fetch_file(ctx, request):
    """Fetches one pinned file into the repository, through the cache that all workspaces share.

    Args:
      ctx: repository_ctx.
      request: dict: see fetch_main.ts.
    """
    ctx.report_progress("Fetching {}".format(request["file"]))
    run_stage0(ctx, Label("//tools/packages:fetch/fetch_main.ts"), request)
