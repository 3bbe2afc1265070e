"""Compiles Python sources for an image, whose files nobody may write: a program there would compile at each start.

`compile_bytecode.py OUTPUT FOLDER PATH …`: the sources of FOLDER, which are at PATH in the image, become
`OUTPUT/…/__pycache__/….pyc`. They are used without a look at the source, so they do not depend on its time.
"""

import py_compile
import sys
from pathlib import Path

_TAG = sys.implementation.cache_tag


def compile_folder(folder: Path, path: str, output: Path) -> None:
    """Compiles all sources of a folder; those that are of another Python, as some tests and templates are, are left out."""
    for source in sorted(folder.rglob("*.py")):
        place = source.relative_to(folder)
        if any(part.endswith((".data", ".dist-info")) for part in place.parts):
            continue
        cache = output / place.parent / "__pycache__" / f"{place.stem}.{_TAG}.pyc"
        cache.parent.mkdir(parents=True, exist_ok=True)
        try:
            py_compile.compile(
                str(source),
                cfile=str(cache),
                dfile=f"{path}/{place}",
                doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
        except py_compile.PyCompileError:
            continue


def main(arguments: list[str]) -> None:
    output = Path(arguments[0])
    output.mkdir(parents=True, exist_ok=True)
    for folder, path in zip(arguments[1::2], arguments[2::2], strict=True):
        compile_folder(Path(folder), path, output)


if __name__ == "__main__":
    main(sys.argv[1:])
