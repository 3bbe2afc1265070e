"""The client's settings: read from the environment once, checked together, each problem named."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass

from services.routeguide.client_python.log import LEVELS


@dataclass(frozen=True)
class Config:
    server: str
    """host:port."""
    port: int
    """Of the health service; 0: any free one."""
    metrics_port: int
    """Likewise."""
    interval_s: float
    deadline_s: float
    """Of a call."""
    log_level: int = logging.INFO


class ConfigError(Exception):
    """Settings that the client can't start with: one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("reading settings: " + "; ".join(problems))
        self.problems = problems


_ADDRESS = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[^\s:\[\]/]+):(\d{1,5})")


def is_address(text: str) -> bool:
    match = _ADDRESS.fullmatch(text)
    return match is not None and 1 <= int(match[1]) <= 65535


def read_config(env: Mapping[str, str]) -> Config:
    """Reads every setting; raises one ConfigError that names all problems."""
    problems: list[str] = []

    def problem(variable: str, expected: str) -> None:
        found = env.get(variable, "")
        got = f'got "{found}"' if found else "and is not set"
        problems.append(f"{variable} must be {expected}, {got}")

    def number(variable: str, low: int, high: int, fallback: int) -> int:
        text = env.get(variable, "")
        if not text:
            return fallback
        if not re.fullmatch(r"-?[0-9]{1,15}", text) or not low <= int(text) <= high:
            problem(variable, f"a whole number from {low} to {high}")
            return fallback
        return int(text)

    server = env.get("ROUTEGUIDE_ADDRESS", "")
    if not is_address(server):
        problem("ROUTEGUIDE_ADDRESS", "host:port")
    level = env.get("LOG_LEVEL", "") or "info"
    if level not in LEVELS:
        problem("LOG_LEVEL", "one of " + ", ".join(LEVELS))
    config = Config(
        server=server,
        port=number("PORT", 0, 65535, 50052),
        metrics_port=number("METRICS_PORT", 0, 65535, 9464),
        interval_s=number("INTERVAL_MS", 10, 3_600_000, 5000) / 1000,
        deadline_s=number("CALL_DEADLINE_MS", 10, 600_000, 10_000) / 1000,
        log_level=LEVELS.get(level, logging.INFO),
    )
    if problems:
        raise ConfigError(sorted(problems))
    return config
