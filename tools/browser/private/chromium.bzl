"""chromium_files: a headless Chromium as a folder that can run."""

load("//tools/packages:providers.bzl", "NpmPackageInfo")

_DOC = """Unpacks a headless Chromium, the libraries that it links, and fonts, each out of an npm package.

The folder has `chromium`, `lib`, `fonts` and `fonts.conf`; it needs glibc 2.34 and libgcc of the machine that runs it.
"""

def _impl(ctx):
    output = ctx.actions.declare_directory(ctx.label.name)
    chromium = ctx.attr.chromium[NpmPackageInfo].directory
    fonts = ctx.attr.fonts[NpmPackageInfo].directory
    ctx.actions.run(
        executable = ctx.executable._unpack,
        arguments = [chromium.path, fonts.path, output.path],
        inputs = [chromium, fonts],
        outputs = [output],
        mnemonic = "UnpackChromium",
        progress_message = "Unpacking Chromium",
    )
    return [DefaultInfo(files = depset([output]), runfiles = ctx.runfiles(files = [output]))]

chromium_files = rule(
    implementation = _impl,
    doc = _DOC,
    attrs = {
        "chromium": attr.label(
            doc = "The package @sparticuz/chromium.",
            mandatory = True,
            providers = [NpmPackageInfo],
        ),
        "fonts": attr.label(
            doc = "The package dejavu-fonts-ttf.",
            mandatory = True,
            providers = [NpmPackageInfo],
        ),
        "_unpack": attr.label(default = "//tools/browser:unpack", executable = True, cfg = "exec"),
    },
)
