"""oci_pull: an image of a registry as a repository; its blobs stay there until something needs their bytes."""

load("//tools/lib/bzl:labels.bzl", "absolute_label", "apparent_name")

_DOC = """Declares an image that is in a registry, by digest: `@<name>//:image`, also `@<name>`
and, as of rules_docker's container_pull, `@<name>//image`.

Only manifest and configuration are read when something first needs the image. It can be the `base` of an oci_image and
the `image` of an oci_push or k8s_object. A push mounts its layers when they are in the same registry, leaves out those
that the registry has, and else hands the bytes on from one registry to the other: the build does not download them.
Whatever needs the bytes here (oci_tarball, a test of the image) downloads single layers by cacheable actions. Every
byte is checked against its digest. The proxy of the environment leads there (HTTPS_PROXY, NO_PROXY; actions need
`--action_env` of them), and the authorities that the machine trusts are trusted.

A registry that asks for a login gets the one of Docker's configuration (`docker login`; DOCKER_CONFIG, for which
actions need `--action_env=DOCKER_CONFIG`).

    oci_pull(
        name = "distroless",
        image = "registry.example.com/distroless/base",
        digest = "sha256:…",
    )
"""

_SOURCES = [
    "//tools/lib:cli.ts",
    "//tools/lib:digest.ts",
    "//tools/lib:errors.ts",
    "//tools/lib:http.ts",
    "//tools/lib:log.ts",
    "//tools/lib:proxy.ts",
    "//tools/lib:redact.ts",
    "//tools/lib:retry.ts",
    "//tools/lib:system_ca.ts",
    "//tools/oci:image/media_types.ts",
    "//tools/oci:image/model.ts",
    "//tools/oci:image/platform.ts",
    "//tools/oci:pull/pull_main.ts",
    "//tools/oci:pull/resolve.ts",
    "//tools/oci:registry/address.ts",
    "//tools/oci:registry/auth.ts",
    "//tools/oci:registry/cache_errors.ts",
    "//tools/oci:registry/challenge.ts",
    "//tools/oci:registry/credential_helper.ts",
    "//tools/oci:registry/docker_config.ts",
    "//tools/oci:registry/errors.ts",
    "//tools/oci:registry/exchanges.ts",
    "//tools/oci:registry/fetch.ts",
    "//tools/oci:registry/part_of.ts",
    "//tools/oci:registry/progress.ts",
    "//tools/oci:registry/reference.ts",
    "//tools/oci:registry/transport.ts",
    "//tools/oci:registry/wire.ts",
]

_BUILD = """load("{rules}", "oci_pulled_image")

package(default_visibility = ["//visibility:public"])

oci_pulled_image(
    name = "image",
    config = "config.json",
    description = {description},
    image = {image},
    manifest = "manifest.json",
    plain_http = {plain_http},
    repository = {repository},
)

alias(
    name = {name},
    actual = ":image",
)
"""

_ALIAS = """alias(
    name = "image",
    actual = "//:image",
    visibility = ["//visibility:public"],
)
"""
PULL_ATTRS = {
    "digest": attr.string(doc = "Of an image or an index: `sha256:…`.", mandatory = True),
    "image": attr.string(doc = "`registry/repository`. The registry must be named.", mandatory = True),
    "plain_http": attr.bool(doc = "Whether the registry speaks plain http; nothing else makes it be spoken.", default = False),
    "platform": attr.string(doc = "`os/architecture[/variant]`: which image of an index.", default = "linux/amd64"),
    "repository": attr.string(doc = "Its name in the registry that it is pushed to. Default: the one that it has."),
    "timeout_s": attr.int(doc = "How long reading the documents may take, in seconds.", default = 120),
    "_sources": attr.label_list(default = _SOURCES),
}

def _oci_pull_impl(ctx):
    for source in ctx.attr._sources:
        ctx.path(source)
    ctx.report_progress("Reading {}@{}".format(ctx.attr.image, ctx.attr.digest))
    command = [
        ctx.path(Label("@fathom_npm//:node")),
        ctx.path(Label("//tools/oci:pull/pull_main.ts")),
        "describe",
        "--image=" + ctx.attr.image,
        "--digest=" + ctx.attr.digest,
        "--platform=" + ctx.attr.platform,
        "--output=.",
    ] + (["--plain-http"] if ctx.attr.plain_http else [])
    result = ctx.execute(command, timeout = ctx.attr.timeout_s)
    if result.return_code != 0:
        fail("@{}: {}".format(apparent_name(ctx.name), result.stderr or "no answer within {} s".format(ctx.attr.timeout_s)))
    repository = ctx.attr.repository or ctx.attr.image.partition("/")[2]
    ctx.file("BUILD.bazel", _BUILD.format(
        description = repr(ctx.read("description.json")),
        image = repr(ctx.attr.image),
        name = repr(apparent_name(ctx.name)),
        plain_http = repr(ctx.attr.plain_http),
        repository = repr(repository),
        rules = absolute_label(Label("//tools/oci/private:pulled_image.bzl")),
    ), executable = False)
    ctx.file("image/BUILD.bazel", _ALIAS, executable = False)

oci_pull = repository_rule(
    implementation = _oci_pull_impl,
    doc = _DOC,
    attrs = PULL_ATTRS,
    environ = ["DOCKER_CONFIG", "HOME"],
)
