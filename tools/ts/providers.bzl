"""What TypeScript targets tell the targets that depend on them."""

TsInfo = provider(
    doc = "Compiled TypeScript: declarations for compilers, JavaScript for programs.",
    fields = {
        "checked": "File: it is empty; its being there says that types and imports of this target and of all that it needs hold. Whatever runs or ships `js` takes it as an input",
        "declarations": "depset of File: the .d.ts files of this target alone",
        "direct_npm": "list of NpmPackageInfo: the npm packages that this target declares",
        "js": "depset of File: the .js and .json files of this target alone",
        "label": "Label: what a BUILD file names in deps",
        "npm": "depset of struct(package_name, version, key, directory, meta): the closure of all npm packages needed to run",
        "npm_roots": "depset of struct(package_name, key, directory, label): the packages that this target or one it needs declares",
        "runtime_manifests": "depset of File: JSON {label, files, deps, npm} of this target and of all that it needs",
        "source_maps": "depset of File: .js.map files of this target and of all that it needs",
        "sources": "depset of File: the .ts files of this target alone",
        "transitive_declarations": "depset of File: .d.ts files of this target and of all that it needs",
        "transitive_js": "depset of File: .js and .json files of this target and of all that it needs",
        "types_roots": "depset of struct(package_name, key, directory, label): the @types packages beside npm_roots",
        "types_npm": "depset of struct(package_name, version, key, directory, meta): those of `npm`, and the @types packages needed to compile against it",
    },
)

TsToolchainInfo = provider(
    doc = "The programs that compile and run TypeScript on the machine that builds.",
    fields = {
        "esbuild": "NpmPackageInfo of the bundler's native package",
        "node": "File: the node executable",
        "tsc": "NpmPackageInfo of the compiler's native package; its lib/tsc is the program",
    },
)
