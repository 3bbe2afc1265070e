"""What Kubernetes objects and stacks tell the rules that use them."""

K8sObjectInfo = provider(
    doc = "The objects of one manifest, checked and rendered.",
    fields = {
        "json": "File: the engine's input, {version, label, connection, images, objects}",
        "yaml": "File: the manifest with substitutions and pinned digests, for people",
    },
)

K8sStackInfo = provider(
    doc = "A set of manifests and images. Objects provide it too, as a stack of one.",
    fields = {
        "args": "list of string: arguments that every verb gets first",
        "image_digests": "depset of File: image.json of every image that is pushed",
        "image_runfiles": "runfiles: image.json and blobs of every image that is pushed",
        "inputs": "depset of File: what every verb reads at run time, plan included",
        "plan": "File: the plan input of the verbs",
        "sets": "depset (postorder) of struct(label, stack, namespace, objects = tuple of string, connection, guard: struct or None): shallow stacks, what is needed first comes first",
        "yamls": "depset of File: the rendered manifests",
    },
)

K8sPinsInfo = provider(
    doc = "The images of a service whose digests are pinned.",
    fields = {
        "description": "File: JSON {version, label, package, file, images, environments, sources}, what the programs for pins read",
        "image_runfiles": "runfiles: image.json and blobs of its images",
    },
)
