"""The action that checks and renders manifests: one of a k8s_object, or all of a service in an environment at once."""

load("//tools/k8s:providers.bzl", "EnvironmentInfo")
load("//tools/lib/bzl:labels.bzl", "shown_label")
load("//tools/lib/bzl:worker.bzl", "worker_args", "worker_requirements")
load("//tools/oci:providers.bzl", "OciImageIndexInfo", "OciImageInfo")
load(":verb.bzl", "runfiles_path")

RENDER_ATTRS = {
    "_render": attr.label(doc = "Checks and renders manifests.", default = "//tools/k8s:render", cfg = "exec", executable = True),
}

RenderedInfo = provider(
    doc = "Manifests that were rendered together.",
    fields = {"manifests": "dict of the name of a k8s_object to struct(json = File, yaml = File)"},
)

def index_entry(target):
    """The description of an image or index: what a pusher needs.

    Args:
      target: with OciImageIndexInfo or OciImageInfo.

    Returns:
      File.
    """
    return (target[OciImageIndexInfo] if OciImageIndexInfo in target else target[OciImageInfo]).index_entry

def secret_files(ctx):
    """The encrypted files of a rule with `secrets`, as render.ts takes them.

    Args:
      ctx: the rule's context.

    Returns:
      list of struct(path = string in the workspace, file = runfiles path).
    """
    return [struct(path = file.short_path, file = runfiles_path(ctx, file)) for file in ctx.files.secrets]

def render_action(ctx, manifests, params, args, inputs, tools = []):
    """Declares the action.

    Args:
      ctx: the rule's context, with RENDER_ATTRS.
      manifests: list of struct(name = string, template = File): the names of the k8s_objects.
      params: list of struct, of each manifest what render.ts takes.
      args: Args of worker_args: further arguments.
      inputs: list of File beside templates and parameters.
      tools: tools of the action.

    Returns:
      dict of name to struct(json = File, yaml = File).
    """
    files = []
    rendered = {}
    for manifest, values in zip(manifests, params):
        file = ctx.actions.declare_file(manifest.name + ".render.json")
        ctx.actions.write(file, json.encode(values))
        outputs = struct(
            json = ctx.actions.declare_file(manifest.name + ".object.json"),
            yaml = ctx.actions.declare_file(manifest.name + ".yaml"),
        )
        args.add("--params", file)
        args.add("--template", manifest.template)
        args.add("--json", outputs.json)
        args.add("--yaml", outputs.yaml)
        files += [file, manifest.template]
        rendered[manifest.name] = outputs
    ctx.actions.run(
        mnemonic = "K8sRender",
        progress_message = "Checking manifests of {}".format(shown_label(ctx.label)),
        executable = ctx.executable._render,
        arguments = [args],
        inputs = files + inputs,
        outputs = [file for outputs in rendered.values() for file in [outputs.json, outputs.yaml]],
        tools = tools,
        execution_requirements = worker_requirements("K8sRender"),
    )
    return rendered

def render_params(label, template, connection, guard, images, registry, reserved_namespaces, kind, image_chroot = "", promotes_from = "", secrets = [], substitutions = {}):
    """What render.ts takes of one manifest.

    Args:
      label: string: the k8s_object.
      template: File.
      connection: struct(cluster, context, kubeconfig, namespace, user).
      guard: struct(caSha256, environment, isProtected).
      images: list of struct(ref, image): strings of the manifest, each with the runfiles path of a built image or "".
      registry: string.
      reserved_namespaces: list of string.
      kind: string; empty for any.
      image_chroot: string.
      promotes_from: string: the environment before, or empty.
      secrets: list of struct as of secret_files.
      substitutions: dict.

    Returns:
      struct.
    """
    return struct(
        connection = connection,
        environment = guard.environment,
        guard = guard,
        imageChroot = image_chroot,
        images = images,
        kind = kind,
        label = label,
        promotesFrom = promotes_from,
        registry = registry,
        reservedNamespaces = reserved_namespaces,
        secrets = secrets,
        substitutions = substitutions,
        template = template.short_path,
    )

def _k8s_rendered_impl(ctx):
    env = ctx.attr.env[EnvironmentInfo]
    connection = struct(cluster = env.cluster, context = env.context, kubeconfig = "", namespace = env.namespace, user = "")
    guard = struct(caSha256 = env.ca_sha256, environment = env.name, isProtected = env.protected)

    # What is not built here is pinned.
    built = {
        ref: runfiles_path(ctx, index_entry(target))
        for target, refs in ctx.attr.images.items()
        for ref in refs.split("\n")
    }
    manifests = []
    params = []
    for target, description in ctx.attr.manifests.items():
        manifest = json.decode(description)
        template = target[DefaultInfo].files.to_list()[0]
        manifests.append(struct(name = manifest["name"], template = template))
        params.append(render_params(
            label = "//{}:{}".format(ctx.label.package, manifest["name"]),
            template = template,
            connection = connection,
            guard = guard,
            images = [struct(ref = ref, image = built.get(ref, "")) for ref in manifest["images"]],
            registry = env.registry,
            reserved_namespaces = ctx.attr.reserved_namespaces,
            kind = manifest["kind"],
            promotes_from = env.promotes_from,
            secrets = secret_files(ctx) if manifest["kind"] == "Secret" else [],
        ))
    args = worker_args(ctx)
    pins = [ctx.file.pins] if ctx.file.pins else []
    args.add_all(pins, before_each = "--pins")
    args.add_all(ctx.files.secrets, before_each = "--secret")
    rendered = render_action(ctx, manifests, params, args, pins + ctx.files.secrets)
    return [
        RenderedInfo(manifests = rendered),
        DefaultInfo(files = depset([outputs.yaml for outputs in rendered.values()])),
    ]

k8s_rendered = rule(
    implementation = _k8s_rendered_impl,
    doc = """Renders the manifests of several k8s_object by one process, which is most of what a small manifest costs.

Made by the macro `service`, whose objects name it as `rendered`. What they say of themselves must be the same here.
""",
    attrs = dict(
        RENDER_ATTRS,
        env = attr.label(doc = "The environment.", mandatory = True, providers = [EnvironmentInfo]),
        images = attr.label_keyed_string_dict(
            doc = "Images that are built and pushed → the strings in manifests that mean them, one a line.",
            providers = [[OciImageInfo], [OciImageIndexInfo]],
        ),
        manifests = attr.label_keyed_string_dict(
            doc = "Template → JSON {name, kind, images}: of the k8s_object the name, the kind, and the strings that mean images.",
            allow_files = [".json"],
            mandatory = True,
        ),
        pins = attr.label(doc = "pins.json, where images are pinned.", allow_single_file = [".json"]),
        reserved_namespaces = attr.string_list(doc = "The environments' namespaces, which are nobody's own."),
        secrets = attr.label_list(doc = "Files that sops has encrypted.", allow_files = True),
    ),
    provides = [RenderedInfo],
)
