import logging
import unittest

from services.routeguide.client_python.config import Config, ConfigError, is_address, read_config


class ReadConfig(unittest.TestCase):
    def test_has_defaults(self) -> None:
        expected = Config(server="server:50051", port=50052, metrics_port=9464, interval_s=5, deadline_s=10)
        self.assertEqual(read_config({"ROUTEGUIDE_ADDRESS": "server:50051"}), expected)

    def test_reads_what_is_set(self) -> None:
        env = {"ROUTEGUIDE_ADDRESS": "[::1]:1", "METRICS_PORT": "0", "INTERVAL_MS": "10", "LOG_LEVEL": "warn"}
        config = read_config(env)
        self.assertEqual((config.metrics_port, config.interval_s, config.log_level), (0, 0.01, logging.WARNING))

    def test_names_all_problems(self) -> None:
        with self.assertRaises(ConfigError) as raised:
            read_config({"PORT": "70000", "INTERVAL_MS": "soon", "LOG_LEVEL": "loud"})
        self.assertEqual(
            raised.exception.problems,
            [
                'INTERVAL_MS must be a whole number from 10 to 3600000, got "soon"',
                'LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, got "loud"',
                'PORT must be a whole number from 0 to 65535, got "70000"',
                "ROUTEGUIDE_ADDRESS must be host:port, and is not set",
            ],
        )

    def test_knows_an_address(self) -> None:
        for text, expected in {
            "a:1": True,
            "[::1]:50051": True,
            "a": False,
            ":1": False,
            "a:0": False,
            "a:65536": False,
            "http://a:1": False,
            "": False,
        }.items():
            with self.subTest(text):
                self.assertEqual(is_address(text), expected)
