"""What packages of third-party software tell the rules that use them."""

ThirdPartyInfo = provider(
    doc = "The third-party packages that a target brings along: itself and all that it needs. Every package target of every kind has it; of go_binaries the target `modules`, as programs are plain files.",
    fields = {
        "packages": """depset of struct(kind, name, version, architecture, license, checksum): strings all of them.
            `kind` is the type that package URLs have for it: deb, golang, maven, npm or pypi;
            `name` as the kind's own tools write it: `@scope/name`, `group:artifact`, a Go module's path;
            `version` the locked one; `architecture` Debian's name of it, of `deb` alone;
            `license` an SPDX expression or a licence's name, empty where the lock does not know it;
            `checksum` is `sha256:<hex>` or `sha512:<hex>` of the archive; of a Go module `h1:<base64>` as in go.sum""",
    },
)

NpmPackageInfo = provider(
    doc = "An npm package of a lock file, and all that it needs.",
    fields = {
        "closure": "depset of struct(package_name, version, key, directory, meta, fact): this package and all that it needs",
        "directory": "File: the unpacked package, a source directory …/store/<key>/node_modules/<name>",
        "key": "string: its name in the store, `pino@10.4.0`",
        "label": "Label: what a BUILD file names in deps",
        "meta": "File: JSON {key, name, version, license, integrity, deps: {name: key}}",
        "package_name": "string: the name in import statements",
        "types": "NpmPackageInfo or None: its declarations from @types",
        "version": "string: the locked one",
    },
)

NpmFilesInfo = provider(
    doc = "The files of one npm package, without what it needs.",
    fields = {"entry": "struct(package_name, version, key, directory, meta, fact)"},
)

DebianPackageInfo = provider(
    doc = "A Debian package of a lock, and all that it needs.",
    fields = {
        "archive": "File: the .deb",
        "closure": "depset of struct(package_name, version, architecture, archive, sha256, fact): this package and all that it needs",
        "label": "Label: what a BUILD file names in debs",
        "package_name": "string: Debian's name of the package",
        "version": "string: the locked one, as Debian writes it",
    },
)

DebianFilesInfo = provider(
    doc = "One .deb, without what it needs.",
    fields = {"entry": "struct(package_name, version, architecture, archive, sha256, fact)"},
)

MavenArtifactInfo = provider(
    doc = "A Maven artifact of a lock, and all that it needs at run time.",
    fields = {
        "closure": "depset of struct(coordinates, version, file, fact): this artifact and all that it needs",
        "coordinates": "string: `group:artifact`, for others than plain jars `group:artifact:type:classifier`",
        "file": "File: the jar, or another archive",
        "label": "Label: what a BUILD file names in deps",
        "version": "string: the locked one",
    },
)

MavenFilesInfo = provider(
    doc = "The file of one Maven artifact, without what it needs.",
    fields = {"entry": "struct(coordinates, version, file, fact)"},
)

PypiPackageInfo = provider(
    doc = "A package of PyPI of a lock for the platform that the target is built for, and all that it needs.",
    fields = {
        "closure": "depset of struct(package_name, version, directory, fact): this package and all that it needs",
        "directory": "File: the unpacked wheel, a source directory",
        "label": "Label: what a BUILD file names in deps",
        "package_name": "string: normalised as PEP 503 says",
        "version": "string: the locked one",
    },
)

PypiFilesInfo = provider(
    doc = "One unpacked wheel, without what it needs.",
    fields = {"entry": "struct(package_name, version, directory, fact)"},
)
