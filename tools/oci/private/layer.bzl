"""oci_layer: files, packages and archives as one layer of an image."""

load("//tools/oci:providers.bzl", "OciImageInfo", "OciLayerInfo", "OciPackagesInfo")
load("//tools/packages:providers.bzl", "DebianPackageInfo")
load("//tools/packages:record.bzl", "package_record")
load("//tools/packages/private:facts.bzl", "third_party_aspect", "third_party_of")
load(":layer_action.bzl", "LAYER_ACTION_ATTRS", "source_kind", "write_layer")

_DOC = """Packs files, Debian packages and tar archives into one layer.

The blob is the same in every build: entries are sorted, times are zero, modes and owners are those given here
(archives keep their own). Blob and descriptor are made by one action; images read the descriptor alone.

A file that two sources bring with different content fails the build with its path and both sources. A path that is
below a link of the same layer goes to where the link points; do not write below a link of a layer underneath, such
as Debian's /bin and /lib: name /usr/bin and /usr/lib.

    oci_layer(
        name = "pages",
        data_path = ".",
        debs = ["@debian//:media-types"],
        directory = "/srv",
        files = ["pages/index.html"],
        texts = {"/etc/shop.conf": "pages = /srv/pages\\n"},
    )
"""

LAYER_CONTENT_ATTRS = {
    "data_path": attr.string(doc = "Files keep their path below this folder: relative to the package (`.` is the package itself), or to the workspace where it begins with a slash; in each file's own repository. Default: only the file's name is kept."),
    "debs": attr.label_list(
        doc = "Debian packages (`@debian//:libc6`), each with all that it needs, or single .deb files.",
        allow_files = [".deb"],
    ),
    "directory": attr.string(doc = "Where `files` and `tars` go. Debian packages know their places themselves.", default = "/"),
    "empty_dirs": attr.string_list(doc = "Folders to make; see `modes` and `owners`."),
    "empty_files": attr.string_list(doc = "Files to make that are empty."),
    "enable_mtime_preservation": attr.bool(doc = "Whether what comes from `tars` keeps its times."),
    "exclude": attr.string_list(doc = "Paths to leave out of `debs`, with all that is below them."),
    "file_paths": attr.label_keyed_string_dict(doc = "File or folder → its path in the image.", allow_files = True, aspects = [third_party_aspect]),
    "files": attr.label_list(doc = "Files, and folders with all that is in them, to put into `directory`.", allow_files = True, aspects = [third_party_aspect]),
    "mode": attr.string(doc = "Of files, octal.", default = "0555"),
    "modes": attr.string_dict(doc = "Path in the image → mode, of a file or folder named in this rule; of a folder in `files` and `file_paths`, of all files in it."),
    "mtime": attr.int(doc = "The time of everything in the layer, in seconds since 1970. Default: 0, that is 1970.", default = -1),
    "owner": attr.string(doc = "`uid:gid` of what is named in this rule.", default = "0:0"),
    "owners": attr.string_dict(doc = "Path in the image → `uid:gid`, of a file or folder named in this rule; of a folder in `files` and `file_paths`, of all that is in it."),
    "portable_mtime": attr.bool(doc = "Whether the time is 2000-01-01, for programs that take 1970 for a mistake."),
    "symlinks": attr.string_dict(doc = "Path in the image → what the link points to."),
    "tars": attr.label_list(doc = "Tar archives, plain or compressed (gzip, xz, zstd), unpacked in `directory`.", allow_files = True),
    "texts": attr.string_dict(doc = "Path in the image → content of a small text file, mode 0644."),
    "whiteouts": attr.string_list(doc = "Paths of the layers below that this layer hides."),
}

# What the oci_image macro hands on to a layer.
LAYER_ATTRIBUTES = LAYER_CONTENT_ATTRS.keys() + LAYER_ACTION_ATTRS.keys()

def _octal(ctx, attribute, value):
    digits = value[2:] if value.startswith("0o") else value
    if not digits or digits.strip("01234567"):
        fail("{}: '{}' must be octal, such as \"0644\", got \"{}\". Write the digits 0 to 7.".format(ctx.label, attribute, value))
    return digits if len(digits) > 3 else "0" + digits

def _owner(ctx, attribute, value):
    parts = value.split(":")
    if len(parts) != 2 or not parts[0].isdigit() or not parts[1].isdigit():
        fail("{}: '{}' must be \"uid:gid\" in digits, got \"{}\". Names are not looked up.".format(ctx.label, attribute, value))
    return int(parts[0]), int(parts[1])

def _absolute(path):
    return "/" + path.strip("/")

# 2000-01-01T00:00:00Z.
_PORTABLE_MTIME = 946684800

def _mtime(ctx):
    if ctx.attr.portable_mtime and ctx.attr.mtime >= 0:
        fail("{}: 'portable_mtime' and 'mtime' both say which time files have. Remove one of them.".format(ctx.label))
    return _PORTABLE_MTIME if ctx.attr.portable_mtime else max(ctx.attr.mtime, 0)

def _data_folder(ctx):
    """`data_path` relative to the workspace, with a closing slash; the empty string for the workspace itself."""
    path = ctx.attr.data_path
    parts = [part for part in path.split("/") if part not in ["", "."]]
    if ".." in parts:
        fail("{}: 'data_path' must not go up with \"..\", got \"{}\". Begin it with a slash to start at the workspace.".format(ctx.label, path))
    if not path.startswith("/") and ctx.label.package:
        parts = [ctx.label.package] + parts
    return "/".join(parts) + "/" if parts else ""

def _file_path(ctx, file):
    """Where a file of `files` goes."""
    if not ctx.attr.data_path:
        return "{}/{}".format(ctx.attr.directory.rstrip("/"), file.basename)
    prefix = _data_folder(ctx)

    # Of another repository it is `../<repository>/<path>`.
    path = file.short_path.split("/", 2)[2] if file.short_path.startswith("../") else file.short_path
    if file.is_directory and path + "/" == prefix:
        return ctx.attr.directory
    if not path.startswith(prefix):
        fail("{}: 'data_path' must be a folder of all files, got \"{}\", which {} is not in.".format(ctx.label, ctx.attr.data_path, file.short_path))
    return "{}/{}".format(ctx.attr.directory.rstrip("/"), path[len(prefix):])

def _placing(ctx):
    """Modes and owners by path."""
    return struct(
        modes = {_absolute(path): _octal(ctx, "modes", mode) for path, mode in ctx.attr.modes.items()},
        owners = {_absolute(path): _owner(ctx, "owners", owner) for path, owner in ctx.attr.owners.items()},
        default_owner = _owner(ctx, "owner", ctx.attr.owner),
    )

def _owned(placing, kind, path, mode, **more):
    at = _absolute(path)
    uid, gid = placing.owners.get(at, placing.default_owner)
    return dict(more, kind = kind, path = at, mode = placing.modes.get(at, mode), uid = uid, gid = gid)

def layer_sources(ctx, without):
    """The parts of a layer by the attributes in LAYER_CONTENT_ATTRS.

    Args:
      ctx: the rule's context.
      without: dict of names of Debian packages that are not packed.

    Returns:
      struct(sources = list of dict for the layer tool, files = list of File, debian_packages = list of string,
        linked = list of dict for the layer tool: what is known of the modules that Go programs may have in them).
    """
    placing = _placing(ctx)
    mode = _octal(ctx, "mode", ctx.attr.mode)
    sources = [_owned(placing, source_kind(file), _file_path(ctx, file), mode, source = file.path) for file in ctx.files.files]
    for target, path in ctx.attr.file_paths.items():
        files = target[DefaultInfo].files.to_list()
        if len(files) != 1:
            fail("{}: 'file_paths' must name targets with one file, got {} with {}. Use 'files' and 'directory'.".format(ctx.label, target.label, len(files)))
        sources.append(_owned(placing, source_kind(files[0]), path, mode, source = files[0].path))
    sources += [_owned(placing, "text", path, "0644", text = text) for path, text in ctx.attr.texts.items()]
    sources += [_owned(placing, "text", path, "0644", text = "") for path in ctx.attr.empty_files]
    sources += [_owned(placing, "directory", path, "0755") for path in ctx.attr.empty_dirs]
    sources += [_owned(placing, "symlink", path, "0777", target = target) for path, target in ctx.attr.symlinks.items()]
    for path in list(placing.modes.keys()) + list(placing.owners.keys()):
        if path not in [source["path"] for source in sources]:
            fail("{}: 'modes' and 'owners' must name paths of this layer, got \"{}\". Add it to 'empty_dirs' or 'file_paths'.".format(ctx.label, path))

    debs = {}
    for target in ctx.attr.debs:
        if DebianPackageInfo in target:
            for entry in target[DebianPackageInfo].closure.to_list():
                if entry.package_name not in without:
                    debs[entry.package_name] = entry.archive
        else:
            for file in target[DefaultInfo].files.to_list():
                debs[file.path] = file
    sources += [{"kind": "deb", "source": debs[name].path, "exclude": ctx.attr.exclude} for name in sorted(debs.keys())]
    sources += [
        {"kind": "tar", "source": file.path, "path": ctx.attr.directory, "keepTimes": ctx.attr.enable_mtime_preservation}
        for file in ctx.files.tars
    ]
    sources += [{"kind": "whiteout", "path": path} for path in ctx.attr.whiteouts]
    return struct(
        sources = sources,
        files = ctx.files.files + ctx.files.file_paths + debs.values() + ctx.files.tars,
        debian_packages = [name for name in debs.keys() if not name.endswith(".deb")],
        # Which of them a program has, it says itself; hashes and licences are known by the lock alone.
        linked = [
            package_record(fact)
            for fact in third_party_of(ctx.attr.files + ctx.attr.file_paths.keys()).to_list()
            if fact.kind == "golang"
        ],
    )

def _oci_layer_impl(ctx):
    base = ctx.attr.base[OciImageInfo].debian_packages if ctx.attr.base else depset()
    content = layer_sources(ctx, {name: None for name in base.to_list()})
    layer = write_layer(
        ctx,
        ctx.attr._tool[DefaultInfo].files_to_run,
        {"linked": content.linked, "mtime": _mtime(ctx), "sources": content.sources},
        depset(content.files),
    )
    return [
        layer,
        OciPackagesInfo(debian_packages = depset(content.debian_packages)),
        DefaultInfo(files = depset([layer.blob, layer.descriptor, layer.contents])),
        OutputGroupInfo(blob = depset([layer.blob])),
    ]

oci_layer = rule(
    implementation = _oci_layer_impl,
    doc = _DOC,
    attrs = dict(
        dict(LAYER_CONTENT_ATTRS, **LAYER_ACTION_ATTRS),
        base = attr.label(doc = "The image that this layer goes on: the Debian packages that it has are not packed again.", providers = [OciImageInfo]),
        _tool = attr.label(doc = "The layer builder.", default = "//tools/oci:layer_tool", executable = True, cfg = "exec"),
    ),
    provides = [OciLayerInfo],
)
