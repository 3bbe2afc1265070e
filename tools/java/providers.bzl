"""What Java targets tell one another."""

JavaLibraryInfo = provider(
    doc = "Java of the workspace, and all that it needs.",
    fields = {
        "artifacts": "depset of entries as of MavenArtifactInfo.closure: artifacts of Maven",
        "jars": "depset of File: jars of the workspace, this target's own first",
    },
)
