"""The client's life: rounds of calls, and a health service that says whether the last one succeeded."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckResponse

from services.routeguide.client_python.calls import Calls
from services.routeguide.client_python.config import Config
from services.routeguide.client_python.travel import RoundError, run_round

NAME = "routeguide-client-python"

# The health check's name for "this process is alive": a liveness probe asks for it.
LIVENESS = "liveness"

_CHANNEL_OPTIONS = [("grpc.keepalive_time_ms", 30_000), ("grpc.max_reconnect_backoff_ms", 5000)]


class HealthServer:
    """The health of the process: the empty name is its readiness."""

    def __init__(self, port: int, log: logging.Logger) -> None:
        self._log = log
        self._ready = False
        self._servicer = health.HealthServicer()
        self._servicer.set("", HealthCheckResponse.NOT_SERVING)
        self._servicer.set(LIVENESS, HealthCheckResponse.SERVING)
        # A watch keeps a thread, and probes must be answered all the same. Two processes never share the port.
        self._server = grpc.server(ThreadPoolExecutor(max_workers=8), options=[("grpc.so_reuseport", 0)])
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, self._server)
        self.port = self._server.add_insecure_port(f"[::]:{port}")
        self._server.start()

    def set_ready(self, ready: bool) -> None:
        if ready == self._ready:
            return
        self._ready = ready
        self._servicer.set("", HealthCheckResponse.SERVING if ready else HealthCheckResponse.NOT_SERVING)
        self._log.info("ready" if ready else "not ready", extra={"ready": ready})

    def stop(self, grace_s: float) -> None:
        """Tells those who watch, and ends what outlasts `grace_s`."""
        self._servicer.enter_graceful_shutdown()
        self._server.stop(grace_s).wait(grace_s + 1)


def serve(config: Config, log: logging.Logger, stopping: threading.Event) -> None:
    """Calls the server round by round until `stopping` is set; the calls that run then may finish."""
    server = HealthServer(config.health_port, log)
    target = f"dns:///{config.server}"
    try:
        with grpc.insecure_channel(target, options=_CHANNEL_OPTIONS) as channel:
            calls = Calls(channel, config.deadline_s)
            interval_ms = round(config.interval_s * 1000)
            log.info("calling", extra={"target": target, "intervalMs": interval_ms, "healthPort": server.port})
            number = 1
            while not stopping.is_set():
                try:
                    run_round(calls, log, number)
                    server.set_ready(True)
                except RoundError as error:
                    log.error("round failed", extra={"round": number, **error.fields})
                    server.set_ready(False)
                stopping.wait(config.interval_s)
                number += 1
    finally:
        server.stop(1)
