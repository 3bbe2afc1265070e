"""What Java targets tell one another."""

JavaLibraryInfo = provider(
    doc = "Java of the workspace, and all that it needs.",
    fields = {
        "artifacts": "depset of struct(coordinates, version, file, fact): artifacts of Maven, as of MavenArtifactInfo.closure",
        "jars": "depset of File: jars of the workspace, this target's own first",
    },
)
