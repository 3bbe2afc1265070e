"""oci_push: an executable that brings one image, or an index with its images, to a registry."""

load("//tools/oci:providers.bzl", "OciImageIndexInfo", "OciImageInfo")
load("//tools/ts/private:launcher.bzl", "create_launcher", "runfile_argument", "shell_quote")
load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")

_DOC = """Pushes an image, or an index with all its images: `bazel run :push`.

What the registry has is not sent again; a tag is written last, so that it never names an incomplete image. Prints
`registry/repository@digest`. What the image provides as artifacts (SBOM, provenance), and `artifacts`, are attached
in the same run: they refer to the image and are found by its digest (OCI referrers, or the tag `sha256-<hex>` of
registries that have no such list).

A registry that asks for a login gets the one of Docker's configuration (`docker login`; DOCKER_CONFIG).

With a signing key the image is signed, unless it was before: in cosign's form, under the tag `sha256-<hex>.sig` and as
a referrer, before its tags are written. `bazel run @fathom//tools/oci:verify` checks it.

In `registry`, `repository`, `remote_tags` and `tag`, Make variables (`$(NAME)`) are expanded, and `{KEY}` is filled in from the
workspace status when the target is run.

Arguments: `--tag TAG` (several times: instead of `remote_tags` and `tag`), `--registry HOST[:PORT]`, `--repository NAME`,
`--sign-key FILE` or `--sign-key env:NAME` (PEM, or encrypted by cosign with the password in COSIGN_PASSWORD).

A registry that is the reference of a running cluster's registry is reached at the endpoint in the cluster's state;
any other is spoken to over https.

    oci_push(
        name = "push",
        image = ":image",
        registry = "registry.example.com",
        remote_tags = ["latest", "{STABLE_GIT_COMMIT}"],
        repository = "shop/web",
        sign_key = "env:SIGNING_KEY",
    )
"""

def _runfile(ctx, file):
    return file.short_path[3:] if file.short_path.startswith("../") else ctx.workspace_name + "/" + file.short_path

def _place(ctx, repository):
    """Where the image goes: struct(arguments = words of the pusher, files = the files that they name)."""
    for attribute, file in [("remote_tags", "tag_file"), ("tag", "tag_file"), ("repository", "repository_file")]:
        if getattr(ctx.attr, attribute) and getattr(ctx.attr, file):
            fail("{}: '{}' must not be given beside '{}', got {}. Remove one of them.".format(ctx.label, attribute, file, getattr(ctx.attr, attribute)))
    texts = [("registry", "registry", ctx.attr.registry)]
    if not ctx.file.repository_file:
        texts.append(("repository", "repository", ctx.attr.repository or repository))
    texts += [("default-tag", "remote_tags", tag) for tag in ctx.attr.remote_tags]
    if ctx.attr.tag:
        texts.append(("default-tag", "tag", ctx.attr.tag))
    expanded = [(option, ctx.expand_make_variables(attribute, text, {})) for option, attribute, text in texts]
    files = [("tag-file", ctx.file.tag_file), ("repository-file", ctx.file.repository_file)]
    if [text for _, text in expanded if "{" in text]:
        files += [("status", ctx.info_file), ("status", ctx.version_file)]
    arguments = [shell_quote("--{}={}".format(option, text)) for option, text in expanded]
    for option, file in files:
        if file:
            arguments += [shell_quote("--" + option), runfile_argument(_runfile(ctx, file))]
    return struct(arguments = arguments, files = [file for _, file in files if file])

def _oci_push_impl(ctx):
    is_index = OciImageIndexInfo in ctx.attr.image
    if is_index and ctx.attr.artifacts:
        fail("{}: 'artifacts' must be empty for an index, got {}. Attach them to its images, each with an oci_push of its own.".format(ctx.label, [str(target.label) for target in ctx.attr.artifacts]))
    image = ctx.attr.image[OciImageIndexInfo] if is_index else ctx.attr.image[OciImageInfo]
    arguments = [shell_quote("--image"), runfile_argument(_runfile(ctx, image.index_entry))]
    place = _place(ctx, image.repository)
    arguments += place.arguments
    if ctx.attr.sign_key:
        arguments.append(shell_quote("--sign-key=" + ctx.attr.sign_key))
    artifacts = [
        struct(artifact_type = artifact_type, media_type = artifact_type, file = file)
        for target, artifact_type in ctx.attr.artifacts.items()
        for file in target[DefaultInfo].files.to_list()
    ]
    for artifact in artifacts:
        arguments.append(shell_quote("--artifact-type=" + artifact.artifact_type))
        arguments.append(shell_quote("--artifact-media-type=" + artifact.media_type))
        arguments += [shell_quote("--artifact"), runfile_argument(_runfile(ctx, artifact.file))]
    program = [file for file in ctx.files._program if file.extension == "mjs"][0]
    launcher = create_launcher(
        ctx,
        ctx.label.name,
        program,
        arguments = arguments,
        runfiles = ctx.attr.image[DefaultInfo].default_runfiles.merge(
            ctx.runfiles(files = [artifact.file for artifact in artifacts] + place.files),
        ),
    )
    return [
        DefaultInfo(executable = launcher.executable, runfiles = launcher.runfiles),
        # For container_push, which does not know what a `select` in `image` chooses.
        OutputGroupInfo(digest = depset([image.digest])),
    ]

oci_push = rule(
    implementation = _oci_push_impl,
    doc = _DOC,
    attrs = {
        "artifacts": attr.label_keyed_string_dict(doc = "File → its type (`application/spdx+json`): documents to attach beside those of the image.", allow_files = True),
        "image": attr.label(doc = "The image, or the index.", mandatory = True, providers = [[OciImageInfo], [OciImageIndexInfo]]),
        "registry": attr.string(doc = "`host[:port]`.", mandatory = True),
        "remote_tags": attr.string_list(doc = "Tags. Default: none, the image is reached by its digest."),
        "repository": attr.string(doc = "Its name in the registry. Default: the image's."),
        "repository_file": attr.label(doc = "A file with its name in the registry, instead of `repository`.", allow_single_file = True),
        "sign_key": attr.string(doc = "`env:NAME`, or a path on the machine that pushes: the key to sign with. Default: the image is not signed."),
        "tag": attr.string(doc = "One tag, beside `remote_tags`."),
        "tag_file": attr.label(doc = "A file with tags, one a line, instead of `remote_tags` and `tag`.", allow_single_file = True),
        "_program": attr.label(doc = "The pusher.", default = "//tools/oci:push_tool"),
    },
    executable = True,
    toolchains = [TOOLCHAIN_TYPE],
)
