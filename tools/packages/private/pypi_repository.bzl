"""pypi_wheel: one wheel of a lock file, unpacked."""

load("//tools/packages/private:host.bzl", "cache_folder", "machine", "run_or_fail")

_DOC = """Fetches the wheel of one package for the machine that builds, checks its hash, and unpacks it.

pip of the machine downloads it, so a user's own index configuration holds. Downloads are shared between workspaces, by
hash, in Fathom's cache folder. The lock is JSON: package → {version, files: {machine: {platform, file, sha256}}}.
"""

def _sha256(ctx, path):
    tool = ctx.which("sha256sum")
    command = [tool] if tool else ["shasum", "-a", "256"]
    return run_or_fail(ctx, "Hashing {}".format(path), command + [path], "Check that it can be read.").split(" ")[0]

def _check_pip(ctx, requirement):
    """The python whose pip fetches wheels."""
    python = ctx.which("python3")
    if not python or ctx.execute([python, "-m", "pip", "--version"]).return_code != 0:
        fail("@{}: fetching {}: python3 with pip is missing. Run `apt-get install python3-pip` (elsewhere `python3 -m ensurepip`).".format(ctx.name, requirement))
    return python

def _cached_wheel(ctx, wheel, requirement):
    """The path of the verified wheel in the cache folder."""
    folder = "{}/pypi/{}".format(cache_folder(ctx), wheel["sha256"])
    path = folder + "/" + wheel["file"]
    if not ctx.path(path).exists:
        python = _check_pip(ctx, requirement)
        ctx.file("requirements.txt", "{} --hash=sha256:{}\n".format(requirement, wheel["sha256"]), executable = False)
        ctx.report_progress("downloading " + requirement)

        # `cp312` of a wheel for one Python alone: what it holds is unpacked, whichever Python runs here.
        python_tag = wheel["file"].split("-")[2]
        python_version = ["--python-version=" + python_tag[2:]] if python_tag.startswith("cp") else []
        run_or_fail(
            ctx,
            "Downloading {} for {}".format(requirement, wheel["platform"]),
            [python, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:", "--platform=" + wheel["platform"]] + python_version + ["--dest=download", "--requirement=requirements.txt"],
            "Check the network and `python3 -m pip config list`; where pip speaks of hashes, the index offers another file than the lock pins.",
            environment = {"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        )

        # Under its final name only when it is whole: another fetch may be looking.
        hint = "Check that {} can be written.".format(folder)
        run_or_fail(ctx, "Making " + folder, ["mkdir", "-p", folder], hint)
        part = run_or_fail(ctx, "Keeping " + path, ["mktemp", folder + "/part.XXXXXX"], hint).strip()
        run_or_fail(ctx, "Keeping " + path, ["cp", "download/" + wheel["file"], part], hint)
        run_or_fail(ctx, "Keeping " + path, ["mv", "-f", part, path], hint)
        ctx.delete("download")
        ctx.delete("requirements.txt")
    found = _sha256(ctx, path)
    if found != wheel["sha256"]:
        fail("@{}: {} has sha256 {}, the lock says {}. Delete the file and fetch again.".format(ctx.name, path, found, wheel["sha256"]))
    return path

def unpack_wheel(ctx, lock, package):
    """Unpacks a package's wheel into the repository.

    Args:
      ctx: repository_ctx.
      lock: label of the lock.
      package: string: its name there.

    Returns:
      the version, a string.
    """
    entry = json.decode(ctx.read(ctx.path(lock))).get(package)
    if not entry:
        fail("@{}: {} has no package {}. Add it.".format(ctx.name, lock, package))
    wheel = entry["files"].get(machine(ctx))
    if not wheel:
        fail("@{}: {} has no wheel of {} for {}. Add it, if the package offers one.".format(ctx.name, lock, package, machine(ctx)))
    path = _cached_wheel(ctx, wheel, "{}=={}".format(package, entry["version"]))

    # Bazel unpacks by the name's ending, and a wheel is a zip archive.
    ctx.symlink(path, "wheel.zip")
    ctx.extract("wheel.zip")
    ctx.delete("wheel.zip")
    return entry["version"]

def _pypi_wheel_impl(ctx):
    version = unpack_wheel(ctx, ctx.attr.lock, ctx.attr.package)
    for template in ctx.attr.executables:
        path = template.replace("{version}", version)
        run_or_fail(ctx, "Making {} executable".format(path), ["chmod", "-R", "a+rx", path], "Correct 'executables'.")
    for path, content in ctx.attr.files.items():
        ctx.file(path, content.replace("{version}", version), executable = False)

pypi_wheel = repository_rule(
    implementation = _pypi_wheel_impl,
    doc = _DOC,
    attrs = {
        "executables": attr.string_list(doc = "Files or folders of the wheel that are made executable; `{version}` stands for the locked version."),
        "files": attr.string_dict(doc = "Path → content of files to add, BUILD.bazel among them; `{version}` as above.", mandatory = True),
        "lock": attr.label(doc = "The lock.", mandatory = True, allow_single_file = True),
        "package": attr.string(doc = "The package's name in the lock.", mandatory = True),
    },
)
