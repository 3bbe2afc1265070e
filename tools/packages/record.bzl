"""A package's facts in the form that the parameters of a layer have."""

def package_record(fact):
    """What a part of a layer says of the package that it is of.

    Args:
      fact: an entry of ThirdPartyInfo.

    Returns:
      dict, for `package` of a source of the layer tool.
    """
    record = {"name": fact.name, "type": fact.kind, "version": fact.version}
    if fact.architecture:
        record["architecture"] = fact.architecture
    if fact.license:
        record["licence"] = fact.license
    algorithm, _, value = fact.checksum.partition(":")
    if algorithm in ["sha1", "sha256", "sha512"]:
        record["checksum"] = {"algorithm": algorithm.upper(), "value": value}
    elif algorithm == "h1":
        record["goSum"] = fact.checksum
    return record
