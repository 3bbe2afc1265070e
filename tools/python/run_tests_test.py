import contextlib
import io
import os
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock
from xml.etree import ElementTree

from tools.python import run_tests

GOOD = "class A(unittest.TestCase):\n  def test_a(self): pass\n  def test_b(self): pass\n"
_count = 0


class Run(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        sys.path.insert(0, folder.name)
        self.addCleanup(sys.path.remove, folder.name)

    def run_module(self, body: str, **env: str) -> tuple[int, str]:
        """Runs the tests of a module; returns the exit code and what was said."""
        global _count
        _count += 1
        name = f"tests_of_run_tests_{_count}"
        (self.folder / f"{name}.py").write_text(f"import os, sys, unittest\n{body}")
        bazel = {
            "TEST_PREMATURE_EXIT_FILE": str(self.folder / "unfinished"),
            "XML_OUTPUT_FILE": str(self.folder / "test.xml"),
            **env,
        }
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("TEST", "XML"))}
        said = io.StringIO()
        with (
            mock.patch.dict(os.environ, {**kept, **bazel}, clear=True),
            mock.patch.object(sys, "argv", ["run_tests", name]),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
        ):
            return run_tests.main(), said.getvalue()

    def test_passes_where_tests_pass(self) -> None:
        code, _ = self.run_module(GOOD)
        self.assertEqual(code, 0)
        self.assertFalse((self.folder / "unfinished").exists())
        suite = ElementTree.parse(self.folder / "test.xml").getroot()
        self.assertEqual((suite.get("tests"), suite.get("failures")), ("2", "0"))

    def test_fails_where_one_fails_and_tells_it_in_the_xml(self) -> None:
        code, _ = self.run_module("class A(unittest.TestCase):\n  def test_a(self): self.assertEqual(1, 2)\n")
        self.assertEqual(code, 1)
        failure = ElementTree.parse(self.folder / "test.xml").find("testcase/failure")
        self.assertIn("1 != 2", failure.text)

    def test_refuses_what_tests_nothing(self) -> None:
        for body, says in {
            "": "no test is in these files",
            "class A(unittest.TestCase):\n  @unittest.skip('x')\n  def test_a(self): pass\n": "every test was skipped",
            "class A(unittest.TestCase):\n  def test_a(self): sys.exit(0)\n": "SystemExit: 0",
            "sys.exit(0)\n": "a test ended the process",
            "import nothing_of_this_name\n": "nothing_of_this_name",
        }.items():
            with self.subTest(body):
                code, said = self.run_module(body)
                self.assertEqual(code, 1)
                self.assertIn(says, said)

    def test_runs_what_the_filter_names(self) -> None:
        self.assertIn("Ran 1 test", self.run_module(GOOD, TESTBRIDGE_TEST_ONLY="test_a")[1])
        code, said = self.run_module(GOOD, TESTBRIDGE_TEST_ONLY="nothing")
        self.assertEqual(code, 1)
        self.assertIn("no test matches --test_filter=nothing", said)

    def test_spreads_cases_over_shards(self) -> None:
        for shard in range(3):
            code, said = self.run_module(GOOD, TEST_TOTAL_SHARDS="3", TEST_SHARD_INDEX=str(shard))
            self.assertEqual(code, 0)
            self.assertIn("Ran 1 test" if shard < 2 else "Ran 0 tests", said)
