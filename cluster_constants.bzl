"""The environments of this repo: the only file that names clusters, contexts, registries and namespaces."""

# The name that manifests, pins and SBOMs use for the in-cluster registry. Where a machine reaches it is the
# cluster's own state (`./fathom env` prints it), so this name needs no DNS.
REGISTRY = "registry.fathom.internal"

# Each environment: `cluster` and `context` (kube context; ours are called fathom-<cluster>), `namespace`,
# `registry` (reference), `images` ("built": push what was built just now; "pinned": deploy the digests of
# pins.json), `protected` (verbs that change it ask first), `replicas` (default of the components), and for a cluster that
# `./fathom up` did not make `ca_sha256` (the fingerprint of its authority, without which nobody changes it if protected).
# `personal` is for personal namespaces: how long one stays after its last apply (`ttl`), what all of its pods may use
# (`quota`), and what a container has that says nothing itself (`limits`).
# "myns-placeholder" is the reserved name that the engine replaces by the namespace of whoever runs a verb.
ENVS = {
    "prod": {
        "cluster": "fathom",
        "context": "fathom-fathom",
        "namespace": "prod",
        "registry": REGISTRY,
        "images": "pinned",
        "protected": True,
        "replicas": 2,
    },
    "staging": {
        "cluster": "fathom",
        "context": "fathom-fathom",
        "namespace": "staging",
        "registry": REGISTRY,
        "images": "pinned",
        "protected": False,
        "replicas": 2,
    },
    "dev": {
        "cluster": "fathom",
        "context": "fathom-fathom",
        "namespace": "dev",
        "registry": REGISTRY,
        "images": "pinned",
        "protected": False,
        "replicas": 1,
    },
    "myns": {
        "cluster": "fathom",
        "context": "fathom-fathom",
        "namespace": "myns-placeholder",
        "registry": REGISTRY,
        "images": "built",
        "protected": False,
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
