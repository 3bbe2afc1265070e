"""Evaluates with an engine that is a package of Python: `engine.py ENGINE LIBRARY OUT PROGRAMS`.

PROGRAMS is a file of JSON, a list of objects with a name, a source and an environment. Prints JSON: the package's version,
and the engine's own processor time in seconds, without that of Python around it.
"""

import importlib
import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

# A package, and the module that it brings.
MODULES = {"jsonnet": "_jsonnet", "rjsonnet": "rjsonnet"}


def main() -> None:
    """Writes what each program returns, an object of a file's name to its content, into the folder of its name in OUT."""
    engine, library, out, programs_file = sys.argv[1:]
    programs = json.loads(Path(programs_file).read_text())
    module = importlib.import_module(MODULES[engine])
    start = time.process_time()
    texts = [
        module.evaluate_file(one["source"], tla_codes={"environment": one["environment"]}, jpathdir=[library])
        for one in programs
    ]
    seconds = time.process_time() - start
    for program, text in zip(programs, texts, strict=True):
        folder = Path(out) / program["name"]
        folder.mkdir()
        for name, content in json.loads(text).items():
            (folder / name).write_text(json.dumps(content, indent=3, sort_keys=True))
    print(json.dumps({"version": version(engine), "seconds": seconds}))


main()
