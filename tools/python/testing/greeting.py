"""The greeting, read from a file beside this one."""

from pathlib import Path


def greeting() -> str:
    return (Path(__file__).parent / "greeting.md").read_text().strip()
