import unittest

from tools.python.testing.greeting import greeting


class Greeting(unittest.TestCase):
    def test_is_read_from_a_file_that_data_brings_along(self) -> None:
        self.assertEqual(greeting(), "Hello from a _file_")
