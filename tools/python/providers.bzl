"""What Python targets tell one another."""

PyLibraryInfo = provider(
    doc = "Python sources of the workspace, and all that they need.",
    fields = {
        "checked": "depset of File: they are there once sources compile and their imports lead somewhere",
        "packages": "depset of struct(package_name, version, directory, fact): packages of PyPI, as of PypiPackageInfo.closure",
        "sources": "depset of File: sources and data, of this target and of those it needs",
    },
)

PyRuntimeInfo = provider(
    doc = "A Python that runs on the machine that builds, with a C library of its own.",
    fields = {"directory": "File: bin/python3.13, lib/python3.13, lib/*.so*, and lib/ld.so, which starts it"},
)
