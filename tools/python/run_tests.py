"""The main program of py_test. Arguments: the modules with the tests.

Speaks Bazel's test protocol (https://bazel.build/reference/test-encyclopedia): XML_OUTPUT_FILE, sharding, filter.
"""

import os
import sys
import time
import unittest
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree


class Result(unittest.TextTestResult):
    """Keeps how each case ended, and how long it took."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.seconds: dict[str, float] = {}
        self._started = 0.0

    def startTest(self, test):
        self._started = time.monotonic()
        super().startTest(test)

    def stopTest(self, test):
        self.seconds[test.id()] = time.monotonic() - self._started
        super().stopTest(test)

    def xml(self) -> ElementTree.ElementTree:
        failed = {test.id(): text for test, text in [*self.failures, *self.errors]}
        skipped = {test.id(): reason for test, reason in self.skipped}
        names = list(dict.fromkeys([*self.seconds, *failed]))
        suite = ElementTree.Element(
            "testsuite", name="unittest", tests=str(len(names)), failures=str(len(failed)), skipped=str(len(skipped))
        )
        for name in names:
            group, _, method = name.rpartition(".")
            seconds = self.seconds.get(name, 0)
            case = ElementTree.SubElement(suite, "testcase", classname=group, name=method, time=f"{seconds:.3f}")
            if name in failed:
                ElementTree.SubElement(case, "failure", message="failed").text = failed[name]
            elif name in skipped:
                ElementTree.SubElement(case, "skipped", message=skipped[name])
        return ElementTree.ElementTree(suite)


def cases_of(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from cases_of(test)
        else:
            yield test


def empty_run(result: Result, is_sharded: bool, pattern: str) -> str | None:
    """Why a run is no success although nothing failed; None where it is one."""
    if result.testsRun == 0 and is_sharded:
        return None
    if result.testsRun == 0 and pattern:
        return f"no test matches --test_filter={pattern}"
    if result.testsRun == 0:
        return "no test is in these files: a test that tests nothing fails"
    if len(result.skipped) == result.testsRun and not is_sharded:
        return "every test was skipped: a test that tests nothing fails"
    return None


def run(modules: list[str]) -> int:
    pattern = os.environ.get("TESTBRIDGE_TEST_ONLY", "")
    shards = int(os.environ.get("TEST_TOTAL_SHARDS", "1"))
    shard = int(os.environ.get("TEST_SHARD_INDEX", "0"))
    loader = unittest.TestLoader()
    if pattern:
        loader.testNamePatterns = [pattern if "*" in pattern else f"*{pattern}*"]
    cases = list(cases_of(loader.loadTestsFromNames(modules)))
    suite = unittest.TestSuite(case for index, case in enumerate(cases) if index % shards == shard)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Result).run(suite)
    if "XML_OUTPUT_FILE" in os.environ:
        result.xml().write(os.environ["XML_OUTPUT_FILE"], encoding="unicode", xml_declaration=True)
    if not result.wasSuccessful():
        return 1
    problem = empty_run(result, shards > 1, pattern)
    if problem is None:
        return 0
    print(problem, file=sys.stderr)
    return 1


def main() -> int:
    # Where a test ends the process, this file stays, and Bazel fails the test.
    unfinished = os.environ.get("TEST_PREMATURE_EXIT_FILE")
    for path in [os.environ.get("TEST_SHARD_STATUS_FILE"), unfinished]:
        if path:
            Path(path).write_text("")
    try:
        code = run(sys.argv[1:])
    except SystemExit:
        print("a test ended the process (sys.exit in a test?)", file=sys.stderr)
        code = 1
    if unfinished:
        Path(unfinished).unlink(missing_ok=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
