"""The environments of this workspace; Fathom reads them through @fathom_environments."""

REGISTRY = "registry.fathom.internal"

ENVS = {
    # Everybody's own namespace, with what was built just now.
    "myns": {
        "cluster": "fathom",
        "context": "fathom-fathom",
        "namespace": "myns-placeholder",
        "registry": REGISTRY,
        "images": "built",
    },
}
