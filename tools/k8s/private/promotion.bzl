"""The order in which pins go from one environment to the next."""

load(":names.bzl", "find_environment")

def promotion_order(environments, envs, where):
    """The environments that deploy pins, each after the one that its pins are promoted from.

    Args:
      environments: list of string: those that a service has.
      envs: ENVS of @fathom_environments.
      where: string: the target, for errors.

    Returns:
      list of dict(name, registry, cluster, from); `from` is the nearest environment before it that the service has, or
      empty: pins are released to it.
    """
    for name in environments:
        find_environment(name, envs, where + ": 'environments'")
    found = find_order(environments, envs)
    if found.problem:
        fail("{}: {} Correct it in cluster_constants.bzl.".format(where, found.problem))
    return found.order

def find_order(environments, envs):
    """The order of promotion, or what is wrong with it.

    Args:
      environments: list of string: those that a service has.
      envs: ENVS of @fathom_environments.

    Returns:
      struct(order = list as of promotion_order, problem = string, empty where there is none).
    """
    pinned = [name for name in environments if envs[name].get("images", "built") == "pinned"]
    before = {}
    for name in pinned:
        step = _before(name, pinned, envs)
        if step.problem:
            return struct(order = [], problem = step.problem)
        before[name] = step.name
    order = []
    for _ in pinned:
        for name in pinned:
            if name not in order and (not before[name] or before[name] in order):
                order.append(name)
    for name in pinned:
        if name not in order:
            return struct(order = [], problem = _circle(name))
    return struct(
        order = [
            {
                "cluster": envs[name].get("cluster", ""),
                "from": before[name],
                "name": name,
                "registry": envs[name]["registry"],
            }
            for name in order
        ],
        problem = "",
    )

def _before(name, pinned, envs):
    """The nearest environment of `pinned` before another one: struct(name, problem); `name` is empty for the first."""
    current = name
    for _ in envs:
        before = envs[current].get("promotes_from", "")
        if not before:
            return struct(name = "", problem = "")
        if before not in envs or envs[before].get("images", "built") != "pinned":
            return struct(name = "", problem = "'promotes_from' of environment '{}' must be an environment whose images are \"pinned\", got '{}'.".format(current, before))
        if before in pinned and before != name:
            return struct(name = before, problem = "")
        current = before
    return struct(name = "", problem = _circle(name))

def _circle(name):
    return "'promotes_from' must lead to an environment that has none, but that of '{}' goes round in a circle.".format(name)
