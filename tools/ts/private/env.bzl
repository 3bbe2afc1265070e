"""The attribute `env` of programs and tests: what names a file in it is the file's path where the program runs."""

load(":launcher.bzl", "runfile_argument", "shell_quote")

# What names a file by where it was built → what names it by where it is among the runfiles.
_FUNCTIONS = {
    "execpath": "rootpath",
    "execpaths": "rootpaths",
    "location": "rootpath",
    "locations": "rootpaths",
}

def _paths(text):
    """The paths that Bazel names one after another; those with a space in them are in quotes."""
    paths = []
    is_open = False
    for part in text.split(" "):
        if is_open:
            paths[-1] += " " + part
        else:
            paths.append(part)
            is_open = part.startswith("'")
        is_open = is_open and not part.endswith("'")
    return [path[1:-1] if path.startswith("'") else path for path in paths]

def _runfile(ctx, path):
    """The name among the runfiles of what `$(rootpath)` calls `../<repository>/…`, or `./<file>` in the top folder."""
    for prefix in ["../", "external/"]:
        if path.startswith(prefix):
            return path[len(prefix):]
    return ctx.workspace_name + "/" + (path[len("./"):] if path.startswith("./") else path)

def _parts(ctx, value):
    # For its errors, which have the words of the BUILD file.
    ctx.expand_location(value, ctx.attr.data)
    parts = []
    pieces = value.split("$(")
    text = pieces[0]
    for piece in pieces[1:]:
        name, _, rest = piece.partition(" ")
        label, end, after = rest.partition(")")
        if name not in _FUNCTIONS or not end:
            text += "$(" + piece
            continue
        for path in _paths(ctx.expand_location("$({} {})".format(_FUNCTIONS[name], label), ctx.attr.data)):
            parts += [ctx.expand_location(text, ctx.attr.data), _runfile(ctx, path)]
            text = " "
        text = after
    return parts + [ctx.expand_location(text, ctx.attr.data)]

def environment_parts(ctx):
    """The environment variables of a target.

    `$(location x)`, `$(execpath x)` and their plurals become names of runfiles, as the paths where files were built
    lead nowhere from where the program runs. `$(rootpath x)` and `$(rlocationpath x)` are Bazel's.

    Args:
      ctx: the rule's context, with `data` and `env`.

    Returns:
      dict of name → list of strings: text, a runfile's name (see rlocation), text, and so on in turn; text is the last.
    """
    return {key: _parts(ctx, value) for key, value in ctx.attr.env.items()}

def environment_words(ctx):
    """The environment variables of a target, with absolute paths of runfiles.

    Args:
      ctx: the rule's context, with `data` and `env`.

    Returns:
      dict of name → word for sh, for create_launcher.
    """
    return {
        key: "".join([runfile_argument(part) if i % 2 else shell_quote(part) for i, part in enumerate(parts)])
        for key, parts in environment_parts(ctx).items()
    }
