"""The environments of this workspace; Fathom reads them through @fathom_environments."""

REGISTRY = "registry.fathom.internal"

ENVS = {
    "hello": {
        "cluster": "fathom",
        "context": "fathom-fathom",
        "namespace": "hello",
        "registry": REGISTRY,
        "images": "built",
        "protected": False,
        "replicas": 1,
    },
}
