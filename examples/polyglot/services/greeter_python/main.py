"""Answers greet.v1.Greeter at PORT until it is stopped."""

import json
import os
import signal
import threading

from services.greeter_python.greeter import GreeterServer


def main() -> None:
    """Returns after SIGTERM or SIGINT."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    server = GreeterServer(int(os.environ.get("PORT", "50051")))
    print(json.dumps({"level": "info", "msg": "listening", "port": server.port}), flush=True)
    stopping.wait()
    server.stop()


if __name__ == "__main__":
    main()
