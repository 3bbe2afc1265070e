"""The order in which pins go from one environment to the next."""

def promotion_order(environments, envs, where):
    """The environments that deploy pins, each after the one that its pins are promoted from.

    Args:
      environments: list of string: those that a service has.
      envs: ENVS of @fathom_environments.
      where: string: the target, for errors.

    Returns:
      list of struct(name, registry, cluster, from); `from` is the nearest environment before it that the service has,
      or empty: pins are released to it.
    """
    pinned = [name for name in environments if envs[name].get("images", "built") == "pinned"]
    order = []
    for _ in pinned:
        for name in pinned:
            before = _before(name, pinned, envs, where)
            if name not in order and (not before or before in order):
                order.append(name)
    for name in pinned:
        if name not in order:
            _circle(name, where)
    return [
        struct(
            **{
                "cluster": envs[name].get("cluster", ""),
                "from": _before(name, pinned, envs, where),
                "name": name,
                "registry": envs[name]["registry"],
            }
        )
        for name in order
    ]

def _before(name, pinned, envs, where):
    """The nearest environment of `pinned` that comes before `name`, or the empty string."""
    current = name
    for _ in envs:
        before = envs[current].get("promotes_from", "")
        if not before:
            return ""
        if before not in envs or envs[before].get("images", "built") != "pinned":
            fail("{}: 'promotes_from' of environment '{}' must be an environment whose images are \"pinned\", got '{}'. Correct it in cluster_constants.bzl.".format(where, current, before))
        if before in pinned:
            return before if before != name else _circle(name, where)
        current = before
    return _circle(name, where)

def _circle(name, where):
    fail("{}: 'promotes_from' must lead to an environment that has none, but that of '{}' goes round in a circle. Correct it in cluster_constants.bzl.".format(where, name))
