"""What Kubernetes objects, stacks, services and environments tell the rules that use them."""

load("//tools/k8s/private:environments.bzl", "ENVIRONMENT_KEYS")

EnvironmentInfo = provider(
    doc = "An environment of ENVS. `@fathom_environments//:<name>` provides it.",
    fields = dict(
        {
            "json": "File: the same as a JSON object, which Jsonnet gets as `environment`",
            "name": "string: the key in ENVS",
        },
        **{key: "{}: {}".format(facts.type, facts.doc) for key, facts in ENVIRONMENT_KEYS.items()}
    ),
)

ServiceExportsInfo = provider(
    doc = "What a service offers those that call it, in one environment.",
    fields = {
        "environment": "string: the environment",
        "environments": "list of string: those that the service is in; `environment` may be another one",
        "label": "string: the service, as a BUILD file's `deps` names it",
        "manifest": "File: its rendered Service, or None where it has none",
    },
)

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
        "checks": "depset of File: what is made only where the objects of the stack fit together; nobody reads them",
        "image_digests": "depset of File: image.json of every image that is pushed",
        "image_runfiles": "runfiles: image.json and blobs of every image that is pushed",
        "inputs": "depset of File: what every verb reads at run time, plan included",
        "plan": "File: the plan input of the verbs",
        "sets": "depset of struct(label, stack, namespace, objects, connection, guard): shallow stacks in postorder, so that what is needed first comes first; objects is a tuple of string, guard a struct or None",
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
