"""The kinds of locks that have a repository for each archive, for module extensions."""

load("//tools/packages/private:debian_repository.bzl", "DEBIAN_ATTRS", "debian_archive", "debian_packages")
load("//tools/packages/private:hub.bzl", "HUB_ATTRS", "hub_archives")
load("//tools/packages/private:maven_repository.bzl", "maven_archive", "maven_artifacts")
load("//tools/packages/private:pypi_repository.bzl", "pypi_archive", "pypi_packages")

# Kind → the rules of the hub and of an archive, and the attributes of the hub.
HUBS = {
    "debian": struct(archive = debian_archive, attrs = DEBIAN_ATTRS, hub = debian_packages),
    "maven": struct(archive = maven_archive, attrs = HUB_ATTRS, hub = maven_artifacts),
    "pypi": struct(archive = pypi_archive, attrs = HUB_ATTRS, hub = pypi_packages),
}

def declare_hub(module_ctx, kind, attributes):
    """Declares the hub of a lock and a repository for each of its archives: in a WORKSPACE these are two steps.

    Args:
      module_ctx: module_ctx.
      kind: string: of HUBS.
      attributes: dict: of the hub's rule, `name` among them.
    """
    HUBS[kind].hub(**attributes)
    for archive in hub_archives(module_ctx, kind, attributes):
        HUBS[kind].archive(**archive)
