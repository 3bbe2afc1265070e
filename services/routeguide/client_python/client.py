"""The client's life: rounds of calls, and a health service that says whether the last one succeeded."""

import json
import logging
import threading
from contextlib import closing
from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckResponse

from services.routeguide.client_python.calls import Calls
from services.routeguide.client_python.config import Config
from services.routeguide.client_python.metrics import Metrics, MetricsServer
from services.routeguide.client_python.travel import RoundError, run_round

NAME = "routeguide-client-python"

# The health check's name for "this process is alive": a liveness probe asks for it.
LIVENESS = "liveness"

# Spreads calls over all servers of the name, and repeats those that may be repeated:
# https://github.com/grpc/grpc/blob/master/doc/service_config.md.
_SERVICE_CONFIG = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.1},
    "methodConfig": [
        {
            "name": [
                {"service": "routeguide.v1.RouteGuide", "method": method}
                for method in ("GetFeature", "ListFeatures", "RecordRoute")
            ],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.05s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
}

_CHANNEL_OPTIONS = [
    ("grpc.service_config", json.dumps(_SERVICE_CONFIG)),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.max_reconnect_backoff_ms", 5000),
]


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

    def close(self) -> None:
        """Tells those who watch, and ends what outlasts a second."""
        self._servicer.enter_graceful_shutdown()
        self._server.stop(1).wait(2)


def serve(config: Config, log: logging.Logger, stopping: threading.Event) -> None:
    """Calls the server round by round until `stopping` is set; the calls that run then may finish."""
    target = f"dns:///{config.server}"
    metrics = Metrics()
    with (
        closing(HealthServer(config.port, log)) as server,
        closing(MetricsServer(config.metrics_port, metrics)) as metrics_server,
        grpc.insecure_channel(target, options=_CHANNEL_OPTIONS) as channel,
    ):
        calls = Calls(channel, config.deadline_s, metrics)
        interval_ms = round(config.interval_s * 1000)
        ports = {"port": server.port, "metricsPort": metrics_server.port}
        log.info("calling", extra={"target": target, "intervalMs": interval_ms, **ports})
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
