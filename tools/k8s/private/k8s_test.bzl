"""k8s_test: a test on a stack that runs, in a namespace of its own."""

load("@fathom_environments//:defs.bzl", "ENVS")
load("//tools/k8s:providers.bzl", "K8sStackInfo")
load("//tools/lib/bzl:labels.bzl", "shown_label")
load("//tools/ts/private:env.bzl", "environment_parts")
load("//tools/ts/private:launcher.bzl", "create_launcher", "runfile_argument")
load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load(":names.bzl", "PLACEHOLDER")
load(":verb.bzl", "VERB_ATTRS", "create_verb", "runfiles_path")

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
_KINDS = ["pod", "service"]

def _check_variable(label, attribute, name):
    rest = [letter for letter in name.elems() if letter not in _LETTERS and letter not in "0123456789"]
    if not name or name[0] not in _LETTERS or rest:
        fail("{}: '{}' must have names of variables, in capital letters, got '{}'. Name it as in ROUTEGUIDE_SERVER_ADDRESS.".format(label, attribute, name))

def _check_addresses(label, addresses):
    for variable, place in addresses.items():
        _check_variable(label, "addresses", variable)
        kind, _, rest = place.partition("/")
        name, _, port = rest.partition(":")
        if kind not in _KINDS or not name or not port or "/" in rest or ":" in port:
            fail("{}: 'addresses' must lead to service/NAME:PORT or pod/NAME:PORT, got '{}' for {}. Write it as in service/web:http.".format(label, place, variable))

def _check_stack(label, stack):
    others = [
        "{} is of {}".format(set.label, set.namespace or "no namespace")
        for set in stack.sets.to_list()
        if set.namespace != PLACEHOLDER
    ]
    if others:
        fail("{}: 'stack' must be of the environment of personal namespaces, but {}. Name a stack such as //services/x:myns-deep.".format(label, "; ".join(others)))

def _k8s_test_impl(ctx):
    label = shown_label(ctx.label)
    stack = ctx.attr.stack[K8sStackInfo]
    _check_stack(label, stack)
    _check_addresses(label, ctx.attr.addresses)
    for variable in ctx.attr.env:
        _check_variable(label, "env", variable)
    verbs = {
        verb: create_verb(ctx, "{}__{}".format(ctx.label.name, verb), verb, stack)
        for verb in (["apply"] if ctx.attr.apply else []) + ["describe"]
    }
    program = ctx.attr.test[DefaultInfo]
    config = ctx.actions.declare_file(ctx.label.name + ".k8s_test.json")
    ctx.actions.write(config, json.encode(struct(
        addresses = ctx.attr.addresses,
        apply = runfiles_path(ctx, verbs["apply"].executable) if ctx.attr.apply else "",
        args = ctx.attr.test_args,
        cluster = ctx.attr.cluster,
        context = ctx.attr.context,
        describe = runfiles_path(ctx, verbs["describe"].executable),
        env = environment_parts(ctx),
        label = label,
        program = runfiles_path(ctx, ctx.executable.test),
        readyTimeout = ctx.attr.ready_timeout,
        reservedNamespaces = ctx.attr.reserved_namespaces,
    )))
    runfiles = ctx.runfiles(files = [config, ctx.executable.test] + ctx.files.data).merge(program.default_runfiles)
    for verb in verbs.values():
        runfiles = runfiles.merge(verb.runfiles)
    for target in ctx.attr.data:
        runfiles = runfiles.merge(target[DefaultInfo].default_runfiles)
    launcher = create_launcher(
        ctx,
        ctx.label.name,
        [file for file in ctx.files._runner if file.extension == "mjs"][0],
        arguments = [runfile_argument(runfiles_path(ctx, config))],
        runfiles = runfiles,
    )
    return [DefaultInfo(executable = launcher.executable, runfiles = launcher.runfiles)]

_k8s_test = rule(
    implementation = _k8s_test_impl,
    doc = "A test on a stack that runs; the macro k8s_test documents it.",
    attrs = dict(
        VERB_ATTRS,
        addresses = attr.string_dict(doc = "Variables that get an address of this machine, and where it leads to."),
        apply = attr.bool(doc = "Whether the stack is applied before the test's program runs.", default = True),
        cluster = attr.string(doc = "The environment's cluster.", mandatory = True),
        context = attr.string(doc = "The environment's context.", mandatory = True),
        data = attr.label_list(doc = "What the program reads or runs.", allow_files = True),
        env = attr.string_dict(doc = "Further variables of the program."),
        ready_timeout = attr.string(doc = "How long the stack may take to be ready.", default = "5m"),
        reserved_namespaces = attr.string_list(doc = "The environments' namespaces, which are nobody's own."),
        stack = attr.label(doc = "The stack.", mandatory = True, providers = [K8sStackInfo]),
        test = attr.label(doc = "The program.", mandatory = True, executable = True, cfg = "target"),
        test_args = attr.string_list(doc = "Arguments of the program."),
        _runner = attr.label(doc = "The program that runs the test.", default = "//tools/k8s:k8s_test_runner"),
    ),
    test = True,
    toolchains = [TOOLCHAIN_TYPE],
)

# Bazel's sandbox ends all processes of a test at once, also the one that cleans up after it; and what Bazel calls
# graceful is that an interrupted test gets SIGTERM before SIGKILL. The result depends on what no build declares.
_TAGS = [
    "cluster",
    "external",
    "no-sandbox",
    "requires-network",
    "supports-graceful-termination",
]

def k8s_test(name, stack, test, addresses = {}, apply = True, args = [], env = {}, data = [], ready_timeout = "5m", size = "large", tags = [], **kwargs):
    """Tests a stack on a cluster: brings it up in a namespace of its own, runs a program, and deletes the namespace.

    The program passes the test by its exit code 0. It may be anything that Bazel can run, such as a ts_test tagged
    `manual`. Its environment has, beside `env`,

    * the variables of `addresses`: `127.0.0.1:<port>`, forwarded through the API server to a pod that is ready
    * `FATHOM_USER`: verbs that the program runs, from its `data`, act in the test's namespace
    * `FATHOM_TEST_NAMESPACE`, `FATHOM_TEST_CONTEXT`, `KUBECONFIG`: where it is

    When the stack does not come up, or the program fails, `test.outputs` has the logs of all pods (those of containers
    that were started again, too), events, and what `.describe` says. The namespace is deleted in any case: at the end;
    at SIGTERM, as when time is up; by a process beside the test, when it is killed; and by the next test or
    `namespaces.gc` a quarter of an hour after all of that was killed.

    It is tagged `cluster`, and so runs with `--config=cluster` alone. docs/testing.md tells more.

        k8s_test(
            name = "stack_test",
            addresses = {"WEB_ADDRESS": "service/web:http"},
            stack = "//services/web:myns-deep",
            test = ":answers",
        )

    Args:
      name: the target.
      stack: a k8s_objects of the environment of personal namespaces, such as `//services/x:myns-deep`.
      test: the program.
      addresses: a variable → `service/NAME:PORT` or `pod/NAME:PORT`, the port by number or name.
      apply: whether the stack is up before the program runs. Without, the program applies by itself.
      args: arguments of the program; those of `--test_arg` follow.
      env: further variables; `$(location …)` of data is the path where the program runs.
      data: what the program reads or runs, such as verbs.
      ready_timeout: how long the stack may take to be ready.
      size: of the test.
      tags: of the test.
      **kwargs: visibility, timeout, flaky and the like.
    """
    personal = [entry for entry in ENVS.values() if entry["namespace"] == PLACEHOLDER]
    if not personal:
        fail("//{}:{}: k8s_test needs an environment whose namespace is '{}', and ENVS of cluster_constants.bzl has none. Add one.".format(native.package_name(), name, PLACEHOLDER))
    _k8s_test(
        name = name,
        addresses = addresses,
        apply = apply,
        cluster = personal[0]["cluster"],
        context = personal[0]["context"],
        data = data,
        env = env,
        ready_timeout = ready_timeout,
        reserved_namespaces = [entry["namespace"] for entry in ENVS.values()],
        size = size,
        stack = stack,
        tags = tags + [tag for tag in _TAGS if tag not in tags],
        test = test,
        test_args = args,
        # Whoever says so as well says nothing wrong.
        **dict(kwargs, testonly = True)
    )
