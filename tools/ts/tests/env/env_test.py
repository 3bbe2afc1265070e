"""What BUILD files write into `env` is what a Python program finds, wherever it is."""

import os
import pathlib
import subprocess
import tempfile
import unittest

HOME = pathlib.Path(__file__).parent


def value(name):
    return os.environ[name]


class EnvTest(unittest.TestCase):
    def setUp(self):
        os.chdir(tempfile.gettempdir())

    def test_files_have_absolute_paths(self):
        for name, text in {"WORDS": "words\n", "EXEC": "words\n", "BUILT": '[\n   "built"\n]\n'}.items():
            with self.subTest(name):
                self.assertEqual(pathlib.Path(value(name)).read_text(), text)

    def test_a_program_runs_by_its_path(self):
        output = subprocess.run([value("PROGRAM")], capture_output=True, check=True, text=True, timeout=30).stdout
        self.assertRegex(output, r"^the words are in /.*/words\.txt, ")

    def test_several_paths_and_text_around_them(self):
        self.assertEqual(value("BOTH"), f"{HOME}/built.json {HOME}/words.txt")
        self.assertEqual(value("MIXED"), f"a={HOME}/words.txt:tools/ts/tests/env/words.txt:{HOME}/built.json!")

    def test_what_names_no_file_is_text(self):
        self.assertEqual(value("TEXT"), "it's $(NOTHING) of $(location")
        self.assertEqual(value("ROOT"), "tools/ts/tests/env/words.txt")
