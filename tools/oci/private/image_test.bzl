"""oci_image_test: what must be true of an image."""

load("//tools/oci:providers.bzl", "OciImageInfo")
load("//tools/ts:providers.bzl", "TsInfo")
load("//tools/ts/private:compile.bzl", "rlocation")
load("//tools/ts/private:launcher.bzl", "LAUNCHER_ATTRS", "create_launcher", "runfile_argument", "unbundled_program")
load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load(":image.bzl", "layer_checks")
load(":layer_action.bzl", "created_by")

_DOC = """Tests an image: its files, configuration and size, and whether its program runs and answers.

Every image must have a user that is not root, given as a number, and no shell; say `allow_root` or `allow_shell` where
that is meant. Each check is a case of its own in the test's results. Paths follow the image's own links.

With `run`, the layers are unpacked and the entrypoint runs in namespaces of its own, as the image's user, with a
read-only root file system and nothing of the machine but /dev: without a daemon, as root or in a user namespace. With
`run_port`, the program must answer there and end after SIGTERM; without, it must end by itself.
"""

_ATTRS = {
    "absent_files": attr.string_list(doc = "Paths that must not be there."),
    "allow_root": attr.bool(doc = "Whether the image may run as root."),
    "allow_shell": attr.bool(doc = "Whether the image may have a shell."),
    "cmd": attr.string_list(doc = "The expected `cmd`. Default: not looked at."),
    "entrypoint": attr.string_list(doc = "The expected `entrypoint`. Default: not looked at."),
    "env": attr.string_dict(doc = "Variables that its environment must have."),
    "exit_code": attr.int(doc = "How the program must end. Default: 0, with `run_port` any.", default = -1),
    "files": attr.string_list(doc = "Paths that must be there."),
    "http_body": attr.string(doc = "Regular expression of the answer to `http_path`."),
    "http_path": attr.string(doc = "Path that must be answered with status 200 at `run_port`."),
    "image": attr.label(doc = "The image.", mandatory = True, providers = [OciImageInfo]),
    "labels": attr.string_dict(doc = "Labels that it must have."),
    "max_bytes": attr.int(doc = "The most bytes that its compressed layers may have together. Default: no limit."),
    "max_layer_bytes": attr.string_dict(doc = "End of the label that made a layer (`image__app`) → the most bytes of its blob."),
    "modes": attr.string_dict(doc = "Path → expected mode, octal."),
    "owners": attr.string_dict(doc = "Path → expected `uid:gid`."),
    "ports": attr.string_list(doc = "Ports that its configuration must name."),
    "run": attr.bool(doc = "Whether to run its program."),
    "run_args": attr.string_list(doc = "Arguments of the entrypoint, in the place of the image's `cmd`."),
    "run_env": attr.string_dict(doc = "Variables of the run, beside the image's own."),
    "run_port": attr.int(doc = "TCP port at which the program must answer. Default: none."),
    "run_timeout_ms": attr.int(doc = "How long the run may take, in milliseconds.", default = 30000),
    "stdout": attr.string(doc = "Regular expression that the program's output must match."),
    "texts": attr.string_dict(doc = "Path → regular expression that the file's content must match."),
    "user": attr.string(doc = "The expected user. Default: any but root."),
    "workdir": attr.string(doc = "The expected working folder. Default: not looked at."),
    "writable": attr.string_list(doc = "Folders that the program may write to, as its pod would mount them.", default = ["/tmp"]),
    "_inside": attr.label(doc = "The first process in the namespaces.", default = "//tools/oci:check_inside", executable = True, cfg = "target"),
    "_program": attr.label(doc = "The cases.", default = "//tools/oci:check_cases", providers = [TsInfo]),
    "_test_main": attr.label(doc = "The runner of tests.", default = "//tools/ts:runtime/test_main.ts", allow_single_file = True),
}

def _run(ctx):
    if not ctx.attr.run:
        for name in ["run_args", "run_env", "run_port", "stdout", "http_path", "http_body"]:
            if getattr(ctx.attr, name):
                fail("{}: '{}' is given, but 'run' is not. Set run = True.".format(ctx.label, name))
        return None
    if ctx.attr.http_path and not ctx.attr.run_port:
        fail("{}: 'http_path' needs 'run_port', the port to ask.".format(ctx.label))
    return {
        "args": ctx.attr.run_args or None,
        "env": ctx.attr.run_env,
        "exitCode": ctx.attr.exit_code if ctx.attr.exit_code >= 0 else None,
        "httpBody": ctx.attr.http_body or None,
        "httpPath": ctx.attr.http_path or None,
        "port": ctx.attr.run_port or None,
        "stdout": ctx.attr.stdout or None,
        "timeoutMs": ctx.attr.run_timeout_ms,
        "writable": ctx.attr.writable,
    }

def _oci_image_test_impl(ctx):
    image = ctx.attr.image[OciImageInfo]
    spec = ctx.actions.declare_file(ctx.label.name + ".image_test.json")
    ctx.actions.write(spec, json.encode({
        "absentFiles": ctx.attr.absent_files,
        "allowRoot": ctx.attr.allow_root,
        "allowShell": ctx.attr.allow_shell,
        "cmd": ctx.attr.cmd or None,
        "entrypoint": ctx.attr.entrypoint or None,
        "env": ctx.attr.env,
        "files": ctx.attr.files,
        "label": created_by(ctx.attr.image.label),
        "labels": ctx.attr.labels,
        "maxBytes": ctx.attr.max_bytes or None,
        "maxLayerBytes": ctx.attr.max_layer_bytes,
        "modes": ctx.attr.modes,
        "owners": ctx.attr.owners,
        "ports": ctx.attr.ports,
        "run": _run(ctx),
        "texts": ctx.attr.texts,
        "user": ctx.attr.user or None,
        "workdir": ctx.attr.workdir or None,
    }))
    layers = image.layers.to_list()

    # Blobs are needed only where the image is unpacked.
    unpacks = ctx.attr.run or ctx.attr.texts
    files = [spec, image.index_entry, image.config]
    files += [layer.contents for layer in layers if layer.contents]
    files += [layer.blob for layer in layers if unpacks or not layer.contents]
    info = ctx.attr._program[TsInfo]
    cases = [file for file in info.js.to_list() if file.basename == "image_cases_test.js"][0]
    program = unbundled_program(ctx, ctx.label.name, info)
    runfiles = program.runfiles.merge(ctx.runfiles(files = files, transitive_files = layer_checks(layers)))
    launcher = create_launcher(
        ctx,
        ctx.label.name,
        ctx.file._test_main,
        arguments = [runfile_argument(rlocation(ctx, cases))],
        node_arguments = program.node_arguments,
        env = dict(
            program.env,
            OCI_TEST_IMAGE = runfile_argument(rlocation(ctx, image.index_entry)),
            OCI_TEST_INSIDE = runfile_argument(rlocation(ctx, ctx.executable._inside)),
            OCI_TEST_SPEC = runfile_argument(rlocation(ctx, spec)),
        ),
        runfiles = runfiles.merge(ctx.attr._inside[DefaultInfo].default_runfiles),
    )
    return [DefaultInfo(executable = launcher.executable, runfiles = launcher.runfiles)]

oci_image_test = rule(
    implementation = _oci_image_test_impl,
    doc = _DOC,
    attrs = dict(_ATTRS, **LAUNCHER_ATTRS),
    test = True,
    toolchains = [TOOLCHAIN_TYPE],
)
