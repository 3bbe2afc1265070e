"""go_programs: all programs of one vendored Go module, built by one action."""

load("//tools/packages/private:facts.bzl", "package_fact", "third_party")

# Where cgo finds the C compiler of the machine.
CGO_PATH = "/usr/bin:/bin"

def _go_build_impl(ctx):
    outputs = {name: ctx.actions.declare_file("bin/" + name) for name in ctx.attr.binaries}
    params = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(params, json.encode(struct(
        src = ctx.file.src.path,
        sdk = ctx.file._sdk.path,
        binaries = [struct(package = package, output = outputs[name].path) for name, package in ctx.attr.binaries.items()],
        goos = ctx.attr.goos,
        goarch = ctx.attr.goarch,
        tags = ctx.attr.build_tags,
        ldflags = ctx.attr.ldflags,
        cgo = ctx.attr.cgo,
    )))
    ctx.actions.run(
        mnemonic = "GoBuild",
        progress_message = "Building Go programs {}".format(", ".join(ctx.attr.binaries.keys())),
        executable = ctx.file._node,
        arguments = ["--disable-warning=ExperimentalWarning", ctx.files.driver[0].path, params.path],
        inputs = depset(
            # Two folders, not twenty thousand files: an action's inputs are set up and hashed much faster so.
            # Beside each the file that changes with it.
            [params, ctx.file.src, ctx.file.sources, ctx.file._sdk, ctx.file._sdk_version] + ctx.files.driver,
        ),
        tools = [ctx.file._node],
        outputs = outputs.values(),
        # The C compiler of the machine is found by PATH; nothing else is. Nobody reads the other one: it is there for the
        # key, so that machines of different compilers and libraries do not share what they build.
        env = {"CGO_MACHINE": ctx.attr.machine, "PATH": CGO_PATH} if ctx.attr.cgo else {},
    )
    return [
        DefaultInfo(files = depset(outputs.values())),
        third_party([
            package_fact("golang", module, version, checksum = checksum, license = licence)
            for module, (version, checksum, licence) in ctx.attr.modules.items()
        ]),
        OutputGroupInfo(**{name: depset([output]) for name, output in outputs.items()}),
    ]

_go_build = rule(
    implementation = _go_build_impl,
    doc = "Builds all programs of a module.",
    attrs = {
        "binaries": attr.string_dict(doc = "Name → package path.", mandatory = True),
        "build_tags": attr.string_list(doc = "Go build tags."),
        "cgo": attr.bool(doc = "Whether to build with cgo."),
        "driver": attr.label_list(doc = "The program that runs go, and what it imports.", mandatory = True, allow_files = [".ts"]),
        "goarch": attr.string(doc = "Go's name of the processor that runs the programs.", mandatory = True),
        "goos": attr.string(doc = "Go's name of the system that runs the programs.", mandatory = True),
        "ldflags": attr.string_list(doc = "More flags of the linker."),
        "machine": attr.string(doc = "Versions of what cgo takes from the machine."),
        "modules": attr.string_list_dict(doc = "Module path → version, its hash in go.sum, and its licence, of what may be in the programs."),
        "sources": attr.label(doc = "What says what is in `src`.", mandatory = True, allow_single_file = True),
        "src": attr.label(doc = "The module's folder, with its vendor folder.", mandatory = True, allow_single_file = True),
        "_node": attr.label(doc = "Runs the driver.", default = "@fathom_npm//:node", allow_single_file = True, cfg = "exec"),
        "_sdk": attr.label(doc = "The Go toolchain.", default = "@fathom_go_sdk//:go", allow_single_file = True),
        "_sdk_version": attr.label(doc = "Its version.", default = "@fathom_go_sdk//:VERSION", allow_single_file = True),
    },
)

def go_programs(name, src, sources, driver, binaries, tags, ldflags, cgo, machine = "", modules = {}):
    """One target for each program, and `modules` with ThirdPartyInfo; used by the BUILD files of go_binaries.

    Args:
      name: of the target that builds them all.
      src: label of the module's folder.
      sources: label of the file that says what is in it.
      driver: labels of the program that runs go, and of what it imports.
      binaries: dict of target name → package path.
      tags: list of Go build tags.
      ldflags: list of linker flags.
      cgo: bool.
      machine: string: versions of what cgo takes from the machine.
      modules: dict of module path → [version, hash, licence] of the modules that are built in.
    """
    _go_build(
        name = name,
        src = src,
        sources = sources,
        driver = driver,
        binaries = binaries,
        modules = modules,
        build_tags = tags,
        ldflags = ldflags,
        cgo = cgo,
        machine = machine,
        goarch = select({
            "@platforms//cpu:aarch64": "arm64",
            "//conditions:default": "amd64",
        }),
        goos = select({
            "@platforms//os:osx": "darwin",
            "//conditions:default": "linux",
        }),
    )

    # By its own name: who asks for the facts alone has nothing built.
    native.alias(name = "modules", actual = ":" + name)
    for binary in binaries:
        native.filegroup(
            name = binary,
            srcs = [":" + name],
            output_group = binary,
        )
