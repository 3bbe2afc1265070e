"""The machine's npm, as repository rules run it: with the configuration of the project that a lock is of."""

load("//tools/lib/bzl:labels.bzl", "apparent_name")
load("//tools/packages/private:host.bzl", "cache_folder", "sibling_path")

def _find_npm(ctx):
    """The npm of PATH, else the one that `./fathom` put into the cache folder; and the PATH that it needs."""
    path = ctx.os.environ.get("PATH", "")
    found = ctx.which("npm")
    if found:
        return str(found), path
    cache = cache_folder(ctx)
    cached = ctx.path(cache + "/bin/npm")
    if cached.exists:
        return str(cached), cache + "/bin:" + path
    fail("@{}: no npm on PATH, nor in {}/bin. Run `./fathom doctor`, or install node and npm.".format(apparent_name(ctx.name), cache))

def _npmrc(ctx, lock):
    """The .npmrc beside the lock, or None. One that is not there yet is noticed by Bazel 7.1 and newer when it is."""
    if hasattr(ctx, "watch"):
        ctx.watch(ctx.path(lock).dirname.get_child(".npmrc"))
    return sibling_path(ctx, lock, ".npmrc")

# Names of settings that are secrets; what stands before is the registry's address.
_SECRETS = ("_auth", "_authToken", "_password", ":key")

# What is shorter is a part of much else.
_MIN_SECRET_LENGTH = 6

def _secrets(ctx, npmrc):
    """The secrets of a .npmrc, and of the variables that it names in their place."""
    secrets = []
    for line in ctx.read(npmrc).splitlines():
        name, _, value = line.partition("=")
        if not name.strip().endswith(_SECRETS):
            continue
        value = value.strip().strip("\"'")
        secrets.append(value)
        for part in value.split("${")[1:]:
            secrets.append(ctx.os.environ.get(part.partition("}")[0].rstrip("?"), ""))
    return [secret for secret in secrets if len(secret) >= _MIN_SECRET_LENGTH and not secret.startswith("${")]

def project_npm(ctx, lock):
    """Readies npm for the repository's folder, with the .npmrc that stands beside a lock, as npm itself would read it.

    It is only linked, as it may hold secrets: what is made of a repository may be in caches. npm runs in its folder, as
    relative paths in it are of that.

    Args:
      ctx: repository_ctx.
      lock: Label of the package-lock.json.

    Returns:
      struct: `command`: list of strings that arguments follow; `environment`: dict; `folder`: string, where to run it;
      `secrets`: list of strings that nothing may show; `npmrc`: the file's path, or None.
    """
    npm, path = _find_npm(ctx)
    npmrc = _npmrc(ctx, lock)
    if npmrc:
        ctx.symlink(npmrc, ".npmrc")
    return struct(
        command = [npm, "--prefix=" + str(ctx.path("."))],
        environment = {"PATH": path, "npm_config_update_notifier": "false"},
        folder = str(npmrc.dirname) if npmrc else "",
        npmrc = npmrc,
        secrets = _secrets(ctx, npmrc) if npmrc else [],
    )

def forget_project(ctx, npm):
    """Takes the configuration away again: it is no part of the repository.

    Args:
      ctx: repository_ctx.
      npm: struct of project_npm.
    """
    if npm.npmrc:
        ctx.delete(".npmrc")
