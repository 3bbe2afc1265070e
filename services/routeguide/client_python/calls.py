"""The four kinds of call, each with a deadline; a failed one raises grpc.RpcError with its status."""

from collections.abc import Iterable, Sequence

import grpc

from proto.routeguide.v1 import route_guide_pb2 as pb
from proto.routeguide.v1.route_guide_pb2_grpc import RouteGuideStub
from services.routeguide.client_python.metrics import Metrics


class Calls:
    """Calls of one channel, which share a deadline, and are measured."""

    def __init__(self, channel: grpc.Channel, deadline_s: float, metrics: Metrics) -> None:
        self._stub = RouteGuideStub(channel)
        self._deadline_s = deadline_s
        self._metrics = metrics

    def get_feature(self, location: pb.Point) -> pb.Feature | None:
        """Unary; None where there is no feature."""
        with self._metrics.call("unary", "GetFeature"):
            response = self._stub.GetFeature(pb.GetFeatureRequest(location=location), timeout=self._deadline_s)
        return response.feature if response.HasField("feature") else None

    def list_features(self, area: pb.Rectangle) -> list[pb.Feature]:
        """The server streams."""
        with self._metrics.call("server_stream", "ListFeatures"):
            stream = self._stub.ListFeatures(pb.ListFeaturesRequest(area=area), timeout=self._deadline_s)
            return [response.feature for response in stream]

    def record_route(self, route: Sequence[pb.Point]) -> pb.RouteSummary:
        """The caller streams."""
        requests = (pb.RecordRouteRequest(location=location) for location in route)
        with self._metrics.call("client_stream", "RecordRoute"):
            return self._stub.RecordRoute(requests, timeout=self._deadline_s).summary

    def route_chat(self, notes: Iterable[pb.RouteNote]) -> list[pb.RouteNote]:
        """Both stream: sends each note, and collects what had been left before at its point."""
        requests = (pb.RouteChatRequest(note=note) for note in notes)
        with self._metrics.call("bidi_stream", "RouteChat"):
            return [response.note for response in self._stub.RouteChat(requests, timeout=self._deadline_s)]
