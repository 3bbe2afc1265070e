"""deb_file: one file of a Debian package."""

load("//tools/packages:providers.bzl", "DebianPackageInfo")

def _deb_file_impl(ctx):
    output = ctx.actions.declare_file(ctx.label.name)
    archive = ctx.attr.deb[DebianPackageInfo].archive
    args = ctx.actions.args()
    args.add(archive)
    args.add(ctx.attr.path)
    args.add(output)
    ctx.actions.run(
        mnemonic = "DebFile",
        executable = ctx.executable._tool,
        arguments = [args],
        inputs = [archive],
        outputs = [output],
    )
    return [DefaultInfo(files = depset([output]), runfiles = ctx.runfiles(files = [output]), executable = output)]

deb_file = rule(
    implementation = _deb_file_impl,
    doc = "Takes one program out of a Debian package, for the machine that builds: it must be static.",
    attrs = {
        "deb": attr.label(doc = "The package.", mandatory = True, providers = [DebianPackageInfo]),
        "path": attr.string(doc = "The file's path in the package, without a leading slash.", mandatory = True),
        "_tool": attr.label(doc = "Reads the package.", default = "//tools/cluster:deb_file_tool", executable = True, cfg = "exec"),
    },
    executable = True,
)
