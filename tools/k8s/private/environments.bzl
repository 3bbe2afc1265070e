"""What an entry of ENVS says: the one table of its keys, by which entries are checked and handed on."""

load("//tools/k8s:roles.bzl", "CAPABILITIES")
load(":names.bzl", "PERSONAL_KEYS", "PLACEHOLDER")

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"
_NAME = _LETTERS + _DIGITS + "-"

def _has_only(text, characters):
    return not [character for character in text.elems() if character not in characters]

def _is_name(text):
    return bool(text) and len(text) <= 63 and _has_only(text, _NAME) and text[0] != "-" and text[-1] != "-"

def _is_namespace(text):
    return _is_name(text) and text != "default" and not text.startswith("kube-")

def _is_registry(text):
    return bool(text) and "://" not in text and not text.endswith("/") and " " not in text

def _is_fingerprint(text):
    return not text or (len(text) == 64 and _has_only(text, _DIGITS + "abcdef"))

def _is_release(text):
    parts = text.split(".")
    return not text or (len(parts) == 2 and not [part for part in parts if not part.isdigit()])

def _is_image_policy(text):
    return text in ["built", "pinned"]

def _are_parameters(value):
    return all([type(name) == "string" and type(given) == "dict" for name, given in value.items()])

def _is_count(number):
    return number >= 0

def _are_pages(text):
    return not text or (text.endswith("/") and (text.startswith("https://") or text.startswith("http://")))

def _is_set(text):
    return bool(text)

def _are_capabilities(names):
    return not [name for name in names if name not in CAPABILITIES]

def _are_personal(settings):
    return not [key for key in settings if key not in PERSONAL_KEYS]

def _is_any(_value):
    return True

def _key(form, doc, must, check = _is_any, default = None):
    return struct(type = form, doc = doc, must = must, check = check, default = default)

# For each key: its type, what it means, what it must be in words and as a function, and its default (None: it is owed).
ENVIRONMENT_KEYS = {
    "ca_sha256": _key(
        "string",
        "the fingerprint of the authority of a cluster that `./fathom up` did not make; without it nobody changes the environment if it is protected",
        "be 64 hexadecimal digits",
        _is_fingerprint,
        default = "",
    ),
    "cluster": _key("string", "the cluster's name: in the kubeconfig, or of `./fathom up`", "name a cluster", _is_set),
    "context": _key("string", "the context of the kubeconfig; those of our own clusters are called fathom-<cluster>", "name a context", _is_set),
    "images": _key("string", "`built`: what was built just now is pushed and deployed; `pinned`: the digests of pins.json are", "be 'built' or 'pinned'", _is_image_policy),
    "kubernetes_version": _key(
        "string",
        "the release of the cluster, such as 1.34, by which manifests are checked; by default that of the Kubernetes that Fathom builds",
        "be a release such as '1.34'",
        _is_release,
        default = "",
    ),
    "namespace": _key(
        "string",
        "the namespace of its objects; `myns-placeholder` stands for the one of whoever runs a verb",
        "be a namespace: at most 63 small letters, digits and '-', neither 'default' nor 'kube-…'",
        _is_namespace,
    ),
    "personal": _key(
        "dict",
        "of personal namespaces: how long one stays after its last apply (`ttl`), what all of its pods may use (`quota`), and what a container has that says nothing itself (`limits`)",
        "have only " + ", ".join(PERSONAL_KEYS),
        _are_personal,
        default = {},
    ),
    "promotes_from": _key(
        "string",
        "the environment whose pins `:promote` copies to this one; without it, `:release` records them",
        "name an environment",
        default = "",
    ),
    "protected": _key("bool", "whether verbs that change it want a clean tree, pinned images and a confirmation", "be True or False", default = False),
    "provides": _key(
        "list",
        "what its cluster has beside Kubernetes: keys of CAPABILITIES in tools/k8s/roles.bzl",
        "name some of " + ", ".join(sorted(CAPABILITIES.keys())),
        _are_capabilities,
        default = [],
    ),
    "registry": _key("string", "the registry's name in manifests", "be a registry such as 'registry.example.com/team', without 'https://'", _is_registry),
    "parameters": _key(
        "dict",
        "what single components have in it, by their names: `{\"redis\": {\"masters\": 1}}`; their own documentation says what they know",
        "have a dict for each component",
        _are_parameters,
        default = {},
    ),
    "replicas": _key("int", "how many pods a component has by default", "be a number from 0", _is_count, default = 1),
    "runbooks": _key(
        "string",
        "where the pages of the repository are, which alerts and dashboards lead to: `https://git.example.com/shop/blob/main/`; without it they name paths",
        "be an address that ends with '/', such as 'https://git.example.com/shop/blob/main/'",
        _are_pages,
        default = "",
    ),
}

def _entry_problems(entry, where):
    problems = []
    for key, facts in ENVIRONMENT_KEYS.items():
        if key not in entry:
            if facts.default == None:
                problems.append("{} must have '{}', got only {}. Add it: {}.".format(where, key, ", ".join(sorted(entry.keys())) or "{}", facts.doc))
        elif type(entry[key]) != facts.type or not facts.check(entry[key]):
            problems.append("{}['{}'] must {}, got {} ({}). It is {}.".format(where, key, facts.must, repr(entry[key]), type(entry[key]), facts.doc))
    unknown = sorted([key for key in entry if key not in ENVIRONMENT_KEYS])
    for key in unknown:
        problems.append("{} must have no key '{}', got {}. Known keys are {}.".format(where, key, repr(entry[key]), ", ".join(sorted(ENVIRONMENT_KEYS.keys()))))
    return problems

def environment_problems(envs, where):
    """What is wrong with ENVS.

    Args:
      envs: what a constants file calls ENVS.
      where: string: the file's label.

    Returns:
      list of string: for each problem the label, the key, the value, and what to do.
    """
    if type(envs) != "dict":
        return ["{}: ENVS must be a dict of environments, got {}. Write ENVS = {{\"dev\": {{…}}}}.".format(where, type(envs))]
    problems = []
    places = {}
    for name, entry in envs.items():
        own = "{}: ENVS['{}']".format(where, name)
        if not _is_name(name) or name.endswith("-deep") or name.endswith("-shallow"):
            problems.append("{} must be named by small letters, digits and '-', and not end in '-deep' or '-shallow', got '{}'. Rename it.".format(own, name))
        if type(entry) != "dict":
            problems.append("{} must be a dict, got {} ({}). Write {{\"cluster\": …}}.".format(own, repr(entry), type(entry)))
            continue
        wrong = _entry_problems(entry, own)
        problems += wrong
        if wrong:
            continue
        if entry.get("personal") and entry["namespace"] != PLACEHOLDER:
            problems.append("{}['personal'] must be in the environment whose namespace is '{}', got namespace '{}'. Move it there.".format(own, PLACEHOLDER, entry["namespace"]))
        place = (entry["context"], entry["namespace"])
        if place in places:
            problems.append("{}['namespace'] must be its own, got '{}', which ENVS['{}'] has in the same cluster. Name another namespace.".format(own, entry["namespace"], places[place]))
        places.setdefault(place, name)
    return problems

def checked_environments(envs, where):
    """ENVS with names and defaults filled in; fails where something is wrong with it.

    Args:
      envs: what a constants file calls ENVS.
      where: string: the file's label.

    Returns:
      dict of name to an entry with `name` and all of ENVIRONMENT_KEYS.
    """
    problems = environment_problems(envs, where)
    if problems:
        fail("\n".join(problems))
    defaults = {key: facts.default for key, facts in ENVIRONMENT_KEYS.items() if facts.default != None}
    return {name: dict(dict(defaults, **entry), name = name) for name, entry in envs.items()}
