"""Evaluates with an engine that is a package of Python: `engine.py ENGINE LIBRARY ENVIRONMENT OUT PROGRAM...`.

Prints the engine's own processor time in seconds, without that of Python around it.
"""

import importlib
import json
import sys
import time
from pathlib import Path

# A package, and the module that it brings.
MODULES = {"jsonnet": "_jsonnet", "rjsonnet": "rjsonnet"}


def main() -> None:
    """Writes what each program returns, an object of a file's name to its content, into a folder of its own in OUT."""
    engine, library, environment, out, *programs = sys.argv[1:]
    module = importlib.import_module(MODULES[engine])
    start = time.process_time()
    texts = [module.evaluate_file(program, tla_codes={"environment": environment}, jpathdir=[library]) for program in programs]
    print(time.process_time() - start)
    for program, text in zip(programs, texts, strict=True):
        folder = Path(out) / Path(program).stem
        folder.mkdir()
        for name, content in json.loads(text).items():
            (folder / name).write_text(json.dumps(content, indent=3, sort_keys=True))


main()
