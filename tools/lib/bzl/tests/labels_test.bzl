"""How labels and repositories are shown."""

load("//tools/k8s/tests:failures.bzl", "expectations_test")
load("//tools/lib/bzl:labels.bzl", "apparent_name", "label_parts", "repository_name", "shown_label", "sibling_label")
load("//tools/lib/bzl:paths.bzl", "package_path")

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

# A repository's name in paths and a package, and where the package's files are.
_FOLDERS = {
    ("", ""): "",
    ("", "services/auth"): "services/auth",
    ("fathom~~fathom_tools~fathom_npm", "pino"): "external/fathom_npm/pino",
    ("platform", ""): "external/platform",
    ("platform", "services/auth"): "external/platform/services/auth",
}

# Labels as a BUILD file of this package has them, and what they say: repository, package, name.
_PARTS = {
    "//a/b": ("", "a/b", "b"),
    "//a/b:c/d.ts": ("", "a/b", "c/d.ts"),
    ":main.ts": ("", "tools/lib/bzl/tests", "main.ts"),
    "@//a:b": ("", "a", "b"),
    "@platform//a:b": ("platform", "a", "b"),
    "main.ts": ("", "tools/lib/bzl/tests", "main.ts"),
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
    problems += [
        "{} {}: must be in '{}', is in '{}'".format(repository, package, wanted, package_path(repository, package))
        for (repository, package), wanted in _FOLDERS.items()
        if package_path(repository, package) != wanted
    ]
    for label, wanted in _PARTS.items():
        parts = label_parts(label)
        if (parts.repository, parts.package, parts.name) != wanted:
            problems.append("{}: must say {}, says {}".format(label, wanted, parts))
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
