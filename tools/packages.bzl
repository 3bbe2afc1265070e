"""What follows `fathom_repositories()` in a WORKSPACE: repositories whose list is itself in a repository."""

load("@fathom_debian//:packages.bzl", "debian_repositories")
load("@fathom_debian_arm64//:packages.bzl", debian_repositories_arm64 = "debian_repositories")
load("@fathom_maven//:packages.bzl", "maven_repositories")
load("@fathom_pypi//:packages.bzl", "pypi_repositories")

def fathom_packages():
    """Declares one repository for each package of Fathom's base images and runtimes; each is fetched when it is needed.

        load("@fathom//tools:packages.bzl", "fathom_packages")

        fathom_packages()
    """
    debian_repositories()
    maven_repositories()
    pypi_repositories()
    debian_repositories_arm64()
