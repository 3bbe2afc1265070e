"""What stacks are called, and what protects objects."""

load("//tools/k8s/private:names.bzl", "find_guard", "root_name", "stack_name", "stack_problem")
load(":failures.bzl", "expectations_test")

_CA = "0" * 64

_ENVS = {
    "dev": {"cluster": "near", "context": "near-admin", "name": "dev", "protected": False},
    "prod": {"ca_sha256": _CA, "cluster": "far", "context": "far-admin", "name": "prod", "protected": True},
    "staging": {"cluster": "far", "context": "far-admin", "name": "staging", "protected": False},
}

# Package and target, and what the stack and the one that it asks as are called.
_STACKS = {
    ("", "app"): ("app", "app"),
    ("", "prod"): ("prod", "prod"),
    ("", "prod-deep"): ("prod-deep", "prod"),
    ("a/b_c", "dev"): ("a-b-c", "a-b-c"),
    ("a", "x/y+z@1~2"): ("a-x-y-z-1-2", "a-x-y-z-1-2"),
    ("prod", "base"): ("prod-base", "prod-base"),
    ("services/shop/cart", "dev-deep"): ("shop-cart-deep", "shop-cart"),
    ("services/Shop.v1", "dev"): ("shop-v1", "shop-v1"),
    ("services/shop", "shop"): ("shop", "shop"),
}

# Environment, own cluster, own context, and whether that is protected and bound.
_GUARDS = {
    "a cluster alone": (None, "far", None, True),
    "a context alone": (None, None, "far-admin", True),
    "a context of somebody else in a protected cluster": (None, "far", "far-reader", True),
    "a context of somebody else": (None, "elsewhere", "elsewhere-admin", False),
    "an environment": ("dev", None, None, False),
    "an environment beside a protected one": ("staging", None, None, False),
    "an environment beside a protected one, and its own context": ("staging", "far", "far-admin", False),
    "an environment, and the context of a protected one": ("dev", None, "far-admin", True),
    "an environment, and the cluster of a protected one": ("dev", "far", None, True),
    "nothing": (None, None, None, False),
}

def _guard_problems():
    problems = []
    for what, (env, cluster, context, protected) in _GUARDS.items():
        guard = find_guard(_ENVS[env] if env else {}, cluster, context, _ENVS)
        if (guard.protected, guard.ca_sha256, guard.problem) != (protected, _CA if protected else "", None):
            problems.append("{}: {}".format(what, guard))
    for cluster, context, text in [("$(CLUSTER)", None, "'cluster'"), (None, "{STABLE_CONTEXT}", "'context'")]:
        problem = find_guard({}, cluster, context, _ENVS).problem
        if not problem or text not in problem or "'prod' is protected" not in problem:
            problems.append("{} {}: {}".format(cluster, context, problem))
        problem = find_guard({}, cluster, context, {"dev": _ENVS["dev"]}).problem
        if problem:
            problems.append("{} {}, and nothing is protected: {}".format(cluster, context, problem))
    return problems

def names_test(name):
    """Declares the test.

    Args:
      name: the target.
    """
    problems = _guard_problems()
    for (package, target), wanted in _STACKS.items():
        found = (stack_name(package, target, _ENVS), root_name(package, target, _ENVS))
        if found != wanted:
            problems.append("//{}:{}: {}".format(package, target, found))
        if stack_problem(found[0]):
            problems.append("//{}:{}: {}".format(package, target, stack_problem(found[0])))
    for stack in ["", "-a", "a-", "a/b", "A", "a.b"]:
        if not stack_problem(stack):
            problems.append("'{}' is taken for a name".format(stack))
    expectations_test(
        name = name,
        size = "small",
        problems = problems,
        tags = ["block-network"],
    )
