"""Compiles Python sources, and looks for the modules that they import, without running anything.

`check.py REQUEST.json SOURCES`, as tools/python/private/program.bzl writes them: SOURCES has a line of file, tab and
name for each source that may be imported.
"""

import ast
import json
import sys
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path, PurePosixPath


@dataclass(frozen=True)
class Request:
    """What is checked: sources by their path in the repository, and where packages are."""

    label: str
    srcs: list[str]
    sources: dict[str, str]
    packages: list[str]
    output: str


@dataclass(frozen=True)
class Import:
    module: str
    line: int
    column: int


def read_request(request: str, listed: str) -> Request:
    """The request of two files. The path of a source of another repository stays one that no import leads to."""
    given = json.loads(Path(request).read_text())
    own = f"../{given.pop('repository')}/"
    lines = [line.split("\t") for line in Path(listed).read_text().split("\n") if line]
    given["srcs"] = [name.removeprefix(own) for name in given["srcs"]]
    return Request(**given, sources={name.removeprefix(own): file for file, name in lines})


def imports_of(tree: ast.AST, source: str) -> list[Import]:
    """The modules that a source imports, relative ones by their whole name."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, node.lineno, node.col_offset + 1) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = PurePosixPath(source).parts[: -node.level] if node.level else ()
            module = ".".join([*package, *([node.module] if node.module else [])])
            if module:
                found.append(Import(module, node.lineno, node.col_offset + 1))
    return found


def workspace_modules(sources: list[str]) -> set[str]:
    """The modules that sources are, and the packages that those are in."""
    modules = set()
    for source in sources:
        parts = PurePosixPath(source).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        modules.update(".".join(parts[:end]) for end in range(1, len(parts) + 1))
    return modules


def is_in_packages(module: str, packages: list[str]) -> bool:
    """Whether packages have a module; those that share a namespace, such as `google`, are looked through together."""
    path = packages
    for word in module.split("."):
        spec = PathFinder.find_spec(word, path)
        if spec is None:
            return False
        if spec.submodule_search_locations is None:
            path = []
        elif spec.origin is None:
            path = [str(Path(place) / word) for place in path if (Path(place) / word).is_dir()]
        else:
            path = list(spec.submodule_search_locations)
    return True


def problems_of(request: Request) -> tuple[list[str], list[str]]:
    """Sources that do not compile, and imports that lead nowhere, each with its place."""
    own = workspace_modules(list(request.sources))
    invalid: list[str] = []
    missing: list[str] = []
    for source in request.srcs:
        try:
            text = Path(request.sources[source]).read_bytes()
            tree = ast.parse(text, source)
            compile(tree, source, "exec")
        except SyntaxError as error:
            invalid.append(f"{source}:{error.lineno}:{error.offset}: {error.msg}")
            continue
        for one in imports_of(tree, source):
            known = one.module.partition(".")[0] in sys.stdlib_module_names or one.module in own
            if not known and not is_in_packages(one.module, request.packages):
                missing.append(f"{source}:{one.line}:{one.column}: no module {one.module}")
    return invalid, missing


def fail(code: str, message: str, hint: str) -> int:
    print(f"error: {code}: {message}\n  hint: {hint}", file=sys.stderr)
    return 1


def main(arguments: list[str]) -> int:
    request = read_request(*arguments)
    invalid, missing = problems_of(request)
    if invalid:
        lines = "\n".join(invalid)
        return fail("PY_INVALID", f"Compiling {request.label}:\n{lines}", "Correct the sources at the lines above.")
    if missing:
        lines = "\n".join(missing)
        return fail(
            "PY_IMPORT_MISSING",
            f"Checking {request.label}: imports lead nowhere:\n{lines}",
            f"Name the target or the package, `@pypi//:x`, that has it in 'deps' of {request.label}. A new package comes "
            "into the list beside the lock first, `bazel run @fathom//tools/packages:pypi_pin -- <list>.json` locks it.",
        )
    Path(request.output).write_text("")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
