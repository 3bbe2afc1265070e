"""Module extensions for third-party packages: in MODULE.bazel what the rules of defs.bzl are in a WORKSPACE.

Each tag has the attributes of the rule. What is two steps in a WORKSPACE, a lock and the repositories of its archives, is
one here: the extension reads the lock. No BUILD file loads this one, as Bazel 4.2 has no extensions.
"""

load("//tools/lib/bzl:extensions.bzl", "missing_repository", "tag_attributes", "tag_attrs", "tags_by_name")
load("//tools/packages/private:debian_repository.bzl", "DEBIAN_ATTRS")
load("//tools/packages/private:hub.bzl", "HUB_ATTRS")
load("//tools/packages/private:hubs.bzl", "declare_hub")
load("//tools/packages/private:npm_repository.bzl", "NPM_ATTRS", "npm_packages")
load("//tools/packages/private:pypi_repository.bzl", "WHEEL_ATTRS", "pypi_wheel")

def _npm_impl(module_ctx):
    tags = tags_by_name(module_ctx, "npm", ["lock"])
    for _, tag in tags.values():
        npm_packages(**tag_attributes(tag, NPM_ATTRS))
    if "npm" not in tags:
        missing_repository(name = "npm", hint = "npm.lock(name = \"npm\", lock = \"//:package-lock.json\")")
    return module_ctx.extension_metadata(reproducible = True)

npm = module_extension(
    implementation = _npm_impl,
    doc = """npm packages: `npm.lock` has the attributes of npm_packages.

    npm = use_extension("@fathom//tools/packages:extensions.bzl", "npm")
    npm.lock(name = "npm", lock = "//:package-lock.json")
    use_repo(npm, "npm")

The rules of Fathom take what generated TypeScript imports from the repository `npm` of the root module.
""",
    tag_classes = {"lock": tag_class(doc = "See npm_packages.", attrs = tag_attrs(NPM_ATTRS))},
)

def _debian_impl(module_ctx):
    for _, tag in tags_by_name(module_ctx, "debian", ["lock"]).values():
        declare_hub(module_ctx, "debian", tag_attributes(tag, DEBIAN_ATTRS))
    return module_ctx.extension_metadata(reproducible = True)

debian = module_extension(
    implementation = _debian_impl,
    doc = """Debian packages: `debian.lock` has the attributes of debian_packages.

    debian = use_extension("@fathom//tools/packages:extensions.bzl", "debian")
    debian.lock(name = "debian", lock = "//third_party/debian:trixie.lock.json")
    use_repo(debian, "debian")
""",
    tag_classes = {"lock": tag_class(doc = "See debian_packages.", attrs = tag_attrs(DEBIAN_ATTRS))},
)

def _maven_impl(module_ctx):
    tags = tags_by_name(module_ctx, "maven", ["lock"])
    for _, tag in tags.values():
        declare_hub(module_ctx, "maven", tag_attributes(tag, HUB_ATTRS))
    if "maven" not in tags:
        missing_repository(name = "maven", hint = "maven.lock(name = \"maven\", lock = \"//third_party/maven:artifacts.lock.json\")")
    return module_ctx.extension_metadata(reproducible = True)

maven = module_extension(
    implementation = _maven_impl,
    doc = """Maven artifacts: `maven.lock` has the attributes of maven_artifacts.

    maven = use_extension("@fathom//tools/packages:extensions.bzl", "maven")
    maven.lock(name = "maven", lock = "//third_party/maven:artifacts.lock.json")
    use_repo(maven, "maven")

The rules of Fathom take what generated Java uses from the repository `maven` of the root module.
""",
    tag_classes = {"lock": tag_class(doc = "See maven_artifacts.", attrs = tag_attrs(HUB_ATTRS))},
)

def _pypi_impl(module_ctx):
    tags = tags_by_name(module_ctx, "pypi", ["lock", "wheel"])
    for kind, tag in tags.values():
        if kind == "wheel":
            pypi_wheel(**tag_attributes(tag, WHEEL_ATTRS))
        else:
            declare_hub(module_ctx, "pypi", tag_attributes(tag, HUB_ATTRS))
    if "pypi" not in tags:
        missing_repository(name = "pypi", hint = "pypi.lock(name = \"pypi\", lock = \"//third_party/pypi:packages.lock.json\")")
    return module_ctx.extension_metadata(reproducible = True)

pypi = module_extension(
    implementation = _pypi_impl,
    doc = """Packages of PyPI: `pypi.lock` has the attributes of pypi_packages, `pypi.wheel` those of pypi_wheel.

    pypi = use_extension("@fathom//tools/packages:extensions.bzl", "pypi")
    pypi.lock(name = "pypi", lock = "//third_party/pypi:packages.lock.json")
    use_repo(pypi, "pypi")

The rules of Fathom take what generated Python imports from the repository `pypi` of the root module.
""",
    tag_classes = {
        "lock": tag_class(doc = "See pypi_packages.", attrs = tag_attrs(HUB_ATTRS)),
        "wheel": tag_class(doc = "See pypi_wheel.", attrs = tag_attrs(WHEEL_ATTRS)),
    },
)
