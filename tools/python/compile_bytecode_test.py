import marshal
import tempfile
import unittest
from pathlib import Path

from tools.python.compile_bytecode import main


class CompileBytecode(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def compiled(self, name: str, sources: dict[str, str]) -> dict[str, bytes]:
        """What is made of sources that are in a folder called `name`."""
        for path, text in sources.items():
            file = self.folder / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        output = self.folder / f"{name}.pyc"
        main([str(output), str(self.folder / name), "/site"])
        return {str(file.relative_to(output)): file.read_bytes() for file in output.rglob("*") if file.is_file()}

    def test_is_the_same_wherever_the_sources_are_and_used_without_a_look_at_them(self) -> None:
        sources = {"shop/__init__.py": "", "shop/bank.py": "KINDS = {'a', 'b'}\ndef f(x): return x in {'c', 'd', 'e'}\n"}
        one = self.compiled("one", sources)
        self.assertEqual(self.compiled("two", sources), one)
        bank = one["shop/__pycache__/bank.cpython-313.pyc"]
        # PEP 552: bit 0, the hash of the source instead of its time; not bit 1, that it is looked at.
        self.assertEqual(int.from_bytes(bank[4:8], "little"), 0b01)
        self.assertEqual(marshal.loads(bank[16:]).co_filename, "/site/shop/bank.py")
        self.assertEqual(len(one), 2)

    def test_leaves_out_what_is_of_another_python_and_what_is_no_module(self) -> None:
        sources = {"old.py": "print 'x'\n", "new.py": "", "shop-1.data/scripts/x.py": "", "shop-1.dist-info/y.py": ""}
        self.assertEqual(list(self.compiled("one", sources)), ["__pycache__/new.cpython-313.pyc"])
