"""The macro `service`: all targets of a service in every environment."""

load("@fathom_environments//:defs.bzl", "ENVS")
load("//tools/jsonnet:defs.bzl", "jsonnet_to_json")
load("//tools/k8s:verbs.bzl", "VERBS")
load("//tools/monitoring:defs.bzl", "prometheus_metrics_test")
load(":contract.bzl", "called_services", "service_exports", "service_imports")
load(":manifests.bzl", "images_of_manifests", "manifests_in", "role_of")
load(":names.bzl", "find_environment")
load(":pins_macros.bzl", "k8s_pins")
load(":render.bzl", "k8s_rendered")
load(":stacks.bzl", "RESERVED_NAMESPACES", "k8s_objects", "service_object")
load(":tests.bzl", "k8s_golden_test", "k8s_manifests_test")

# What the component `service` of //jsonnet returns for a service that others call.
SERVICE_MANIFESTS = [
    "deployment",
    "networkpolicy",
    "poddisruptionbudget",
    "service",
    "serviceaccount",
]

# What it returns for one that nobody calls.
WORKER_MANIFESTS = [manifest for manifest in SERVICE_MANIFESTS if manifest != "service"]

# What the component `job` returns.
JOB_MANIFESTS = [
    "job",
    "networkpolicy",
    "serviceaccount",
]

# What the component `statefulset` returns.
STATEFULSET_MANIFESTS = [
    "headless",
    "networkpolicy",
    "poddisruptionbudget",
    "service",
    "serviceaccount",
    "statefulset",
]

# What a component returns that is watched, by slos, alerts or a dashboard in its `monitoring`.
MONITORING_MANIFESTS = [
    "dashboard",
    "grafana",
    "grafanadashboard",
    "prometheusrule",
    "servicemonitor",
]

# The roles among them that have queries.
_ASKING = ["dashboard", "prometheusrule"]

# The kinds of the Prometheus Operator that components make.
_OPERATOR_KINDS = {
    "prometheusrule": "prometheusrules",
    "servicemonitor": "servicemonitors",
}

def service(
        name,
        image = None,
        deps = [],
        src = None,
        manifests = SERVICE_MANIFESTS,
        images = {},
        pins = None,
        secrets = [],
        environments = ENVS.keys(),
        crds = [],
        metrics = None,
        runbook = None,
        libraries = [Label("//jsonnet")],
        arguments = {},
        visibility = None):
    """Declares a service in every environment: its manifests from one Jsonnet source, its stacks, and tests of them.

    The source is `function(environment, deps)` and returns an object of `<manifest>.json` to Kubernetes object.
    `environment` is the entry of ENVS with its `name`; `deps` has the rendered Service of each of `deps` that has one.
    For each environment there are

    * `<env>`: the shallow stack; its default output is the rendered manifests, pinned digests included
    * `<env>-shallow`: the same
    * `<env>-deep`: with the deep stacks of `deps`
    * `<env>-exports`: what the services that name this one in their `deps` get of it

    each but the last with the verbs of verbs.bzl, and for all of them

    * `<name>`: the rendered manifests of all environments
    * `manifests_test`: checks them, see k8s_manifests_test
    * `pins`, and with it `release`, `promote` and `restore`: see k8s_pins; where there are pins
    * `monitoring_test`: checks rules and dashboards, see prometheus_metrics_test; where there are some
    * `golden_test`: compares them with `golden/<env>.yaml`; `bazel run :update_goldens` writes those anew

    docs/services.md shows the same written by hand.

        service(
            name = "web",
            image = ":image",
            runbook = "//docs/runbooks:web.md",
            deps = ["//services/redis"],
        )

    Args:
      name: the service: the last word of the package's path.
      image: label: its image. The source calls it `environment.registry + '/<package>'`.
      deps: list of labels or dict of labels to strings: the services that it needs: their deep stacks are part of its own. In Jsonnet they are called by the
        last word of their package's path, with `-` turned to `_`; or by the value where this is a dict.
      src: the Jsonnet source. Default: `<name>.jsonnet`.
      manifests: list of strings or dict of strings to dicts: what the source returns: roles of roles.bzl, or `<anything>-<role>` where there are several of one. Those
        whose kinds an environment does not provide are left out there. A dict of them to their images, as in
        {"deployment": {"services/x": ":image"}, "service": {}}, where not all pods have the same.
      images: dict of strings to labels: further images of the pods by their names, without registry.
      pins: pins.json. Default: the one of the package, if there is one.
      secrets: files that sops has encrypted, which secret references of manifests of the role `secret` may name.
      environments: names of ENVS.
      crds: what declares custom kinds, see k8s_manifests_test. Those of the Prometheus Operator are known.
      metrics: list of labels: what the service exposes, for the queries of its rules and dashboard. Default: `metrics.txt` of the package, if there is one.
      runbook: label: the page that its alerts name, `"//docs/runbooks:x.md"`.
      libraries: jsonnet_library targets that the source imports.
      arguments: dict of strings to any value: further arguments of the source's function: name → what is given, of strings, numbers, lists and dicts; `$(POD_NAME)` stays, for Kubernetes.
      visibility: of the stacks.
    """
    package = native.package_name()
    where = "//" + package
    contents = images_of_manifests(manifests, image, images, package, where)
    called = called_services(deps, package, where + ": 'deps'")
    for env in environments:
        find_environment(env, ENVS, where + ": 'environments'")
    if not pins and native.glob(["pins.json"], allow_empty = True):
        pins = "pins.json"
    pinned = {image: label for images in contents.values() for image, label in images.items()}
    for env in environments:
        if pinned and not pins and ENVS[env]["images"] == "pinned":
            fail("{}: 'pins' must be set, as environment '{}' deploys pinned images, and there is no pins.json. Write one of '{{}}' and `bazel run {}:release`, or leave '{}' out of 'environments' until then.".format(where, env, where, env))
    for env in ENVS:
        present = env in environments
        parts = manifests_in(contents.keys(), ENVS[env]) if present else []
        service_exports(
            name = env + "-exports",
            env = _environment_label(env),
            environments = environments,
            manifest = "manifests/{}/service.json".format(env) if "service" in parts else None,
            objects = [env + "-deep"] if present else [],
            service = where,
            visibility = visibility,
        )
        if present:
            exports = {"{}:{}-exports".format(home, env): field for home, field in called.items()}
            _service_manifests(env, where, src or name + ".jsonnet", parts, exports, libraries, arguments)
            _service_stacks(env, {part: contents[part] for part in parts}, exports.keys(), pins, secrets, visibility)
    if pins and pinned:
        k8s_pins(
            name = "pins",
            environments = environments,
            images = pinned,
            pins = pins,
            visibility = visibility,
        )
    native.filegroup(
        name = name,
        srcs = environments,
        visibility = visibility,
    )
    k8s_manifests_test(
        name = "manifests_test",
        crds = crds + _operator_crds(contents.keys(), environments),
        objects = environments,
    )
    if [part for part in contents if part.split("-")[-1] in _ASKING]:
        prometheus_metrics_test(
            name = "monitoring_test",
            size = "small",
            metrics = native.glob(["metrics.txt"], allow_empty = True) if metrics == None else metrics,
            objects = environments,
            runbook_bases = {ENVS[env]["runbooks"]: None for env in environments}.keys(),
            runbooks = [runbook] if runbook else [],
            tags = ["block-network"],
        )
    k8s_golden_test(
        name = "golden_test",
        stacks = {env: "golden/{}.yaml".format(env) for env in environments},
        update = "update_goldens",
        visibility = visibility,
    )

def _operator_crds(parts, environments):
    """Labels of the CustomResourceDefinitions of a service's own kinds, where some environment has the operator."""
    if not [env for env in environments if "prometheus-operator" in ENVS[env]["provides"]]:
        return []
    return [
        Label("@prometheus_operator_crds//:example/prometheus-operator-crd/monitoring.coreos.com_%s.yaml" % crd)
        for crd in {_OPERATOR_KINDS.get(part.split("-")[-1]): None for part in parts}
        if crd
    ]

def _environment_label(env):
    return Label("@fathom_environments//:" + env)

def _hint(service, exports):
    fields = ["{} ({})".format(field, label.partition(":")[0]) for label, field in exports.items()]
    return "Of service {}: 'manifests' names the files that the source returns, 'libraries' what it imports; its argument deps has {}.".format(
        service,
        ", ".join(fields) or "nothing, as 'deps' is empty",
    )

def _service_manifests(env, service, src, manifests, exports, libraries, arguments):
    """Renders a service's manifests in one environment to `manifests/<env>/<manifest>.json`."""
    service_imports(
        name = env + "__imports",
        env = _environment_label(env),
        service = service,
        tags = ["manual"],
        visibility = ["//visibility:private"],
        deps = exports,
    )
    jsonnet_to_json(
        name = env + "__manifests",
        src = src,
        hint = _hint(service, exports),
        outs = ["manifests/{}/{}.json".format(env, manifest) for manifest in manifests],
        multiple_outputs = True,
        tags = ["manual"],
        # As JSON, no value is one of Bazel's variables: a text begins with a quote.
        tla_code = {name: json.encode(value) for name, value in arguments.items()},
        tla_code_files = {
            ":{}__imports".format(env): "deps",
            _environment_label(env): "environment",
        },
        visibility = ["//visibility:private"],
        deps = libraries + [":{}__imports".format(env)],
    )

def _service_stacks(env, manifests, exports, pins, secrets, visibility):
    """Declares a service's objects and stacks in one environment. `manifests`: of each its images, without registry."""
    registry = ENVS[env]["registry"]
    is_pinned = ENVS[env]["images"] == "pinned"
    built = {}
    for images in manifests.values():
        for image, label in images.items():
            if not is_pinned and registry + "/" + image not in built.get(label, []):
                built.setdefault(label, []).append(registry + "/" + image)
    k8s_rendered(
        name = env + "__rendered",
        env = _environment_label(env),
        images = {label: "\n".join(refs) for label, refs in built.items()},
        manifests = {
            "manifests/{}/{}.json".format(env, manifest): json.encode(struct(
                images = [registry + "/" + image for image in images],
                kind = role_of(manifest, "manifests").kind,
                name = "{}__{}".format(env, manifest),
            ))
            for manifest, images in manifests.items()
        },
        pins = pins if is_pinned else None,
        reserved_namespaces = RESERVED_NAMESPACES,
        secrets = secrets,
        tags = ["manual"],
        visibility = ["//visibility:private"],
    )
    for manifest, images in manifests.items():
        service_object(
            name = "{}__{}".format(env, manifest),
            env = env,
            images = {registry + "/" + image: label for image, label in images.items()},
            kind = role_of(manifest, "manifests").kind,
            pins = pins if images else None,
            rendered = env + "__rendered",
            secrets = secrets if role_of(manifest, "manifests").kind == "Secret" else [],
            template = "manifests/{}/{}.json".format(env, manifest),
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
        objects = exports + [env],
        visibility = visibility,
    )
