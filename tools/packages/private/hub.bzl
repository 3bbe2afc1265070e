"""The hub of a lock: a target for each package, and a macro that declares a repository for each archive."""

load("//tools/lib/bzl:labels.bzl", "absolute_label", "apparent_name", "shown_label")
load("//tools/packages/private:host.bzl", "sibling_path")
load("//tools/packages/private:stage0.bzl", "run_stage0")

HUB_ATTRS = {
    "list": attr.label(doc = "The list that people edit. Default: `<name>.json` beside `<name>.lock.json`, where there is one.", allow_single_file = True),
    "lock": attr.label(doc = "The lock, `<name>.lock.json`.", allow_single_file = [".json"], mandatory = True),
}

def _list_path(ctx, lock):
    """The path of the list, or an empty string."""
    if ctx.attr.list:
        return str(ctx.path(ctx.attr.list))
    if not lock.basename.endswith(".lock.json"):
        return ""
    path = sibling_path(ctx, ctx.attr.lock, lock.basename[:-len(".lock.json")] + ".json")
    return str(path) if path else ""

_MAIN = Label("//tools/packages:hub/hub_main.ts")

# The sources of the program.
_SOURCES = [Label(source) for source in [
    "//tools/lib:cli.ts",
    "//tools/lib:errors.ts",
    "//tools/lib:redact.ts",
    "//tools/packages:closure.ts",
    "//tools/packages:hub/debian_hub.ts",
    "//tools/packages:hub/hub_files.ts",
    "//tools/packages:hub/hub_main.ts",
    "//tools/packages:hub/lock_file.ts",
    "//tools/packages:hub/maven_hub.ts",
    "//tools/packages:hub/pypi_hub.ts",
    "//tools/packages:maven/lock_format.ts",
    "//tools/packages:pypi/lock_format.ts",
]]

def _request(ctx, kind, name, lock, architecture, mirrors):
    """What hub_main.ts needs to know to read a lock; a change of one of its sources asks anew."""
    for source in _SOURCES:
        ctx.path(source)
    return {
        "architecture": architecture,
        "kind": kind,
        "list": "",
        "lock": str(ctx.path(lock)),
        "mirrors": mirrors,
        "name": name,
        "settings": absolute_label(Label("//tools/packages:linux_x64")).rpartition(":")[0],
        "shown": shown_label(lock),
    }

def write_hub(ctx, kind, rules, architecture = "", mirrors = []):
    """Writes BUILD.bazel and packages.bzl of a hub; a lock that does not match its list is an error.

    Args:
      ctx: repository_ctx, with HUB_ATTRS.
      kind: string: `debian`, `maven` or `pypi`.
      rules: struct(package_rule, package_file, archive_rule, archive_file, macro): names of rules, Labels of .bzl files.
      architecture: string: Debian's.
      mirrors: list of strings: Debian's.
    """
    request = _request(ctx, kind, apparent_name(ctx.name), ctx.attr.lock, architecture, mirrors)
    run_stage0(ctx, _MAIN, dict(
        request,
        list = _list_path(ctx, ctx.path(ctx.attr.lock)),
        rules = {
            "archiveFile": absolute_label(rules.archive_file),
            "archiveRule": rules.archive_rule,
            "macro": rules.macro,
            "packageFile": absolute_label(rules.package_file),
            "packageRule": rules.package_rule,
        },
    ))

def hub_archives(module_ctx, kind, attributes):
    """What the macro of a hub declares, for module extensions: they read the lock themselves.

    Args:
      module_ctx: module_ctx.
      kind: string: as of write_hub.
      attributes: dict: of the hub's rule, `name` among them.

    Returns:
      list of dicts of the attributes of the archives' rule, `name` among them.
    """
    name = attributes["name"]
    request = _request(module_ctx, kind, name, attributes["lock"], attributes.get("architecture", ""), attributes.get("mirrors", []))
    return json.decode(run_stage0(module_ctx, _MAIN, request, name = name))
