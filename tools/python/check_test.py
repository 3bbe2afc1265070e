import io
import json
import tempfile
import unittest
from contextlib import redirect_stderr
from pathlib import Path

from tools.python.check import main


class Check(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.packages: list[str] = []

    def write(self, path: str, text: str) -> str:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return str(file)

    def package(self, name: str, *modules: str) -> None:
        for module in modules:
            self.write(f"{name}/{module}", "")
        self.packages.append(str(self.folder / name))

    def check(self, sources: dict[str, str], *srcs: str, repository: str = "") -> str:
        """What is said of `srcs`, by default of all sources; the empty string where all is well."""
        output = self.folder / "checked"
        request = {
            "label": "//shop",
            "output": str(output),
            "packages": self.packages,
            "repository": repository,
            "srcs": list(srcs or sources),
        }
        written = [(self.write(f"src/src/{path}", text), path) for path, text in sources.items()]
        listed = "".join(f"{file}\t{path}\n" for file, path in written)
        said = io.StringIO()
        with redirect_stderr(said):
            code = main([self.write("request.json", json.dumps(request)), self.write("sources", listed)])
        self.assertEqual(code, 1 if said.getvalue() else 0)
        self.assertEqual(output.exists(), code == 0)
        return said.getvalue()

    def test_takes_imports_of_sources_packages_and_pythons_own(self) -> None:
        self.package("one", "google/protobuf/message.py", "google/protobuf/__init__.py", "msgpack/__init__.py")
        self.package("two", "google/rpc/__init__.py", "six.py")
        text = (
            "import os.path, msgpack, six\nfrom google.protobuf import message\nimport google.rpc\n"
            "from shop import bank\nfrom shop.bank import pay\nfrom . import bank as b\nfrom .bank import pay as p\n"
        )
        self.assertEqual(self.check({"shop/main.py": text, "shop/bank.py": "pay = 1\n"}), "")

    def test_names_file_and_line_of_a_syntax_error(self) -> None:
        said = self.check({"shop/main.py": "import os\n\ndef f(:\n"})
        self.assertIn("error: PY_INVALID: Compiling //shop:\nshop/main.py:3:7: invalid syntax\n", said)

    def test_names_what_only_the_compiler_finds(self) -> None:
        self.assertIn("shop/main.py:1:1: 'return' outside function", self.check({"shop/main.py": "return 1\n"}))

    def test_names_file_line_and_command_of_an_import_that_leads_nowhere(self) -> None:
        self.package("one", "google/protobuf/__init__.py")
        said = self.check({"shop/main.py": "import os\nimport redis\ndef f():\n    from google.api import http\n"})
        self.assertIn("PY_IMPORT_MISSING", said)
        self.assertIn("shop/main.py:2:1: no module redis\nshop/main.py:4:5: no module google.api\n", said)
        self.assertIn("in 'deps' of //shop", said)
        self.assertIn("bazel run @fathom//tools/packages:pypi_pin", said)

    def test_refuses_a_source_of_the_workspace_that_is_not_among_the_deps(self) -> None:
        self.assertIn("no module shop.bank", self.check({"shop/main.py": "from shop.bank import pay\n"}))

    def test_refuses_a_submodule_of_a_module(self) -> None:
        self.package("one", "six.py")
        self.assertIn("no module six.moves", self.check({"shop/main.py": "import six.moves\n"}))

    def test_takes_imports_by_the_path_in_a_repository_that_another_loads(self) -> None:
        main = {"../platform/shop/main.py": "from shop.bank import pay\n"}
        said = self.check(main, repository="platform")
        self.assertIn("\nshop/main.py:1:1: no module shop.bank\n", said)
        self.assertEqual(self.check({**main, "../platform/shop/bank.py": "pay = 1\n"}, repository="platform"), "")

    def test_refuses_imports_of_a_repository_that_this_one_loads(self) -> None:
        sources = {"shop/main.py": "from bank import pay\n", "../platform/bank.py": "pay = 1\n"}
        self.assertIn("no module bank", self.check(sources, "shop/main.py"))

    def test_checks_only_what_it_is_asked_for(self) -> None:
        sources = {"shop/main.py": "import shop.bank\n", "shop/bank.py": "import redis\n"}
        self.assertEqual(self.check(sources, "shop/main.py"), "")
