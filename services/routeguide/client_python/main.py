"""The process of the route guide's client in Python: a round of calls again and again, until it is stopped."""

import os
import signal
import sys
import threading

from services.routeguide.client_python.client import NAME, serve
from services.routeguide.client_python.config import ConfigError, read_config
from services.routeguide.client_python.log import FATAL, create_log

# After how long a stop is given up: below Kubernetes' 30 s.
STOP_DEADLINE_S = 25


def main() -> int:
    """Exit code: 0 after a clean stop; 1 where settings are wrong, the start failed, or the stop took too long."""
    log = create_log(NAME)
    try:
        config = read_config(os.environ)
    except ConfigError as error:
        log.log(FATAL, "settings are wrong", extra={"problems": error.problems})
        return 1
    log.setLevel(config.log_level)
    stopping = threading.Event()

    def give_up() -> None:
        log.error("stopping took too long", extra={"deadlineMs": STOP_DEADLINE_S * 1000})
        os._exit(1)

    def stop(number: int, _frame: object) -> None:
        if stopping.is_set():
            os._exit(1)
        log.info("stopping", extra={"reason": signal.Signals(number).name})
        stopping.set()
        timer = threading.Timer(STOP_DEADLINE_S, give_up)
        timer.daemon = True
        timer.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    try:
        serve(config, log, stopping)
    except Exception as error:
        log.log(FATAL, "failed", extra={"err": f"{type(error).__name__}: {error}"})
        return 1
    log.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
