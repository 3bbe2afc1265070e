"""What is said of wrong entries of ENVS."""

load("//tools/k8s/private:environments.bzl", "checked_environments", "environment_problems")
load(":failures.bzl", "expectations_test")

_GOOD = {
    "cluster": "c",
    "context": "c-admin",
    "images": "built",
    "namespace": "team",
    "registry": "registry.example.com/team",
}

def _with(**kwargs):
    return {"dev": dict(_GOOD, **kwargs)}

def _without(key):
    return {"dev": {name: value for name, value in _GOOD.items() if name != key}}

# What ENVS is, and what the only problem must say; no text where there is none.
_ROWS = {
    "a list": ([], ["ENVS must be a dict", "got list"]),
    "an entry that is no dict": ({"dev": "c"}, ["ENVS['dev'] must be a dict", "\"c\" (string)"]),
    "a fingerprint that is none": (_with(ca_sha256 = "12:34"), ["ENVS['dev']['ca_sha256']", "64 hexadecimal digits", "12:34"]),
    "a good entry": (_with(), []),
    "a name with capitals": ({"Dev": _GOOD}, ["ENVS['Dev'] must be named", "Rename it"]),
    "a name that a stack's would be": ({"dev-deep": _GOOD}, ["ENVS['dev-deep']", "Rename it"]),
    "a namespace of Kubernetes": (_with(namespace = "kube-system"), ["ENVS['dev']['namespace']", "kube-system"]),
    "a namespace of two": ({"dev": _GOOD, "test": _GOOD}, ["ENVS['test']['namespace']", "'team'", "ENVS['dev'] has"]),
    "a namespace with dots": (_with(namespace = "a.b"), ["ENVS['dev']['namespace']", "a.b"]),
    "a lifetime of what is no personal namespace": (_with(personal = {"ttl": "72h"}), ["ENVS['dev']['personal'] must be in the environment", "'myns-placeholder'", "'team'"]),
    "a number as text": (_with(replicas = "2"), ["ENVS['dev']['replicas'] must be a number from 0", "\"2\" (string)"]),
    "a parameter of no component": (_with(parameters = {"masters": 3}), ["ENVS['dev']['parameters'] must have a dict for each component", "masters"]),
    "a policy that is none": (_with(images = "latest"), ["ENVS['dev']['images'] must be 'built' or 'pinned'", "latest"]),
    "a registry with a scheme": (_with(registry = "https://r"), ["ENVS['dev']['registry']", "without 'https://'"]),
    "a release that is none": (_with(kubernetes_version = "v1.34.1"), ["ENVS['dev']['kubernetes_version']", "'1.34'"]),
    "a place of pages that is a path": (_with(runbooks = "docs/"), ["ENVS['dev']['runbooks'] must be an address that ends with '/'", "\"docs/\""]),
    "a place of pages without an end": (_with(runbooks = "https://git.example.com/shop"), ["ENVS['dev']['runbooks'] must be an address that ends with '/'"]),
    "a place of pages": (_with(runbooks = "https://git.example.com/shop/"), []),
    "a truth as text": (_with(protected = "yes"), ["ENVS['dev']['protected'] must be True or False"]),
    "a word too few": (_without("context"), ["ENVS['dev'] must have 'context'", "Add it: the context of the kubeconfig"]),
    "a word too many": (_with(replica = 2), ["ENVS['dev'] must have no key 'replica'", "Known keys are", "replicas"]),
    "a word too many of personal namespaces": (_with(namespace = "myns-placeholder", personal = {"lifetime": "72h"}), ["ENVS['dev']['personal'] must have only limits, quota, ttl", "lifetime"]),
    "an empty context": (_with(context = ""), ["ENVS['dev']['context'] must name a context"]),
    "an unknown capability": (_with(provides = ["prometheus"]), ["ENVS['dev']['provides']", "prometheus-operator"]),
    "fewer than no pods": (_with(replicas = -1), ["ENVS['dev']['replicas']", "-1 (int)"]),
}

def _wrong(row, envs, texts):
    problems = environment_problems(envs, "//:constants.bzl")
    if len(problems) != (1 if texts else 0):
        return ["{}: {} problems: {}".format(row, len(problems), problems)]
    return [
        "{}: must say {}, says {}".format(row, text, problems[0])
        for text in (["//:constants.bzl: "] + texts if texts else [])
        if text not in problems[0]
    ]

def environments_test(name):
    """Declares the test.

    Args:
      name: the target.
    """
    problems = []
    for row, (envs, texts) in _ROWS.items():
        problems += _wrong(row, envs, texts)
    filled = checked_environments({"dev": _GOOD}, "//:constants.bzl")["dev"]
    wanted = dict(_GOOD, name = "dev", ca_sha256 = "", kubernetes_version = "", parameters = {}, personal = {}, promotes_from = "", protected = False, provides = [], replicas = 1, runbooks = "")
    if filled != wanted:
        problems.append("defaults: {}".format(filled))
    expectations_test(
        name = name,
        size = "small",
        problems = problems,
        tags = ["block-network"],
    )
