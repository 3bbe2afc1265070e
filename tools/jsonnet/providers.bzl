"""What Jsonnet targets tell the targets that depend on them."""

JsonnetLibraryInfo = provider(
    doc = "Jsonnet that others import.",
    fields = {
        "files": "depset of File: the sources and data of this target and of all that it needs",
        "import_paths": "depset of string: folders of the execution root in which imports are looked up",
    },
)

JsonnetGoldenInfo = provider(
    doc = "A test that compares with a golden file.",
    fields = {
        "arguments": "list of File: the arguments of the program that compares them",
        "files": "list of File: those, and the golden file",
    },
)

JsonnetToolchainInfo = provider(
    doc = "The program that evaluates Jsonnet, with the command line of the go-jsonnet program.",
    fields = {
        "compiler": "File: the executable",
        "evaluator": "FilesToRunProvider or None: the program that evaluates one after the other",
    },
)
