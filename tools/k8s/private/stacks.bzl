"""k8s_object and k8s_objects: the rules' targets with a target for each verb."""

load("@fathom_environments//:defs.bzl", "ENVS")
load("//tools/k8s:verbs.bzl", "VERBS")
load("//tools/lib/bzl:attributes.bzl", "checked_attributes")
load(":deployer.bzl", "deployer_target")
load(":names.bzl", "find_environment", "find_guard", "personal_settings", "root_name", "stack_name", "stack_problem")
load(":object.bzl", "k8s_object_rule")
load(":objects.bzl", "k8s_objects_rule")
load(":verb.bzl", "verb_targets")

RESERVED_NAMESPACES = [entry["namespace"] for entry in ENVS.values()]

PERSONAL = personal_settings(ENVS)

# Attributes that verbs share with the object or stack that they belong to.
_SHARED = ["compatible_with", "deprecation", "features", "restricted_to", "testonly", "visibility"]

_OBJECT = {
    "args": "list",
    "cluster": "string",
    "context": "string",
    "env": "plain environment",
    "image_chroot": "string",
    "images": "plain dict",
    "kind": "string",
    "kubeconfig": "label",
    "namespace": "string",
    "pins": "label",
    "resolver": "label",
    "resolver_args": "list",
    "secrets": "list",
    "stamp_srcs": "list",
    "substitutions": "dict",
    "template": "label",
    "user": "string",
}

_BY_IMAGES = ("images are named by 'images' alone", "Write images = {\"registry/repository:tag\": \":image\"}")

# What rules_k8s kept for itself.
_REFUSED_OF_OBJECTS = {
    "image_target_strings": _BY_IMAGES,
    "image_targets": _BY_IMAGES,
    "resolved": ("verbs resolve by themselves", "Remove it"),
    "reversed": ("what is deleted is put in order by the engine", "Remove it"),
}

_STACK = {
    "args": "list",
    "env": "plain environment",
    "namespace": "string",
    "objects": "list or dict",
    "stack": "plain string",
}

_OF_OBJECTS = ("a stack goes where its objects go", "Give it to the objects, or name an environment by 'env'")

_REFUSED_OF_STACKS = {
    "cluster": _OF_OBJECTS,
    "context": _OF_OBJECTS,
    "images": ("images belong to the manifests that name them", "Give it to the objects"),
    "kubeconfig": _OF_OBJECTS,
    "user": _OF_OBJECTS,
}

def _shared(kwargs):
    return {key: kwargs[key] for key in _SHARED if key in kwargs}

def _object_target(name, environment, images, pins, cluster = None, context = None, namespace = None, **kwargs):
    """Declares the objects of one manifest: the target alone, without verbs. `environment`: an entry of ENVS, or {}."""
    pinned = environment.get("images") == "pinned"
    if pinned and images and not pins:
        fail("//{}:{}: 'pins' must be set, as environment '{}' deploys pinned images, got None. Name a pins.json.".format(native.package_name(), name, environment.get("name")))
    guard = find_guard(environment, cluster, context, ENVS)
    if guard.problem:
        fail("//{}:{}: {}".format(native.package_name(), name, guard.problem))
    targets = {}
    for ref, label in images.items():
        targets.setdefault(label, []).append(ref)
    k8s_object_rule(
        name = name,
        ca_sha256 = guard.ca_sha256,
        cluster = cluster or environment.get("cluster", ""),
        context = context or environment.get("context", ""),
        environment = environment.get("name", ""),
        images = {} if pinned else {label: "\n".join(refs) for label, refs in targets.items()},
        namespace = namespace or environment.get("namespace", ""),
        personal = PERSONAL,
        pinned_images = images.keys() if pinned else [],
        pins = pins if pinned else None,
        promotes_from = environment.get("promotes_from", ""),
        protected = guard.protected,
        registry = environment.get("registry", ""),
        reserved_namespaces = RESERVED_NAMESPACES,
        **kwargs
    )

def service_object(name, env, images, pins, **kwargs):
    """Declares the objects of one manifest of a service, for its stacks: private, and without verbs of its own.

    A service has as many manifests as environments times roles, and a verb for each of them was most of what Bazel loaded
    of a repo. Whoever wants verbs of one manifest writes a k8s_object.

    Args:
      name: the target.
      env: string: the environment.
      images: as of k8s_object.
      pins: as of k8s_object.
      **kwargs: attributes of the rule behind k8s_object.
    """
    _object_target(
        name = name,
        environment = find_environment(env, ENVS, "//{}:{}: 'env'".format(native.package_name(), name)),
        images = images,
        pins = pins,
        tags = ["manual"],
        visibility = ["//visibility:private"],
        **kwargs
    )

def k8s_object(
        name,
        template,
        kind = None,
        cluster = None,
        context = None,
        namespace = None,
        user = None,
        kubeconfig = None,
        images = {},
        image_chroot = None,
        substitutions = {},
        resolver = None,
        resolver_args = [],
        args = [],
        stamp_srcs = [],
        env = None,
        pins = None,
        secrets = [],
        **kwargs):
    """Declares the objects of one manifest, and a target `<name>.<verb>` for each verb.

    The build checks that each document is a Kubernetes object and that every key of `images` occurs. `<name>` itself
    is the rendered manifest, and, run, the same as `<name>.resolve`. Verbs that speak to a cluster exist where
    `env`, `cluster` or `context` is set.

        k8s_object(
            name = "web",
            env = "myns",
            images = {"services/web": ":image"},
            kind = "deployment",
            substitutions = {"LOG_LEVEL": "info"},
            template = "web.yaml",
        )

    Args:
      name: the target.
      template: the manifest, YAML or JSON, one or many documents.
      kind: the kind of the objects; checked.
      cluster: cluster of the kubeconfig, or one of `./fathom up`. Default: the environment's.
      context: context of the kubeconfig. Default: the environment's.
      namespace: namespace of objects that name none. Default: the environment's.
      user: user of the kubeconfig. Default: the context's.
      kubeconfig: a file. Default: --kubeconfig, $KUBECONFIG, the state folder, ~/.kube/config.
      images: dict of strings to labels: a string in the manifest → the image or index that it means. Any string of the manifest
        that equals the key is replaced by `registry/repository@digest`. A key without a registry belongs to the
        environment's. A key that occurs nowhere fails the build.
      image_chroot: `registry/path` under which images are pushed instead.
      substitutions: texts of the template → what replaces them.
      resolver: a program that is given `--template FILE` and prints the manifest.
      resolver_args: its further arguments.
      args: arguments of every verb, before those after `--`.
      stamp_srcs: files of lines `KEY value` for `{KEY}` in cluster, context, namespace, user, image_chroot, keys of
        images and substitutions. Default: Bazel's workspace status.
      env: string or dict: the environment: its name, or its entry of ENVS. Default: none.
      pins: label: pins.json, {environment: {image: {digest}}}: with an environment whose images are "pinned", digests
        come from there at build time, and no image is built or pushed.
      secrets: labels of files that sops has encrypted, which secret references of the manifest may name. They stay
        encrypted until the engine fills values in, and so may be in git, in caches and in `<name>.image`.
      **kwargs: visibility, tags, testonly and the like.
    """
    where = "//{}:{}".format(native.package_name(), name)
    named = {
        "args": args,
        "cluster": cluster,
        "context": context,
        "env": env,
        "image_chroot": image_chroot,
        "images": images,
        "kind": kind,
        "kubeconfig": kubeconfig,
        "namespace": namespace,
        "pins": pins,
        "resolver": resolver,
        "resolver_args": resolver_args,
        "secrets": secrets,
        "stamp_srcs": stamp_srcs,
        "substitutions": substitutions,
        "template": template,
        "user": user,
    }
    kwargs = {
        key: value
        for key, value in checked_attributes("k8s_object", name, dict(named, **kwargs), _OBJECT, _REFUSED_OF_OBJECTS).items()
        if key not in named
    }
    if resolver_args and not resolver:
        fail("{}: 'resolver_args' must be given beside 'resolver', got {}. No program resolves by default: the build checks images, and refuses those that the manifest does not name; remove these from 'images'.".format(where, resolver_args))
    environment = find_environment(env, ENVS, where + ": 'env'") or {}
    if pins and not environment:
        fail("{}: 'env' must be given beside 'pins', got None. Name the environment whose pins are meant.".format(where))
    _object_target(
        name = name,
        cluster = cluster,
        context = context,
        environment = environment,
        extra_args = args,
        image_chroot = image_chroot,
        images = images or {},
        kind = kind,
        kubeconfig = kubeconfig,
        namespace = namespace,
        pins = pins,
        resolver = resolver,
        resolver_args = resolver_args,
        secrets = secrets,
        stamp_srcs = stamp_srcs,
        substitutions = substitutions,
        template = template,
        user = user,
        **kwargs
    )
    reachable = env or cluster or context
    verb_targets(name, [verb for verb, facts in VERBS.items() if reachable or not facts.cluster], **_shared(kwargs))
    if reachable:
        deployer_target(name, environment.get("registry", ""), **_shared(kwargs))

def k8s_objects(name, objects, env = None, namespace = None, stack = None, args = [], **kwargs):
    """Declares a stack of objects and other stacks, and a target `<name>.<verb>` for each verb.

    A verb works on the whole stack in one run; what several of its stacks share is done once. The default output is
    the rendered manifests. The objects that it names itself have one inventory in the cluster, a Secret
    `fathom-<stack>`: what a later apply no longer contains is pruned, and nothing else ever is.

        k8s_objects(
            name = "everything",
            env = "dev",
            objects = [":web", "//services/redis:dev"],
        )

    Args:
      name: the target.
      objects: list of labels or dict: k8s_object and k8s_objects, what is needed first comes first; or a dict for `select`
        to such lists or labels.
      env: string or dict: the environment: its name, or its entry of ENVS. Default: none.
      namespace: where the inventory is kept. Default: the environment's namespace, else fathom-system.
      stack: the stack's name in the cluster. Default: the package's path below services/, followed by `name` where
        that is no environment's name.
      args: arguments of every verb, before those after `--`.
      **kwargs: visibility, tags, testonly and the like.
    """
    named = {"args": args, "env": env, "namespace": namespace, "objects": objects, "stack": stack}
    kwargs = {
        key: value
        for key, value in checked_attributes("k8s_objects", name, dict(named, **kwargs), _STACK, _REFUSED_OF_STACKS).items()
        if key not in named
    }
    environment = find_environment(env, ENVS, "//{}:{}: 'env'".format(native.package_name(), name)) or {}
    if type(objects) == "dict":
        objects = select({
            condition: value if type(value) == "list" else [value]
            for condition, value in objects.items()
        })
    guard = find_guard(environment, None, None, ENVS)
    root = stack or root_name(native.package_name(), name, ENVS)
    stack = stack or stack_name(native.package_name(), name, ENVS)
    problem = stack_problem(stack)
    if problem:
        fail("//{}:{}: {}".format(native.package_name(), name, problem))
    k8s_objects_rule(
        name = name,
        ca_sha256 = guard.ca_sha256,
        cluster = environment.get("cluster", ""),
        context = environment.get("context", ""),
        environment = environment.get("name", ""),
        extra_args = args,
        namespace = namespace or environment.get("namespace", "fathom-system"),
        objects = objects,
        personal = PERSONAL,
        protected = guard.protected,
        reserved_namespaces = RESERVED_NAMESPACES,
        root = root,
        stack = stack,
        **kwargs
    )
    verb_targets(name, VERBS.keys(), **_shared(kwargs))
    deployer_target(name, environment.get("registry", ""), **_shared(kwargs))
