"""What repository rules need to know of the machine that builds."""

load("//tools/lib/bzl:labels.bzl", "apparent_name", "sibling_label")

def cache_folder(ctx):
    """Fathom's cache folder: FATHOM_CACHE, else XDG_CACHE_HOME/fathom, else ~/.cache/fathom (as tools/lib/state.ts).

    Args:
      ctx: repository_ctx.

    Returns:
      a string.
    """
    env = ctx.os.environ
    return env.get("FATHOM_CACHE") or (env.get("XDG_CACHE_HOME") or env.get("HOME", "/root") + "/.cache") + "/fathom"

def machine(ctx):
    """The machine's kind: `linux_x64`, `linux_arm64`, `darwin_arm64`, ….

    Args:
      ctx: repository_ctx.

    Returns:
      a string.
    """
    arch = ctx.execute(["uname", "-m"]).stdout.strip()
    system = "darwin" if ctx.os.name.startswith("mac") else "linux"
    return system + "_" + {"aarch64": "arm64", "arm64": "arm64", "x86_64": "x64"}.get(arch, arch)

def without_secrets(text, secrets):
    """What may be shown of a text.

    Args:
      text: string.
      secrets: list of strings.

    Returns:
      a string.
    """
    for secret in secrets:
        text = text.replace(secret, "***")
    return text

def run_or_fail(ctx, what, command, hint, timeout = 600, environment = {}, working_directory = "", secrets = []):
    """Runs a program; its failure ends the fetch with what failed, what it said and what to do.

    Args:
      ctx: repository_ctx.
      what: string: participle and object, "Vendoring modules of …".
      command: list of strings.
      hint: string: an imperative sentence.
      timeout: seconds.
      environment: dict of variables beside those of the caller.
      working_directory: relative to the repository.
      secrets: list of strings that are not shown of what it said.

    Returns:
      its standard output.
    """
    result = ctx.execute(command, timeout = timeout, environment = environment, working_directory = working_directory)
    if result.return_code != 0:
        fail("@{}: {}: exit {}\n{}\n{}".format(apparent_name(ctx.name), what, result.return_code, without_secrets(result.stdout + result.stderr, secrets)[-4000:], hint))
    return result.stdout

def remove_files(ctx, folder, names):
    """Removes files from a folder of the repository, at any depth.

    Args:
      ctx: repository_ctx.
      folder: string: relative to the repository.
      names: list of file names; `*` as in find.
    """
    choice = []
    for name in names:
        choice += ["-o", "-name", name]
    run_or_fail(ctx, "Removing files from " + folder, ["find", folder, "-type", "f", "("] + choice[1:] + [")", "-delete"], "Fetch again.")

def sibling_path(ctx, label, name):
    """A file beside another, by its own label, so that an edit of it is noticed.

    Args:
      ctx: repository_ctx.
      label: Label of the other file.
      name: string.

    Returns:
      a path, or None where there is no such file.
    """
    if not ctx.path(label).dirname.get_child(name).exists:
        return None
    folder, slash, _ = label.name.rpartition("/")
    return ctx.path(sibling_label(label, folder + slash + name))
