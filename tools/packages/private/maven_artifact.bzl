"""Targets of a Maven repository; its BUILD files are written by the maven_artifacts repository rule."""

load("//tools/packages:providers.bzl", "MavenArtifactInfo", "MavenFilesInfo", "ThirdPartyInfo")
load("//tools/packages/private:closure.bzl", "closure_attrs", "closure_providers")
load("//tools/packages/private:facts.bzl", "package_fact")

def _maven_files_impl(ctx):
    entry = struct(
        coordinates = ctx.attr.coordinates,
        version = ctx.attr.artifact_version,
        file = ctx.file.file,
        fact = package_fact(
            "maven",
            ctx.attr.coordinates,
            ctx.attr.artifact_version,
            license = ctx.attr.license,
            checksum = "sha256:" + ctx.attr.sha256,
        ),
    )
    return [MavenFilesInfo(entry = entry), DefaultInfo(files = depset([ctx.file.file]))]

maven_files = rule(
    implementation = _maven_files_impl,
    doc = "One artifact without what it needs. Internal: written by maven_artifacts.",
    attrs = {
        "artifact_version": attr.string(doc = "The locked version.", mandatory = True),
        "coordinates": attr.string(doc = "Its key in the lock.", mandatory = True),
        "file": attr.label(doc = "The jar.", allow_single_file = True, mandatory = True),
        "license": attr.string(doc = "What the lock says of it."),
        "sha256": attr.string(doc = "Of the file.", mandatory = True),
    },
)

def _maven_artifact_impl(ctx):
    return closure_providers(ctx, MavenFilesInfo, MavenArtifactInfo, file = "file", fields = ["coordinates", "version"])

maven_artifact = rule(
    implementation = _maven_artifact_impl,
    doc = "A Maven artifact with its closure, for `deps` of java_image. Internal: written by maven_artifacts.",
    attrs = closure_attrs("maven_files", MavenFilesInfo, "artifact"),
    provides = [MavenArtifactInfo, ThirdPartyInfo],
)
