"""Structured logs: one JSON object a line, with the keys of all services here: level, time, service, msg."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

FATAL = logging.CRITICAL

LEVELS = {
    "trace": 5,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
    "fatal": FATAL,
}

_NAMES = {number: name for name, number in LEVELS.items()}

# What every record has; all else came by `extra`.
_OWN = set(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "level": _NAMES.get(record.levelno, record.levelname.lower()),
            "time": time.replace("+00:00", "Z"),
            "service": self._service,
            **{key: value for key, value in vars(record).items() if key not in _OWN},
            "msg": record.getMessage(),
        }
        if record.exc_info:
            line["err"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def create_log(service: str, out: TextIO | None = None) -> logging.Logger:
    """A logger of its own, at level info; what libraries log goes there too, from warnings on."""
    handler = logging.StreamHandler(out or sys.stdout)
    handler.setFormatter(JsonFormatter(service))
    log = logging.Logger(service, logging.INFO)
    log.addHandler(handler)
    if out is None:
        logging.basicConfig(level=logging.WARNING, handlers=[handler])
    return log
