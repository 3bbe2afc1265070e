"""Facts of third-party packages, in one form for all kinds: what bills of materials are made of."""

load("//tools/packages:providers.bzl", "ThirdPartyInfo")

def package_fact(kind, name, version, license = "", checksum = "", architecture = ""):
    """One package as an entry of ThirdPartyInfo.

    Args:
      kind: string: `deb`, `golang`, `maven`, `npm` or `pypi`: the types of package URLs.
      name: string: as the kind's own tools write it: `@scope/name`, `group:artifact`, a Go module's path.
      version: string.
      license: string: an SPDX expression or a licence's name; empty where the lock does not know it.
      checksum: string: `sha256:<hex>` or `sha512:<hex>` of the archive; of a Go module `h1:<base64>` as in go.sum.
      architecture: string: Debian's name of it, for `deb` alone.

    Returns:
      a struct.
    """
    return struct(
        kind = kind,
        name = name,
        version = version,
        license = "" if license == "NOASSERTION" else license,
        checksum = checksum,
        architecture = architecture,
    )

def third_party(facts):
    """ThirdPartyInfo of a package and of all that it needs.

    Args:
      facts: list of structs of package_fact.

    Returns:
      ThirdPartyInfo.
    """
    return ThirdPartyInfo(packages = depset(facts))

# What an attribute names may be a filegroup, which hands on no provider.
_FilesThirdPartyInfo = provider(
    doc = "Of a target whose files are named: ThirdPartyInfo of it and of what it groups.",
    fields = {"packages": "depset as of ThirdPartyInfo"},
)

def _third_party_aspect_impl(target, ctx):
    grouped = getattr(ctx.rule.attr, "srcs", []) if ctx.rule.kind == "filegroup" else []
    return [_FilesThirdPartyInfo(packages = depset(
        transitive = [one[_FilesThirdPartyInfo].packages for one in grouped if _FilesThirdPartyInfo in one] +
                     ([target[ThirdPartyInfo].packages] if ThirdPartyInfo in target else []),
    ))]

third_party_aspect = aspect(
    implementation = _third_party_aspect_impl,
    doc = "Finds ThirdPartyInfo of targets and of what filegroups group; for third_party_of.",
    attr_aspects = ["srcs"],
)

def third_party_of(targets):
    """The third-party packages that targets may bring.

    Args:
      targets: list of Target, of attributes with third_party_aspect.

    Returns:
      depset as ThirdPartyInfo has it.
    """
    return depset(transitive = [target[_FilesThirdPartyInfo].packages for target in targets if _FilesThirdPartyInfo in target])
