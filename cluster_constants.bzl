"""The environments of this repo: the only file that names clusters, contexts, registries and namespaces."""

# The name that manifests, pins and SBOMs use for the in-cluster registry. Where a machine reaches it is the
# cluster's own state (`./fathom env` prints it), so this name needs no DNS.
REGISTRY = "registry.fathom.internal"

# docs/services.md tells what each key means, and which may be left out. "myns-placeholder" is the reserved name that the
# engine replaces by the namespace of whoever runs a verb; docs/namespaces.md tells of `personal`. What an environment
# `provides` is what //prod:setup and //prod:monitoring bring to its cluster.
ENVS = {
    "prod": {
        "cluster": "fathom",
        "context": "fathom-fathom",
        "namespace": "prod",
        "registry": REGISTRY,
        "images": "pinned",
        "promotes_from": "staging",
        "protected": True,
        "provides": [
            "metrics-server",
            "prometheus-operator",
        ],
        "replicas": 2,
    },
    "staging": {
        "cluster": "fathom",
        "context": "fathom-fathom",
        "namespace": "staging",
        "registry": REGISTRY,
        "images": "pinned",
        "promotes_from": "dev",
        "protected": False,
        "provides": [
            "metrics-server",
            "prometheus-operator",
        ],
        "replicas": 2,
    },
    "dev": {
        "cluster": "fathom",
        "context": "fathom-fathom",
        "namespace": "dev",
        "registry": REGISTRY,
        "images": "pinned",
        "protected": False,
        "provides": [
            "metrics-server",
            "prometheus-operator",
        ],
        "replicas": 1,
    },
    "myns": {
        "cluster": "fathom",
        "context": "fathom-fathom",
        "namespace": "myns-placeholder",
        "registry": REGISTRY,
        "images": "built",
        "protected": False,
        "provides": [
            "metrics-server",
            "prometheus-operator",
        ],
        "replicas": 1,
        "personal": {
            "ttl": "72h",
            "quota": {
                "requests.cpu": "8",
                "requests.memory": "16Gi",
                "limits.memory": "32Gi",
                "requests.storage": "100Gi",
                "persistentvolumeclaims": "40",
                "pods": "200",
                "services.loadbalancers": "0",
                "services.nodeports": "0",
            },
            "limits": {
                "defaultRequest": {"cpu": "50m", "memory": "64Mi"},
                "default": {"memory": "512Mi"},
            },
        },
    },
}
