"""What Go targets tell one another."""

GoModulesInfo = provider(
    doc = "The modules that the Go sources of a workspace may import, vendored and compiled.",
    fields = {
        "cache": "File: what Go's compiler has made of them",
        "facts": "list of struct(kind, name, version, architecture, license, checksum): as of ThirdPartyInfo, the modules, and Go's own library",
        "goarch": "string: Go's name of the processor that runs the programs",
        "goos": "string: Go's name of the system that runs the programs",
        "import_path": "string: the prefix of import paths of the workspace's own packages",
        "list": "string: the source with the imports, from the root of the workspace",
        "lock": "string: the go.mod, from the root of the workspace",
        "sdk": "File: the folder of the Go toolchain",
        "revisions": "list of File: change where `sdk` or `src` does, which a Bazel that does not track source folders would not see",
        "src": "File: a folder with go.mod, go.sum and vendor",
    },
)

GoInfo = provider(
    doc = "A Go package of the workspace, and those of the workspace that it imports.",
    fields = {
        "files": "depset of File: the files and directories of `sources`",
        "import_path": "string: by which others import it",
        "modules": "GoModulesInfo: the modules that it may import",
        "package": "string: its folder from the root of its workspace",
        "protos": "depset of struct(proto = string, import_path = string): where the code of a proto is, of this target and of those it needs",
        "sources": "depset of struct(folder = string, file = File): the file, or all files of the directory, belong into the folder",
    },
)
