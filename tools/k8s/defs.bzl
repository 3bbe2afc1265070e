"""Kubernetes objects and stacks: rendered and checked by the build, applied by the engine.

    bazel run //services/x:myns-deep.apply

The verbs, for objects and for stacks alike, are those of verbs.bzl. Arguments for a verb follow `--`:

* `--timeout 10m`: how long to wait for readiness and for deletions (default 5m); `--no-wait`
* `--kubeconfig FILE`, `--context NAME`: another cluster
* `--force-conflicts`: take over fields that another manager owns; `--recreate`: delete and make anew what cannot change
* `--all`: delete also what other stacks still need; `--prune-data`: and namespaces, volume claims and CRDs
* `--yes`: change a protected environment without being asked; `--wait-lock 10m`: wait longer for another run

docs/deploys.md tells of all of them.
"""

load("@fathom_environments//:defs.bzl", "ENVS")
load("//tools/k8s:providers.bzl", _K8sObjectInfo = "K8sObjectInfo", _K8sStackInfo = "K8sStackInfo")
load("//tools/k8s:verbs.bzl", "VERBS")
load("//tools/k8s/private:deployer.bzl", "deployer_target")
load("//tools/k8s/private:names.bzl", "find_environment", "find_guard", "personal_settings", "root_name", "stack_name")
load("//tools/k8s/private:namespaces.bzl", "personal_namespaces_rule")
load("//tools/k8s/private:object.bzl", "k8s_object_rule")
load("//tools/k8s/private:objects.bzl", "k8s_objects_rule")
load("//tools/k8s/private:schema.bzl", "manifests_test")
load("//tools/k8s/private:schema_index.bzl", _kubernetes_schemas = "kubernetes_schemas")
load("//tools/k8s/private:verb.bzl", "verb_targets")

K8sObjectInfo = _K8sObjectInfo
K8sStackInfo = _K8sStackInfo
kubernetes_schemas = _kubernetes_schemas

_RESERVED_NAMESPACES = [entry["namespace"] for entry in ENVS.values()]

_PERSONAL = personal_settings(ENVS)

# Attributes that verbs share with the object or stack that they belong to.
_SHARED = ["compatible_with", "deprecation", "features", "restricted_to", "testonly", "visibility"]

def _shared(kwargs):
    return {key: kwargs[key] for key in _SHARED if key in kwargs}

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

    Args:
      name: the target.
      template: label of the manifest, YAML or JSON, one or many documents.
      kind: the kind of the objects; checked.
      cluster: cluster of the kubeconfig, or one of `./fathom up`. Default: the environment's.
      context: context of the kubeconfig. Default: the environment's.
      namespace: namespace of objects that name none. Default: the environment's.
      user: user of the kubeconfig. Default: the context's.
      kubeconfig: label of a kubeconfig. Default: --kubeconfig, $KUBECONFIG, the state folder, ~/.kube/config.
      images: dict of a string in the manifest to the label of the image or index that it means. Any string of the manifest
        that equals the key is replaced by `registry/repository@digest`. A key without a registry belongs to the
        environment's. A key that occurs nowhere fails the build.
      image_chroot: `registry/path` under which images are pushed instead.
      substitutions: dict of texts of the template to what replaces them.
      resolver: a program that is given `--template FILE` and prints the manifest.
      resolver_args: its further arguments.
      args: arguments of every verb, before those after `--`.
      stamp_srcs: files of lines `KEY value` for `{KEY}` in cluster, context, namespace, user, image_chroot, keys of
        images and substitutions. Default: Bazel's workspace status.
      env: the environment: its name, or its entry of ENVS. Default: none.
      pins: label of pins.json, {environment: {image: {digest}}}: with an environment whose images are "pinned" (or
        without an environment), digests come from there at build time, and no image is built or pushed.
      secrets: labels of files that sops has encrypted, which secret references of the manifest may name. They stay
        encrypted until the engine fills values in, and so may be in git, in caches and in `<name>.image`.
      **kwargs: visibility, tags, testonly and the like.
    """
    where = "//{}:{}".format(native.package_name(), name)
    environment = find_environment(env, ENVS, where + ": 'env'") or {}
    pinned = environment.get("images", "pinned" if pins else "built") == "pinned"
    if pinned and images and not pins:
        fail("{}: 'pins' must be set, as environment '{}' deploys pinned images, got None. Name a pins.json.".format(where, environment.get("name")))
    guard = find_guard(environment, cluster, context, ENVS)
    targets = {}
    for ref, label in images.items():
        targets.setdefault(label, []).append(ref)
    k8s_object_rule(
        name = name,
        ca_sha256 = guard.ca_sha256,
        cluster = cluster or environment.get("cluster", ""),
        context = context or environment.get("context", ""),
        environment = environment.get("name", ""),
        extra_args = args,
        image_chroot = image_chroot,
        images = {} if pinned else {label: "\n".join(refs) for label, refs in targets.items()},
        kind = kind,
        kubeconfig = kubeconfig,
        namespace = namespace or environment.get("namespace", ""),
        personal = _PERSONAL,
        pinned_images = images.keys() if pinned else [],
        pins = pins if pinned else None,
        protected = guard.protected,
        registry = environment.get("registry", ""),
        reserved_namespaces = _RESERVED_NAMESPACES,
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

    Args:
      name: the target.
      objects: list of labels of k8s_object and k8s_objects, what is needed first comes first; or a dict for `select`
        to such lists or labels.
      env: the environment: its name, or its entry of ENVS. Default: none.
      namespace: where the inventory is kept. Default: the environment's namespace, else fathom-system.
      stack: the stack's name in the cluster. Default: the package's path below services/, followed by `name` where
        that is no environment's name.
      args: arguments of every verb, before those after `--`.
      **kwargs: visibility, tags, testonly and the like.
    """
    environment = find_environment(env, ENVS, "//{}:{}: 'env'".format(native.package_name(), name)) or {}
    if type(objects) == "dict":
        objects = select({
            condition: value if type(value) == "list" else [value]
            for condition, value in objects.items()
        })
    guard = find_guard(environment, None, None, ENVS)
    k8s_objects_rule(
        name = name,
        ca_sha256 = guard.ca_sha256,
        cluster = environment.get("cluster", ""),
        context = environment.get("context", ""),
        environment = environment.get("name", ""),
        extra_args = args,
        namespace = namespace or environment.get("namespace", "fathom-system"),
        objects = objects,
        personal = _PERSONAL,
        protected = guard.protected,
        reserved_namespaces = _RESERVED_NAMESPACES,
        root = stack or root_name(native.package_name(), name, ENVS),
        stack = stack or stack_name(native.package_name(), name, ENVS),
        **kwargs
    )
    verb_targets(name, VERBS.keys(), **_shared(kwargs))
    deployer_target(name, environment.get("registry", ""), **_shared(kwargs))

def personal_namespaces(name, env, **kwargs):
    """Declares programs for the personal namespaces of an environment's cluster.

    * `<name>` lists them: owner, age, and until when they stay;
    * `<name>.gc` deletes those that have expired or that their owners have released; it lists them and asks;
      `--dry-run` only lists, `--yes` does not ask;
    * `<name>.release` says that the namespace of whoever runs it can go, with the next gc.

    docs/namespaces.md tells more.

    Args:
      name: the target.
      env: the environment whose namespace is `myns-placeholder`: its name, or its entry of ENVS.
      **kwargs: visibility, tags, testonly and the like.
    """
    environment = find_environment(env, ENVS, "//{}:{}: 'env'".format(native.package_name(), name))
    guard = find_guard(environment, None, None, ENVS)
    for verb, target in {"gc": name + ".gc", "list": name, "release": name + ".release"}.items():
        personal_namespaces_rule(
            name = target,
            ca_sha256 = guard.ca_sha256,
            cluster = environment["cluster"],
            context = environment["context"],
            environment = environment["name"],
            namespace = environment["namespace"] if verb == "release" else "",
            personal = _PERSONAL,
            protected = guard.protected,
            reserved_namespaces = _RESERVED_NAMESPACES,
            verb = verb,
            **kwargs
        )

def service_environments(manifests, deps = [], pins = None, template = "manifests/{env}/{manifest}.json", environments = ENVS.keys(), visibility = None):
    """Declares a service's stacks in every environment: `<env>`, `<env>-shallow` (the same) and `<env>-deep`.

    Args:
      manifests: dict of a manifest's name to its images: {"deployment": {"services/x": ":image"}, "service": {}}. An
        image's name gets the environment's registry in front.
      deps: packages of the services that it needs, `//services/redis`: their deep stacks are part of its own.
      pins: label of pins.json.
      template: where the rendered manifests are; `{env}` and `{manifest}` are filled in.
      environments: names of ENVS.
      visibility: of the stacks.
    """
    for env in environments:
        for manifest, images in manifests.items():
            k8s_object(
                name = "{}__{}".format(env, manifest),
                env = env,
                images = {ENVS[env]["registry"] + "/" + image: label for image, label in images.items()},
                pins = pins if images else None,
                template = template.format(env = env, manifest = manifest),
                tags = ["manual"],
                visibility = ["//visibility:private"],
            )
        k8s_objects(
            name = env,
            env = env,
            objects = ["{}__{}".format(env, manifest) for manifest in manifests],
            visibility = visibility,
        )
        native.alias(name = env + "-shallow", actual = env, visibility = visibility)
        for verb in VERBS:
            native.alias(
                name = "{}-shallow.{}".format(env, verb),
                actual = "{}.{}".format(env, verb),
                tags = ["manual"],
                visibility = visibility,
            )
        k8s_objects(
            name = env + "-deep",
            env = env,
            # What is listed first is applied first and deleted last.
            objects = ["{}:{}-deep".format(dep, env) for dep in deps] + [env],
            visibility = visibility,
        )

def k8s_manifests_test(name, objects, crds = [], kubernetes_version = None, size = "small", tags = [], **kwargs):
    """Tests manifests against the schemas of Kubernetes and of custom kinds, and against what production asks of pods.

    Found are unknown and missing fields, wrong types and values, items that are in a list twice, kinds and versions that
    nobody serves or will serve for long, and pods that break a policy; docs/checks.md tells of each. The checks are one
    cached action, so `bazel build` runs them as well; the test prints what they found.

    Args:
      name: the target.
      objects: labels of k8s_object and k8s_objects (all that a stack contains is checked), and manifests.
      crds: likewise: what has the CustomResourceDefinitions of custom kinds. Those among `objects` are known as well.
      kubernetes_version: the release of the cluster, such as "1.36", for what is deprecated or removed. Default: what
        the environment of an object says as `kubernetes_version` in ENVS, else that of the schemas.
      size: of the test.
      tags: of the test.
      **kwargs: schemas (label of a kubernetes_schemas, default that of the Kubernetes that Fathom builds), visibility
        and the like.
    """
    manifests_test(
        name = name,
        crds = crds,
        environment_versions = {
            env: entry["kubernetes_version"]
            for env, entry in ENVS.items()
            if "kubernetes_version" in entry
        },
        kubernetes_version = kubernetes_version or "",
        objects = objects,
        size = size,
        tags = tags + ["block-network"],
        **kwargs
    )
