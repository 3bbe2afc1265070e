"""The flag `--@fathom//tools/oci:remote_cache`: blobs stay in Bazel's remote cache until a registry lacks them."""

RemoteCacheInfo = provider(
    doc = "Where Bazel's remote cache is, for programs that run after the build.",
    fields = {"url": "string: as of --remote_cache; empty: blobs are files of this machine"},
)

def _remote_cache_flag_impl(ctx):
    return [RemoteCacheInfo(url = ctx.build_setting_value)]

remote_cache_flag = rule(
    implementation = _remote_cache_flag_impl,
    doc = """The address of the remote cache, the same as that of `--remote_cache`.

With it, the blobs of layers are no inputs of what pushes an image: `--remote_download_minimal` (`_toplevel` for
`bazel run`, see docs/images.md) leaves them in the cache, and a push reads from there the ones that the registry
lacks, by their digests.
""",
    build_setting = config.string(flag = True),
)

REMOTE_CACHE_ATTRS = {
    "_remote_cache": attr.label(doc = "Where blobs are that this machine does not have.", default = "//tools/oci:remote_cache", providers = [RemoteCacheInfo]),
}

def remote_cache_url(ctx):
    """The address of the remote cache, or None.

    Args:
      ctx: the rule's context, with REMOTE_CACHE_ATTRS.

    Returns:
      string or None.
    """
    return ctx.attr._remote_cache[RemoteCacheInfo].url or None
