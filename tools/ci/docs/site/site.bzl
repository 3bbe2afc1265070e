"""docs_site: pages of Markdown as a site of static HTML."""

load("//tools/lib/bzl:paths.bzl", "workspace_path")
load("//tools/ts:providers.bzl", "TsInfo")

_DOC = """Makes a site of pages: a folder of HTML that needs nothing else, at any address or opened as files.

`index.html` is made of the page that the settings name as `home`. A link that leads nowhere, a page that is in no group of
the navigation, and code of no known kind fail the build, with page and line.
"""

def _input(file):
    return struct(name = workspace_path(file), path = file.path)

def _impl(ctx):
    output = ctx.actions.declare_directory(ctx.label.name)
    plan = ctx.actions.declare_file(ctx.label.name + ".plan.json")
    info = ctx.attr._client[TsInfo]
    script = [file for file in info.js.to_list() if file.basename == "site.js"]
    ctx.actions.write(plan, json.encode(struct(
        settings = _input(ctx.file.settings),
        pages = [_input(file) for file in ctx.files.pages],
        assets = [_input(file) for file in ctx.files.assets],
        style = _input(ctx.file._style),
        script = _input(script[0]),
        files = ctx.attr.linked,
        repository = ctx.attr.repository,
        output = output.path,
    )))
    ctx.actions.run(
        executable = ctx.executable._build,
        arguments = [plan.path],
        inputs = depset(
            [plan, ctx.file.settings, ctx.file._style, info.checked] + ctx.files.pages + ctx.files.assets,
            transitive = [info.transitive_js],
        ),
        outputs = [output],
        mnemonic = "DocsSite",
        progress_message = "Building the site {}".format(ctx.label),
    )
    return [DefaultInfo(files = depset([output]), runfiles = ctx.runfiles(files = [output]))]

docs_site = rule(
    implementation = _impl,
    doc = _DOC,
    attrs = {
        "assets": attr.label_list(doc = "Files that pages show, such as drawings.", allow_files = True),
        "linked": attr.string_list(doc = "Paths of further files and folders of the repository that pages link to."),
        "pages": attr.label_list(doc = "The pages.", allow_files = [".md"], mandatory = True),
        "repository": attr.string(doc = "Where the repository can be looked at, as https://…; default: what the settings say."),
        "settings": attr.label(
            doc = "JSON with `title`, `repository`, `home`, `actions`, `features` and `groups`.",
            allow_single_file = [".json"],
            mandatory = True,
        ),
        "_build": attr.label(default = "//tools/ci/docs/site:build", executable = True, cfg = "exec"),
        "_client": attr.label(default = "//tools/ci/docs/site:client", providers = [TsInfo]),
        "_style": attr.label(default = "//tools/ci/docs/site:style.css", allow_single_file = True),
    },
)
