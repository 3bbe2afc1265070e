"""Which manifests a service has, and which images are in them."""

load("//tools/k8s:roles.bzl", "ROLES")

def role_of(manifest, where):
    """The row of ROLES that a manifest's name means.

    Args:
      manifest: string: a role, or `<anything>-<role>` where a service has several of one.
      where: string: target and attribute, for errors.

    Returns:
      a value of ROLES.
    """
    role = manifest.split("-")[-1]
    if role not in ROLES:
        fail("{} must be roles, or end in one as in 'migrate-job', got '{}'. Roles are {}.".format(where, manifest, ", ".join(sorted(ROLES.keys()))))
    return ROLES[role]

def images_of_manifests(manifests, image, images, package, where):
    """The images that each manifest has.

    Args:
      manifests: list of names, or dict of them to their images.
      image: label of the service's own image, or None.
      images: dict of a further image's name, without registry, to its label.
      package: string: the service's package, which its own image is called by.
      where: string: the service, for errors.

    Returns:
      dict of manifest to a dict of an image's name, without registry, to its label.
    """
    rows = {manifest: role_of(manifest, where + ": 'manifests'") for manifest in manifests}
    if type(manifests) == "dict":
        if image or images:
            fail("{}: 'image' and 'images' must be left out where 'manifests' is a dict, which says what is in each. Write {{\"deployment\": {{\"{}\": \":image\"}}}}.".format(where, package))
        return manifests
    with_pods = [manifest for manifest, row in rows.items() if row.pods]
    if with_pods and not image:
        fail("{}: 'image' must be set, as '{}' has pods, got None. Name the image, as in \":image\".".format(where, with_pods[0]))
    if images and len(with_pods) != 1:
        fail("{}: 'images' must be of one manifest with pods, got {}. Write 'manifests' as a dict, which says what is in each: {{\"deployment\": {{\"{}\": \":image\"}}}}.".format(where, ", ".join(with_pods) or "none", package))
    own = dict({package: image}, **images) if image else images
    return {manifest: own if row.pods else {} for manifest, row in rows.items()}

def manifests_in(manifests, environment):
    """The manifests that a service has in an environment: those whose kinds its cluster serves.

    Args:
      manifests: names of manifests.
      environment: an entry of ENVS.

    Returns:
      list of names.
    """
    needs = {manifest: role_of(manifest, "manifests").needs for manifest in manifests}
    return [manifest for manifest in manifests if not needs[manifest] or needs[manifest] in environment["provides"]]
