"""Module extensions for Fathom's own repositories; MODULE.bazel alone uses them.

They are two because reading a lock needs the node that the first one declares. No BUILD file loads this one, as Bazel 4.2
has no extensions.
"""

load("//tools:repositories.bzl", "FATHOM_LOCKS", "tool_repositories")
load("//tools/packages/private:hubs.bzl", "declare_hub")

def _not_declared(_name):
    return None

def _fathom_tools_impl(module_ctx):
    tool_repositories(_not_declared)
    return module_ctx.extension_metadata(reproducible = True)

fathom_tools = module_extension(
    implementation = _fathom_tools_impl,
    doc = "The repositories of Fathom's tools, but for locks of packages.",
)

def _fathom_packages_impl(module_ctx):
    for kind, locks in FATHOM_LOCKS.items():
        for lock in locks:
            declare_hub(module_ctx, kind, lock)
    return module_ctx.extension_metadata(reproducible = True)

fathom_packages = module_extension(
    implementation = _fathom_packages_impl,
    doc = "The packages of Fathom's base images and runtimes.",
)
