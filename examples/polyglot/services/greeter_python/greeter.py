"""Greets in Python."""

from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckResponse

from proto.greet.v1 import greet_pb2 as pb
from proto.greet.v1 import greet_pb2_grpc as services


class Greeter(services.GreeterServicer):
    """Answers greet.v1.Greeter."""

    def Greet(self, request: pb.GreetRequest, context: grpc.ServicerContext) -> pb.GreetResponse:
        if not request.name:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "name must not be empty")
        return pb.GreetResponse(greetings=[f"Hello {request.name}, from Python"])


class GreeterServer:
    """A server of it, with the health checks that probes ask for; port 0 takes any free one."""

    def __init__(self, port: int) -> None:
        # The empty name is readiness, "liveness" whether the process answers at all.
        self._health = health.HealthServicer()
        for name in ("", "liveness"):
            self._health.set(name, HealthCheckResponse.SERVING)
        self._server = grpc.server(ThreadPoolExecutor(max_workers=8))
        services.add_GreeterServicer_to_server(Greeter(), self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self.port = self._server.add_insecure_port(f"0.0.0.0:{port}")
        self._server.start()

    def stop(self) -> None:
        """Calls that run may finish."""
        self._health.enter_graceful_shutdown()
        self._server.stop(grace=20).wait()
