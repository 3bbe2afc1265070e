"""The rule behind k8s_object: checks and renders a manifest at build time."""

load("//tools/k8s:providers.bzl", "K8sObjectInfo", "K8sStackInfo")
load("//tools/lib/bzl:labels.bzl", "shown_label")
load("//tools/lib/bzl:worker.bzl", "worker_args")
load("//tools/oci:providers.bzl", "OciImageIndexInfo", "OciImageInfo")
load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load(":plan.bzl", "write_plan")
load(":render.bzl", "RENDER_ATTRS", "RenderedInfo", "index_entry", "render_action", "render_params", "secret_files")
load(":verb.bzl", "VERB_ATTRS", "create_verb", "runfiles_path")

_ATTRS = dict(
    dict(VERB_ATTRS, **RENDER_ATTRS),
    ca_sha256 = attr.string(doc = "SHA-256 fingerprint of the cluster's certificate authority, in hexadecimal. Default: none is recorded."),
    cluster = attr.string(doc = "The kubeconfig's cluster; also the name of a cluster of `./fathom up`, whose registry is then used. Make variables and `{STAMP}` keys are filled in."),
    context = attr.string(doc = "The kubeconfig's context. Make variables and `{STAMP}` keys are filled in."),
    environment = attr.string(doc = "The environment's name, which chooses among pins."),
    extra_args = attr.string_list(doc = "Arguments of every verb, before those of the command line."),
    image_chroot = attr.string(doc = "`registry/path` under which images are pushed instead. Make variables and `{STAMP}` keys are filled in."),
    images = attr.label_keyed_string_dict(
        doc = "Images and indexes that are pushed; the value is the strings in the manifest that mean the image, one a line.",
        providers = [[OciImageInfo], [OciImageIndexInfo]],
    ),
    kind = attr.string(doc = "The kind of the objects. Default: any."),
    kubeconfig = attr.label(doc = "The kubeconfig to use. Default: searched.", allow_single_file = True),
    namespace = attr.string(doc = "The namespace of objects that name none. Make variables and `{STAMP}` keys are filled in."),
    personal = attr.string(doc = "What the environment of personal namespaces says of them, as JSON."),
    pinned_images = attr.string_list(doc = "Strings in the manifest that mean images of `pins`."),
    pins = attr.label(doc = "JSON {environment: {image: {digest}}}.", allow_single_file = [".json"]),
    promotes_from = attr.string(doc = "The environment whose pins are promoted to this one. Default: none, pins are released to it."),
    protected = attr.bool(doc = "Whether changes want a clean tree, pinned images and a confirmation."),
    registry = attr.string(doc = "The registry of images whose reference names none."),
    rendered = attr.label(doc = "A k8s_rendered that has the manifest. Default: it is rendered here.", providers = [RenderedInfo]),
    reserved_namespaces = attr.string_list(doc = "The environments' namespaces, which are nobody's own."),
    resolver = attr.label(doc = "A program that is given `--template FILE` and prints the manifest. Default: the template is the manifest.", cfg = "exec", executable = True),
    resolver_args = attr.string_list(doc = "Further arguments of `resolver`."),
    secrets = attr.label_list(doc = "Files that sops has encrypted, which secret references of the manifest may name. They stay encrypted.", allow_files = [".yaml", ".yml", ".json"]),
    stamp_srcs = attr.label_list(doc = "Files of lines `KEY value` for stamping. Default: Bazel's workspace status.", allow_files = True),
    substitutions = attr.string_dict(doc = "Texts that are replaced in the template. Make variables and `{STAMP}` keys are filled in in the values."),
    template = attr.label(doc = "The manifest: YAML or JSON, one or many documents.", mandatory = True, allow_single_file = [".yaml", ".yml", ".json"]),
    user = attr.string(doc = "The kubeconfig's user. Default: the context's. Make variables and `{STAMP}` keys are filled in."),
)

_STAMPED = ["cluster", "context", "image_chroot", "namespace", "user"]

def _image_refs(ctx):
    """All images: [(ref, target or None)]."""
    refs = [(ref, None) for ref in ctx.attr.pinned_images]
    for target, joined in ctx.attr.images.items():
        refs += [(ref, target) for ref in joined.split("\n")]
    return refs

def _render(ctx):
    """Declares the action that checks and renders the manifest. Returns struct(json = File, yaml = File)."""
    if ctx.attr.rendered:
        return ctx.attr.rendered[RenderedInfo].manifests[ctx.label.name]
    text = {name: ctx.expand_make_variables(name, getattr(ctx.attr, name), {}) for name in _STAMPED}
    substitutions = {key: ctx.expand_make_variables("substitutions", value, {}) for key, value in ctx.attr.substitutions.items()}
    images = [
        struct(
            ref = ctx.expand_make_variables("images", ref, {}),
            image = runfiles_path(ctx, index_entry(target)) if target else "",
        )
        for ref, target in _image_refs(ctx)
    ]
    params = render_params(
        label = shown_label(ctx.label),
        template = ctx.file.template,
        connection = struct(
            cluster = text["cluster"],
            context = text["context"],
            kubeconfig = runfiles_path(ctx, ctx.file.kubeconfig) if ctx.file.kubeconfig else "",
            namespace = text["namespace"],
            user = text["user"],
        ),
        guard = struct(
            caSha256 = ctx.attr.ca_sha256,
            environment = ctx.attr.environment,
            isProtected = ctx.attr.protected,
        ),
        images = images,
        registry = ctx.attr.registry,
        reserved_namespaces = ctx.attr.reserved_namespaces,
        kind = ctx.attr.kind,
        image_chroot = text["image_chroot"],
        promotes_from = ctx.attr.promotes_from,
        secrets = secret_files(ctx),
        substitutions = substitutions,
    )
    args = worker_args(ctx)
    args.add_all(ctx.files.secrets, before_each = "--secret")
    inputs = list(ctx.files.secrets)
    if ctx.file.pins:
        args.add("--pins", ctx.file.pins)
        inputs.append(ctx.file.pins)
    values = text.values() + substitutions.values() + [image.ref for image in images]
    if [value for value in values if "{" in value]:
        status = ctx.files.stamp_srcs or [ctx.info_file, ctx.version_file]
        args.add_all(status, before_each = "--status")
        inputs += status
    tools = []
    if ctx.executable.resolver:
        args.add("--resolver", ctx.executable.resolver)
        args.add_all(ctx.attr.resolver_args, format_each = "--resolver-arg=%s")
        tools = [ctx.attr.resolver[DefaultInfo].files_to_run]
    manifest = struct(name = ctx.label.name, template = ctx.file.template)
    return render_action(ctx, [manifest], [params], args, inputs, tools)[ctx.label.name]

def _k8s_object_impl(ctx):
    rendered = _render(ctx)
    targets = ctx.attr.images.keys()
    runfiles = ctx.runfiles()
    for target in targets:
        runfiles = runfiles.merge(target[DefaultInfo].default_runfiles)
    sets = depset([struct(
        label = shown_label(ctx.label),
        stack = "",
        namespace = ctx.attr.namespace,
        objects = (runfiles_path(ctx, rendered.json),),
        connection = None,
        guard = None,
    )], order = "postorder")
    plan = write_plan(ctx, sets, ctx.attr.reserved_namespaces, root = "", args = ctx.attr.extra_args, personal = ctx.attr.personal)
    entries = [index_entry(target) for target in targets]
    stack = K8sStackInfo(
        args = ctx.attr.extra_args,
        checks = depset(),
        image_digests = depset(entries),
        image_runfiles = runfiles.merge(ctx.runfiles(files = entries)),
        inputs = depset([plan, rendered.json] + ctx.files.kubeconfig + ctx.files.secrets),
        plan = plan,
        sets = sets,
        yamls = depset([rendered.yaml]),
    )
    launcher = create_verb(ctx, ctx.label.name + "__run", "resolve", stack)
    return [
        K8sObjectInfo(json = rendered.json, yaml = rendered.yaml),
        stack,
        DefaultInfo(executable = launcher.executable, files = depset([rendered.yaml]), runfiles = launcher.runfiles),
    ]

k8s_object_rule = rule(
    implementation = _k8s_object_impl,
    doc = """Checks and renders a manifest; the macro k8s_object documents it.

The build fails, naming target, file, object and remedy, when the file is no YAML or JSON, when a document is no
Kubernetes object, when an image is in no manifest, and when a pin is missing.
""",
    attrs = _ATTRS,
    executable = True,
    provides = [K8sObjectInfo, K8sStackInfo],
    toolchains = [TOOLCHAIN_TYPE],
)
