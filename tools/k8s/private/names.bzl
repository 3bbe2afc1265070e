"""What stacks are called, and which environment a target is for."""

def find_environment(env, envs, where):
    """The environment that an attribute means.

    Args:
      env: None, a name, or an entry of ENVS.
      envs: ENVS of @fathom_environments.
      where: string: target and attribute, for errors.

    Returns:
      None, or a dict with `name`.
    """
    if env == None:
        return None
    if type(env) == "dict":
        if "name" in env:
            return env
        fail("{} must be an entry of ENVS, got a dict without 'name'. Load ENVS from @fathom_environments//:defs.bzl.".format(where))
    if env not in envs:
        fail("{} must be one of {}, got '{}'. Add it to ENVS of cluster_constants.bzl.".format(where, ", ".join(sorted(envs.keys())), env))
    return envs[env]

def find_guard(environment, cluster, context, envs):
    """What binds and protects objects: their environment, else what environments say of the cluster that they go to.

    Args:
      environment: an entry of ENVS with `name`, or {}.
      cluster: the object's own cluster, or None.
      context: the object's own context, or None.
      envs: ENVS of @fathom_environments.

    Returns:
      struct(ca_sha256 = string, protected = bool).
    """
    if environment:
        entries = [environment]
    else:
        # Cluster-wide objects are as precious as the most precious environment of their cluster.
        entries = [
            entry
            for entry in envs.values()
            if (context and entry.get("context") == context) or (not context and cluster and entry.get("cluster") == cluster)
        ]
    fingerprints = [entry["ca_sha256"] for entry in entries if entry.get("ca_sha256")]
    return struct(
        ca_sha256 = fingerprints[0] if fingerprints else "",
        protected = bool([entry for entry in entries if entry.get("protected", False)]),
    )

# What stands for the namespace of whoever runs a verb; model/placeholder.ts knows it as well.
PLACEHOLDER = "myns-placeholder"

PERSONAL_KEYS = ["limits", "quota", "ttl"]

def personal_settings(envs):
    """What the environment of personal namespaces says of them.

    Args:
      envs: ENVS of @fathom_environments.

    Returns:
      its `personal` as JSON, or "".
    """
    for entry in envs.values():
        if entry.get("personal"):
            return json.encode(entry["personal"])
    return ""

def root_name(package, name, envs):
    """What a stack is called as one that asks for others: its service, whether shallow or deep, in any environment.

    Args:
      package: the BUILD file's package.
      name: the target: `<env>`, `<env>-deep` or any other.
      envs: ENVS of @fathom_environments.

    Returns:
      the path below services/ with `/` and `_` turned to `-`, followed by the target's name (without `-deep`)
      where that is no environment's.
    """
    path = package[len("services/"):] if package.startswith("services/") else package
    words = [word for word in path.split("/") if word]
    plain = name[:-len("-deep")] if name.endswith("-deep") else name
    if plain not in envs and (not words or plain != words[-1]):
        words.append(plain)
    return "-".join(words).lower().replace("_", "-").replace(".", "-")

def stack_name(package, name, envs):
    """What the inventory of a stack's own objects is called in the cluster.

    Args:
      package: the BUILD file's package.
      name: the target.
      envs: ENVS of @fathom_environments.

    Returns:
      root_name, with `-deep` where the target has it: a deep stack's own objects are not those of the shallow one.
    """
    return root_name(package, name, envs) + ("-deep" if name.endswith("-deep") else "")
