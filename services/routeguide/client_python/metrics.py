"""What Prometheus is told of the process."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from prometheus_client import CollectorRegistry, GCCollector, Histogram, PlatformCollector, ProcessCollector, start_http_server

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The calls that the process makes, and the process itself."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._seconds = Histogram(
            "grpc_client_handling_seconds",
            "How long calls took. Those of a client include their retries.",
            ["grpc_type", "grpc_service", "grpc_method", "grpc_code"],
            registry=self.registry,
            buckets=_BUCKETS,
        )

    @contextmanager
    def call(self, kind: str, method: str) -> Iterator[None]:
        """Counts a call, and how long it took."""
        start = time.monotonic()
        code = grpc.StatusCode.OK
        try:
            yield
        except grpc.RpcError as error:
            code = error.code()
            raise
        finally:
            labels = (kind, "routeguide.v1.RouteGuide", method, code.name)
            self._seconds.labels(*labels).observe(time.monotonic() - start)


class MetricsServer:
    """Answers /metrics at a port; 0 takes any free one."""

    def __init__(self, port: int, metrics: Metrics) -> None:
        self._server, self._thread = start_http_server(port, addr="::", registry=metrics.registry)
        self.port: int = self._server.server_port

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(1)
