"""What services know of one another: a service exports its rendered Service, and those that call it import it."""

load("//tools/jsonnet:providers.bzl", "JsonnetLibraryInfo")
load("//tools/k8s:providers.bzl", "EnvironmentInfo", "K8sStackInfo", "ServiceExportsInfo")
load("//tools/lib/bzl:labels.bzl", "shown_label")

def absence(exports):
    """Why a service cannot be had in an environment.

    Args:
      exports: ServiceExportsInfo.

    Returns:
      a sentence, or None where the service is in the environment.
    """
    if exports.environment in exports.environments:
        return None
    return "{} is not in environment '{}', only in {}. Add '{}' to its 'environments', or leave it out of those of what needs it".format(
        exports.label,
        exports.environment,
        ", ".join(exports.environments) or "none",
        exports.environment,
    )

def _service_exports_impl(ctx):
    name = ctx.attr.env[EnvironmentInfo].name
    if name in ctx.attr.environments and len(ctx.attr.objects) != 1:
        fail("{}: 'objects' must be the one deep stack of '{}', got {}. Name it.".format(shown_label(ctx.label), name, len(ctx.attr.objects)))
    info = ServiceExportsInfo(
        environment = name,
        environments = ctx.attr.environments,
        label = ctx.attr.service,
        manifest = ctx.file.manifest,
    )

    # A service that is not in the environment is an empty stack, which those that need it refuse by name.
    stack = ctx.attr.objects[0][K8sStackInfo] if ctx.attr.objects else K8sStackInfo(
        args = [],
        checks = depset(),
        image_digests = depset(),
        image_runfiles = ctx.runfiles(),
        inputs = depset(),
        plan = None,
        sets = depset(order = "postorder"),
        yamls = depset(),
    )
    return [info, stack, DefaultInfo(files = depset([ctx.file.manifest] if ctx.file.manifest else []))]

service_exports = rule(
    implementation = _service_exports_impl,
    doc = """What others get of a service in one environment: its rendered Service, and its deep stack.

The macro `service` makes one for each environment of ENVS, `<env>-exports`, also where the service is not in that
environment: so that those that need it there can say so.

    service_exports(
        name = "dev-exports",
        env = "@fathom_environments//:dev",
        environments = ["dev", "prod"],
        manifest = "manifests/dev/service.json",
        objects = [":dev-deep"],
        service = "//services/redis",
    )
""",
    attrs = {
        "env": attr.label(doc = "The environment: `@fathom_environments//:<name>`.", mandatory = True, providers = [EnvironmentInfo]),
        "environments": attr.string_list(doc = "The names of all environments that the service is in.", mandatory = True),
        "manifest": attr.label(doc = "The rendered Service. Default: nobody can call it.", allow_single_file = [".json"]),
        "objects": attr.label_list(doc = "The deep stack, where the service is in the environment.", providers = [K8sStackInfo]),
        "service": attr.string(doc = "The service, as a BUILD file's `deps` names it.", mandatory = True),
    },
    provides = [K8sStackInfo, ServiceExportsInfo],
)

def _import_path(ctx, file):
    """A file's path below the folders in which Jsonnet looks."""
    root = ctx.bin_dir.path + "/"
    return file.path[len(root):] if file.path.startswith(root) else file.path

def _service_imports_impl(ctx):
    service = ctx.attr.service
    missing = [reason for reason in [absence(target[ServiceExportsInfo]) for target in ctx.attr.deps] if reason]
    if missing:
        fail("{}: 'deps' must be in every environment of the service: {}.".format(service, "; ".join(missing)))
    wrong = [
        "{} of '{}'".format(target[ServiceExportsInfo].label, target[ServiceExportsInfo].environment)
        for target in ctx.attr.deps
        if target[ServiceExportsInfo].environment != ctx.attr.env[EnvironmentInfo].name
    ]
    if wrong:
        fail("{}: 'deps' must be exports of environment '{}', got {}. Name those of that one.".format(shown_label(ctx.label), ctx.attr.env[EnvironmentInfo].name, ", ".join(wrong)))
    callable = [field for target, field in ctx.attr.deps.items() if target[ServiceExportsInfo].manifest]
    fields = []
    files = []
    for target, field in ctx.attr.deps.items():
        exports = target[ServiceExportsInfo]
        if exports.manifest:
            fields.append("{}: import {},".format(json.encode(field), json.encode(_import_path(ctx, exports.manifest))))
            files.append(exports.manifest)
        else:
            # Hidden: whoever goes through the fields does not see it, and whoever reads it learns why.
            reason = "{}: deps.{}: {} has no Service in '{}'; of deps, these have one: {}".format(service, field, exports.label, exports.environment, ", ".join(callable) or "none")
            fields.append("{}:: error {},".format(json.encode(field), json.encode(reason)))
    file = ctx.actions.declare_file(ctx.label.name + ".jsonnet")
    ctx.actions.write(file, "\n".join(["// What {} may call in '{}'.".format(service, ctx.attr.env[EnvironmentInfo].name), "{"] + ["  " + field for field in fields] + ["}", ""]))
    return [
        JsonnetLibraryInfo(
            files = depset(files),
            import_paths = depset([ctx.bin_dir.path]),
        ),
        DefaultInfo(files = depset([file])),
    ]

service_imports = rule(
    implementation = _service_imports_impl,
    doc = """What a service may call in one environment: Jsonnet of an object, name → rendered Service.

    jsonnet_to_json(
        name = "manifests",
        tla_code_files = {":imports": "deps"},
        deps = [":imports"],
        …
    )

Of a service that calls one other, and the rendering that reads it:

    service_imports(
        name = "imports",
        env = "@fathom_environments//:dev",
        service = "//services/web",
        deps = {"//services/redis:dev-exports": "redis"},
    )
""",
    attrs = {
        "deps": attr.label_keyed_string_dict(doc = "service_exports of the environment → the name in the object.", providers = [ServiceExportsInfo]),
        "env": attr.label(doc = "The environment: `@fathom_environments//:<name>`.", mandatory = True, providers = [EnvironmentInfo]),
        "service": attr.string(doc = "The service that imports, for errors.", mandatory = True),
    },
    provides = [JsonnetLibraryInfo],
)

def called_services(deps, package, where):
    """The packages of a service's dependencies, and what they are called in Jsonnet.

    Args:
      deps: labels of services of other packages, or a dict of them to names.
      package: string: the service's own package.
      where: string: target and attribute, for errors.

    Returns:
      dict of `//package` (or `@repository//package`) to name; fails where one is no such label, or where two have one name.
    """
    names = {}
    for dep in deps:
        home = dep.partition(":")[0]
        if "//" not in home:
            fail("{} must be labels of services of other packages, such as '//services/redis', got '{}'.".format(where, dep))
        if home == "//" + package:
            fail("{} must not name the service itself, got '{}'. Leave it out: a service knows its own address.".format(where, dep))
        name = deps[dep] if type(deps) == "dict" else home.split("/")[-1].replace("-", "_").replace(".", "_")
        if not name:
            fail("{} must have a name in Jsonnet, got '{}', whose package has none. Write a dict: {{\"{}\": \"a_name\"}}.".format(where, dep, dep))
        if home in names:
            fail("{} must name each service once, got '{}' again. Leave it out.".format(where, dep))
        if name in names.values():
            other = [one for one in names if names[one] == name][0]
            fail("{} must have different names in Jsonnet, got '{}' for both '{}' and '{}'. Write a dict: {{\"{}\": \"another_name\"}}.".format(where, name, other, dep, dep))
        names[home] = name
    return names
