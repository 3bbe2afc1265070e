"""Renders services with an engine that is a package of Python: `engine.py ENGINE LIBRARY PROGRAM FIRST LAST OUT`.

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
    """Writes what the program returns, an object of a file's name to its content, into the folder OUT."""
    engine, library, program, first, last, out = sys.argv[1:]
    module = importlib.import_module(MODULES[engine])
    start = time.process_time()
    text = module.evaluate_file(program, tla_codes={"first": first, "last": last}, jpathdir=[library])
    print(time.process_time() - start)
    for name, content in json.loads(text).items():
        (Path(out) / name).write_text(json.dumps(content, indent=3, sort_keys=True))


main()
