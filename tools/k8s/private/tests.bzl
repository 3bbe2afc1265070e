"""k8s_manifests_test and k8s_golden_test: what a build says of manifests before any cluster sees them."""

load("@fathom_environments//:defs.bzl", "ENVS")
load(":golden.bzl", "golden_test", "k8s_update_goldens")
load(":schema.bzl", "manifests_test")

def k8s_manifests_test(name, objects, crds = [], kubernetes_version = None, size = "small", tags = [], **kwargs):
    """Tests manifests against the schemas of Kubernetes and of custom kinds, and against what production asks of pods.

    Found are unknown and missing fields, wrong types and values, items that are in a list twice, kinds and versions that
    nobody serves or will serve for long, and pods that break a policy; docs/checks.md tells of each. The checks are one
    cached action, so `bazel build` runs them as well; the test prints what they found.

        k8s_manifests_test(
            name = "manifests_test",
            crds = ["crds.yaml"],
            kubernetes_version = "1.34",
            objects = [":dev"],
        )

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
            if entry["kubernetes_version"]
        },
        kubernetes_version = kubernetes_version or "",
        objects = objects,
        size = size,
        tags = tags + ["block-network"],
        **kwargs
    )

def k8s_golden_test(name, stacks, update = None, size = "small", tags = [], visibility = None):
    """Tests that stacks are what their golden files say; `bazel run :<name>.update` writes the files anew.

    A golden file has all objects of a stack as they are deployed, pinned digests included and `myns` with its
    placeholder, so that a review shows what a change does in each environment.

        k8s_golden_test(
            name = "golden_test",
            stacks = {
                ":prod": "golden/prod.yaml",
                ":staging": "golden/staging.yaml",
            },
        )

    Args:
      name: the target.
      stacks: dict of labels to strings: k8s_object or k8s_objects → the path of its golden file, relative to the package. In a
        folder below it, further files `*.yaml` beside them, which are of no stack, fail the test.
      update: string: the name of what writes the files. Default: `<name>.update`.
      size: of the test.
      tags: of the test.
      visibility: of the test, and of what updates it.
    """
    update = update or name + ".update"
    folders = {path.rpartition("/")[0]: True for path in stacks.values()}

    # Of the package's own folder only those that are named: other YAML there is no golden file, and would be removed.
    goldens = native.glob(
        stacks.values() + [folder + "/*.yaml" for folder in folders if folder],
        allow_empty = True,
    )
    golden_test(
        name = name,
        goldens = goldens,
        size = size,
        stacks = stacks,
        tags = tags + ["block-network"],
        update = "//{}:{}".format(native.package_name(), update),
        visibility = visibility,
    )
    k8s_update_goldens(
        name = update,
        goldens = goldens,
        stacks = stacks,
        tags = ["manual"],
        visibility = visibility,
    )
