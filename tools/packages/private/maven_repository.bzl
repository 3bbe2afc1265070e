"""maven_artifacts: the artifacts of a Maven lock, each a repository of its own that is fetched when it is needed."""

load("//tools/lib/bzl:labels.bzl", "absolute_label", "apparent_name")
load("//tools/packages/private:host.bzl", "run_or_fail")
load("//tools/packages/private:hub.bzl", "HUB_ATTRS", "write_hub")
load("//tools/packages/private:stage0.bzl", "fetch_file", "run_stage0")

_DOC = """Makes the artifacts of a lock available as `@<name>//:<group>_<artifact>`, other characters as `_` too.

This repository only reads the lock; `load("@<name>//:packages.bzl", "maven_repositories")` and a call of it declare
one repository for each artifact, which is downloaded when a target first needs it and checked against the lock's
sha256. Downloads are kept, by hash, in Fathom's cache folder. `bazel run @fathom//tools/packages:maven_pin --
<list>.json` writes the lock, with all that the artifacts need at run time.

Artifacts come from FATHOM_MAVEN_MIRROR (base URLs, separated by spaces), else from the mirror of `central` in
~/.m2/settings.xml with the credentials of its server, else from where Maven itself takes them. Neither Maven nor Java
is needed.

    load("@fathom//tools/packages:defs.bzl", "maven_artifacts")

    maven_artifacts(
        name = "maven",
        lock = "//third_party/maven:services.lock.json",
    )

    load("@maven//:packages.bzl", "maven_repositories")

    maven_repositories()
"""

_RULES = struct(
    archive_file = Label("//tools/packages/private:maven_repository.bzl"),
    archive_rule = "maven_archive",
    macro = "maven_repositories",
    package_file = Label("//tools/packages/private:maven_artifact.bzl"),
    package_rule = "maven_artifact",
)

def _maven_artifacts_impl(ctx):
    write_hub(ctx, "maven", _RULES)

maven_artifacts = repository_rule(
    implementation = _maven_artifacts_impl,
    doc = _DOC,
    attrs = HUB_ATTRS,
)

def _maven_archive_impl(ctx):
    default = run_stage0(ctx, Label("//tools/packages:fetch/fetch_main.ts"), {"kind": "maven_default"}) == "default"
    local = ctx.attr.path.split("/")[-1]
    fetch_file(ctx, {
        "file": local,
        "kind": "maven",
        "output": local,
        "path": ctx.attr.path,
        "sha256": ctx.attr.sha256,
        "super_pom": str(ctx.path(Label("@fathom_maven_model//:super_pom.xml"))) if default else None,
    })
    if local.endswith(".exe"):
        # A program for some machine, such as a plugin of protoc.
        run_or_fail(ctx, "Making {} executable".format(local), ["chmod", "a+rx", local], "Fetch again.")
    ctx.file("BUILD.bazel", """load("{rules}", "maven_files")
maven_files(
    name = "files",
    artifact_version = {version},
    coordinates = {coordinates},
    file = {local},
    license = {license},
    sha256 = {sha256},
    visibility = ["//visibility:public"],
)
""".format(
        rules = absolute_label(Label("//tools/packages/private:maven_artifact.bzl")),
        version = repr(ctx.attr.version),
        coordinates = repr(ctx.attr.coordinates),
        local = repr(local),
        license = repr(ctx.attr.license),
        sha256 = repr(ctx.attr.sha256),
    ))

maven_archive = repository_rule(
    implementation = _maven_archive_impl,
    doc = "One artifact. Internal: declared by `maven_repositories` of a maven_artifacts repository.",
    attrs = {
        "coordinates": attr.string(doc = "Its key in the lock.", mandatory = True),
        "license": attr.string(doc = "What the lock says of it."),
        "path": attr.string(doc = "Below a repository's base URL.", mandatory = True),
        "sha256": attr.string(doc = "Of the file.", mandatory = True),
        "version": attr.string(doc = "The locked version.", mandatory = True),
    },
    environ = ["FATHOM_MAVEN_MIRROR"],
)

def _installed_model_builder(ctx):
    """The jar of an installed Maven that has the super POM, or None."""
    mvn = ctx.which("mvn")
    lib = mvn.realpath.dirname.dirname.get_child("lib") if mvn else None
    jars = lib.readdir() if lib and lib.exists else []
    found = [jar for jar in jars if jar.basename.startswith("maven-model-builder-")]
    return found[0] if found else None

def _packed_model_builder(ctx):
    """The same jar out of its Debian package: a machine without Maven has apt and dpkg, or a configured mirror."""
    dpkg = ctx.which("dpkg-deb")
    if not dpkg:
        fail("@{}: no Maven repository is known: there is neither mvn nor apt here. Set FATHOM_MAVEN_MIRROR to the base URL of one, or name a mirror in ~/.m2/settings.xml.".format(apparent_name(ctx.name)))
    lock = json.decode(ctx.read(ctx.path(ctx.attr.lock)))
    entry = lock["packages"]["amd64"]["libmaven3-core-java"]
    fetch_file(ctx, {
        "archive": entry["archive"],
        "file": entry["path"].split("/")[-1],
        "kind": "debian",
        "mirrors": [],
        "output": "maven.deb",
        "path": entry["path"],
        "sha256": entry["sha256"],
        "snapshot": lock["snapshot"],
    })
    run_or_fail(ctx, "Unpacking libmaven3-core-java", [dpkg, "-x", "maven.deb", "unpacked"], "Fetch again.")
    return ctx.path("unpacked/usr/share/java/maven-model-builder-3.x.jar")

def _maven_model_impl(ctx):
    # Bazel unpacks by the name's ending, and a jar is a zip archive.
    ctx.symlink((_installed_model_builder(ctx) or _packed_model_builder(ctx)).realpath, "model.zip")
    ctx.extract("model.zip", output = "model")
    ctx.symlink("model/org/apache/maven/model/pom-4.0.0.xml", "super_pom.xml")
    ctx.file("BUILD.bazel", "exports_files([\"super_pom.xml\"])\n")

maven_model = repository_rule(
    implementation = _maven_model_impl,
    doc = """Maven's super POM, which says where Maven takes artifacts from unless it is told otherwise: from the Maven of this machine, else from its Debian package.

    maven_model(
        name = "fathom_maven_model",
        lock = "//third_party/debian:maven.lock.json",
    )
""",
    attrs = {"lock": attr.label(doc = "A Debian lock that has libmaven3-core-java.", allow_single_file = True, mandatory = True)},
)
