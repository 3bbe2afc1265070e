"""The verbs of objects and stacks: the one table from which targets and docs are made."""

# What a verb needs of built images: nothing, their digests, or their blobs (to push them).
IMAGES_NONE = "none"
IMAGES_DIGESTS = "digests"
IMAGES_BLOBS = "blobs"

# For each verb: what it does, what it needs of images, and whether it speaks to a cluster.
VERBS = {
    "apply": struct(
        doc = "pushes images, applies what differs, prunes what the stack no longer contains, waits until all is ready",
        images = IMAGES_BLOBS,
        cluster = True,
    ),
    "create": struct(
        doc = "like apply, but fails when one of the objects exists",
        images = IMAGES_BLOBS,
        cluster = True,
    ),
    "delete": struct(
        doc = "deletes what apply made, last things first; builds and pushes no image",
        images = IMAGES_NONE,
        cluster = True,
    ),
    "describe": struct(
        doc = "prints each object's state, its events and its pods",
        images = IMAGES_NONE,
        cluster = True,
    ),
    "diff": struct(
        doc = "prints what apply would change; exits 1 when something differs, 2 on an error; pushes nothing",
        images = IMAGES_DIGESTS,
        cluster = True,
    ),
    "image": struct(
        doc = "an image that applies the stack from inside a cluster; run, it pushes itself and the images of the stack",
        images = IMAGES_BLOBS,
        cluster = True,
    ),
    "logs": struct(
        doc = "prints the logs of all pods; --follow, --since 10m, --tail 100",
        images = IMAGES_NONE,
        cluster = True,
    ),
    "rbac": struct(
        doc = "prints the least rights that the stack needs, as Roles and bindings; --subject user:NAME",
        images = IMAGES_NONE,
        cluster = True,
    ),
    "replace": struct(
        doc = "replaces existing objects as a whole; fails when one of them does not exist",
        images = IMAGES_BLOBS,
        cluster = True,
    ),
    "resolve": struct(
        doc = "pushes images and prints the manifests with their digests",
        images = IMAGES_BLOBS,
        cluster = False,
    ),
    "rollback": struct(
        doc = "puts back what the stack was before its last apply; --to N, --list; builds and pushes no image",
        images = IMAGES_NONE,
        cluster = True,
    ),
    "status": struct(
        doc = "prints the stack as a tree, with health and cause; exits 0 when all is ready, else 1; --output=json",
        images = IMAGES_NONE,
        cluster = True,
    ),
    "wait": struct(
        doc = "waits until everything is there and ready; --timeout 5m",
        images = IMAGES_NONE,
        cluster = True,
    ),
}
