"""Facts of third-party packages, in one form for all kinds: what bills of materials are made of."""

load("//tools/packages:providers.bzl", "ThirdPartyInfo")

# Characters that package URLs encode, beside those that no version or name has.
_ENCODED = [("%", "%25"), ("+", "%2B"), ("@", "%40"), ("?", "%3F"), ("#", "%23"), (" ", "%20")]

def _encoded(text):
    for character, code in _ENCODED:
        text = text.replace(character, code)
    return text

def package_url(kind, name, version, architecture = ""):
    """A package as a package URL (github.com/package-url/purl-spec), its registry's ordinary one implied.

    Args:
      kind: string: `deb`, `golang`, `maven`, `npm` or `pypi`.
      name: string: as the kind's own tools write it: `@scope/name`, `group:artifact`, a Go module's path.
      version: string.
      architecture: string: of `deb`.

    Returns:
      a string, such as `pkg:npm/%40grpc/grpc-js@1.14.7`.
    """
    path = {
        "deb": "debian/" + name,
        "golang": name.lower(),
        "maven": "/".join(name.split(":")[:2]),
        "pypi": name.lower().replace("_", "-"),
    }.get(kind, name)
    path = "/".join([_encoded(part) for part in path.split("/")])
    qualifiers = "?arch=" + architecture if architecture else ""
    return "pkg:{}/{}@{}{}".format(kind, path, _encoded(version), qualifiers)

def package_fact(kind, name, version, license = "", checksum = "", architecture = ""):
    """One package as an entry of ThirdPartyInfo.

    Args:
      kind: string: as of package_url.
      name: string: as of package_url.
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
        purl = package_url(kind, name, version, architecture),
    )

def third_party(facts):
    """ThirdPartyInfo of a package and of all that it needs.

    Args:
      facts: list of structs of package_fact.

    Returns:
      ThirdPartyInfo.
    """
    return ThirdPartyInfo(packages = depset(facts))
