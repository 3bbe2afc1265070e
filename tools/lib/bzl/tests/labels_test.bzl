"""How labels and repositories are shown."""

load("//tools/k8s/tests:failures.bzl", "expectations_test")
load("//tools/lib/bzl:labels.bzl", "apparent_name", "repository_name", "shown_label", "sibling_label")

# A repository's name in paths, and what people call it.
_NAMES = {
    "+npm+npm": "npm",
    "_main~k8s_defaults~hello_object": "hello_object",
    "fathom+": "fathom",
    "fathom++fathom_tools+fathom_npm": "fathom_npm",
    "fathom~": "fathom",
    "fathom~1.2.3": "fathom",
    "fathom~~fathom_tools~fathom_npm": "fathom_npm",
    "fathom~~go~go": "go",
    "npm": "npm",
}

def labels_test(name):
    """Declares the test.

    Args:
      name: the target.
    """
    problems = [
        "{}: must be {}, is {}".format(repository, wanted, apparent_name(repository))
        for repository, wanted in _NAMES.items()
        if apparent_name(repository) != wanted
    ]
    here = Label("//tools/lib/bzl/tests:labels_test.bzl")
    external = Label("@fathom_npm//pino:pino")
    for what, shown, wanted in [
        ("of the main repository", shown_label(here), "//tools/lib/bzl/tests:labels_test.bzl"),
        ("of a package's name", shown_label(sibling_label(here, "tests")), "//tools/lib/bzl/tests"),
        ("beside another", shown_label(sibling_label(here, "a/b.txt")), "//tools/lib/bzl/tests:a/b.txt"),
        ("of another repository", shown_label(external), "@fathom_npm//pino"),
        ("without a repository", repository_name(here), ""),
    ]:
        if shown != wanted:
            problems.append("{}: must be {}, is {}".format(what, wanted, shown))
    expectations_test(
        name = name,
        size = "small",
        problems = problems,
        tags = ["block-network"],
    )
