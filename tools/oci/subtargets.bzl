"""What can be run of an image: the one table from which targets and docs are made."""

# For each sub-target: what it does, and what it reads: `contents` (the lists of what is in each layer) or the output
# group of the image that it prints.
SUBTARGETS = {
    "diff": struct(
        doc = "compares it with another image, file by file: `-- --against //services/x:image`, or the path of an image layout; exits 1 when something differs, 2 on an error",
        command = "diff",
        prints = "",
    ),
    "explain": struct(
        doc = "prints its layers with their sizes, what is in each and what brought it; `-- --all`, `-- --top 20`",
        command = "explain",
        prints = "",
    ),
    "provenance": struct(
        doc = "prints how it was made: an in-toto statement with SLSA's provenance",
        command = "print",
        prints = "provenance",
    ),
    "sbom": struct(
        doc = "prints its bill of materials, SPDX 2.3 as JSON",
        command = "print",
        prints = "sbom",
    ),
}
