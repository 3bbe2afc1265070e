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

def _is_open(text):
    """Whether the build alone does not tell what a text will be."""
    return type(text) == "select" or "$(" in text or "{" in text

def find_guard(environment, cluster, context, envs):
    """What binds and protects objects: their environment, else what environments say of the cluster that they go to.

    Args:
      environment: an entry of ENVS with `name`, or {}.
      cluster: the object's own cluster, or None.
      context: the object's own context, or None.
      envs: ENVS of @fathom_environments.

    Returns:
      struct(ca_sha256 = string, protected = bool, problem = string or None).
    """

    # What an object names itself is where it goes, whatever its environment is.
    own_context = context if context and context != environment.get("context") else None
    own_cluster = cluster if cluster and cluster != environment.get("cluster") else None

    # Cluster-wide objects are as precious as the most precious environment of their cluster.
    entries = [entry for entry in envs.values() if own_context and entry.get("context") == own_context]
    entries += [entry for entry in envs.values() if own_cluster and entry.get("cluster") == own_cluster]
    if environment:
        entries.append(environment)
    fingerprints = [entry["ca_sha256"] for entry in entries if entry.get("ca_sha256")]
    protected = [name for name, entry in envs.items() if entry.get("protected", False)]
    problem = None
    for attribute, value in [("context", own_context), ("cluster", own_cluster)]:
        if value and _is_open(value) and protected:
            problem = "'{}' must be known to the build, as environment '{}' is protected, got '{}'. Write the name, or leave it to an 'env'.".format(attribute, protected[0], value)
    return struct(
        ca_sha256 = fingerprints[0] if fingerprints else "",
        problem = problem,
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
      the path below services/, followed by the target's name (without `-deep`) where that is no environment's or there is
      no path; what is neither a letter, a digit nor `-` is turned to `-`.
    """
    path = package[len("services/"):] if package.startswith("services/") else package
    words = [word for word in path.split("/") if word]
    plain = name[:-len("-deep")] if name.endswith("-deep") else name
    if not words or (plain not in envs and plain != words[-1]):
        words.append(plain)
    letters = [letter if letter.isalnum() else "-" for letter in "-".join(words).lower().elems()]
    return "".join(letters).strip("-")

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

def stack_problem(stack):
    """What is wrong with a stack's name, by which its inventory is called in the cluster.

    Args:
      stack: string.

    Returns:
      None, or words.
    """
    is_name = bool(stack) and stack == stack.strip("-") and not [
        letter
        for letter in stack.elems()
        if letter not in "abcdefghijklmnopqrstuvwxyz0123456789-"
    ]
    return None if is_name else "'stack' must have small letters, digits and '-' alone, got '{}'. Give it one, or another name.".format(stack)
