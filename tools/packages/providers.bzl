"""What packages of third-party software tell the rules that use them."""

NpmPackageInfo = provider(
    doc = "An npm package of a lock file, and all that it needs.",
    fields = {
        "closure": "depset of struct(package_name, version, key, directory, meta): this package and all that it needs",
        "directory": "File: the unpacked package, a source directory …/store/<key>/node_modules/<name>",
        "key": "string: its name in the store, `pino@10.4.0`",
        "label": "Label: what a BUILD file names in deps",
        "meta": "File: JSON {key, name, version, license, integrity, deps: {name: key}}",
        "package_name": "string: the name in import statements",
        "types": "NpmPackageInfo or None: its declarations from @types",
        "version": "string",
    },
)

NpmFilesInfo = provider(
    doc = "The files of one npm package, without what it needs.",
    fields = {"entry": "struct(package_name, version, key, directory, meta)"},
)

DebianPackageInfo = provider(
    doc = "A Debian package of a lock, and all that it needs.",
    fields = {
        "archive": "File: the .deb",
        "closure": "depset of struct(package_name, version, architecture, archive, sha256): this package and all that it needs",
        "label": "Label: what a BUILD file names in debs",
        "package_name": "string",
        "version": "string",
    },
)

DebianFilesInfo = provider(
    doc = "One .deb, without what it needs.",
    fields = {"entry": "struct(package_name, version, architecture, archive, sha256)"},
)
