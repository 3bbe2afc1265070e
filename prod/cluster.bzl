"""The cluster that the stacks of prod/ are for, and what most of them are made of."""

load("@fathom_environments//:defs.bzl", "ENVS")
load("//tools/jsonnet:defs.bzl", "jsonnet_to_json")
load("//tools/k8s:defs.bzl", "k8s_object")

# All environments are in one cluster: a second one gets stacks of its own here.
[(CLUSTER, CONTEXT)] = {
    (
        entry["cluster"],
        entry["context"],
    ): True
    for entry in ENVS.values()
}.keys()

# What it provides, and where the pages of the repository are: what an environment says of it goes for all.
PROVIDES = sorted({capability: None for entry in ENVS.values() for capability in entry["provides"]}.keys())

RUNBOOKS = ([entry["runbooks"] for entry in ENVS.values() if entry["runbooks"]] + [""])[0]

# The same for sources that make rules and dashboards.
WATCHED_IN = {"environment": json.encode({"provides": PROVIDES, "runbooks": RUNBOOKS})}

# A dashboard as manifests: beside that of Fathom's own page those for a Grafana, where there is one.
DASHBOARD_MANIFESTS = ["dashboard"] + [manifest for capability, manifest in {
    "grafana": "grafana",
    "grafana-operator": "grafanadashboard",
}.items() if capability in PROVIDES]

def cluster_objects(prefix, src, manifests, images = {}, deps = [], **kwargs):
    """Objects of the cluster, each from one of the files that a Jsonnet source makes.

    Args:
      prefix: string: what the targets of the objects begin with: `<prefix>__<manifest>`.
      src: label of the source.
      manifests: list of strings: its files, without `.json`.
      images: dict of manifest → the `images` of its k8s_object.
      deps: labels of the Jsonnet libraries that the source imports, beside //jsonnet.
      **kwargs: attributes of jsonnet_to_json.

    Returns:
      list of labels: the objects.
    """
    jsonnet_to_json(
        name = prefix + "__manifests",
        src = src,
        outs = ["manifests/{}/{}.json".format(prefix, manifest) for manifest in manifests],
        deps = ["//jsonnet"] + deps,
        **kwargs
    )
    for manifest in manifests:
        k8s_object(
            name = "{}__{}".format(prefix, manifest),
            cluster = CLUSTER,
            context = CONTEXT,
            images = images.get(manifest, {}),
            template = "manifests/{}/{}.json".format(prefix, manifest),
        )
    return [":{}__{}".format(prefix, manifest) for manifest in manifests]
