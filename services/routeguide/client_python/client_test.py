"""The client's calls, its round and its life, against a route guide of the test's own."""

import io
import json
import logging
import socket
import threading
import unittest
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from proto.routeguide.v1 import route_guide_pb2 as pb
from proto.routeguide.v1 import route_guide_pb2_grpc as services
from services.routeguide.client_python.calls import Calls
from services.routeguide.client_python.client import LIVENESS, serve
from services.routeguide.client_python.config import Config
from services.routeguide.client_python.log import create_log
from services.routeguide.client_python.metrics import Metrics
from services.routeguide.client_python.travel import NEW_JERSEY, RoundError, run_round

KNOWN = {place.latitude_e7 for place in NEW_JERSEY.places[:5]}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Guide(services.RouteGuideServicer):
    """It knows all places of NEW_JERSEY but the last."""

    def __init__(self) -> None:
        self.failing = False
        self._notes: list[pb.RouteNote] = []

    def _check(self, context: grpc.ServicerContext) -> None:
        if self.failing:
            context.abort(grpc.StatusCode.UNAVAILABLE, "the store cannot be reached")

    def GetFeature(self, request, context):
        self._check(context)
        if request.location.latitude_e7 not in KNOWN:
            return pb.GetFeatureResponse()
        return pb.GetFeatureResponse(feature=pb.Feature(name="a place", location=request.location))

    def ListFeatures(self, request, context):
        for place in NEW_JERSEY.places[:5]:
            yield pb.ListFeaturesResponse(feature=pb.Feature(name="a place", location=place))
        self._check(context)

    def RecordRoute(self, request_iterator, context):
        latitudes = [request.location.latitude_e7 for request in request_iterator]
        self._check(context)
        known = [latitude for latitude in latitudes if latitude in KNOWN]
        summary = pb.RouteSummary(point_count=len(latitudes), feature_count=len(known))
        return pb.RecordRouteResponse(summary=summary)

    def RouteChat(self, request_iterator, context) -> Iterator[pb.RouteChatResponse]:
        self._check(context)
        for request in request_iterator:
            for note in list(self._notes):
                if note.location == request.note.location:
                    yield pb.RouteChatResponse(note=note)
            self._notes.append(request.note)


class WithGuide(unittest.TestCase):
    def setUp(self) -> None:
        self.guide = Guide()
        server = grpc.server(ThreadPoolExecutor(max_workers=8))
        services.add_RouteGuideServicer_to_server(self.guide, server)
        self.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        self.addCleanup(lambda: server.stop(None).wait())
        self.calls = self.calls_of(self.address)

    def channel_of(self, address: str) -> grpc.Channel:
        channel = grpc.insecure_channel(address)
        self.addCleanup(channel.close)
        return channel

    def calls_of(self, address: str) -> Calls:
        return Calls(self.channel_of(address), deadline_s=10, metrics=Metrics())

    def round(self, number: int) -> dict[str, list[dict]]:
        """The lines that a round logs, by the call that they are about."""
        out = io.StringIO()
        run_round(self.calls, create_log("test", out), number)
        lines: dict[str, list[dict]] = defaultdict(list)
        for line in out.getvalue().splitlines():
            fields = json.loads(line)
            lines[fields["call"]].append(fields)
        return lines


class Round(WithGuide):
    def test_makes_all_four_kinds_of_call_and_logs_what_came(self) -> None:
        lines = self.round(1)
        self.assertEqual([line["feature"] for line in lines["GetFeature"]], ["a place"] * 5 + [None])
        self.assertEqual(lines["ListFeatures"][0]["count"], 5)
        self.assertEqual((lines["RecordRoute"][0]["pointCount"], lines["RecordRoute"][0]["featureCount"]), (6, 5))
        self.assertEqual(lines["RouteChat"][0]["received"], 0)
        for call in ("GetFeature", "ListFeatures", "RecordRoute", "RouteChat"):
            line = lines[call][0]
            self.assertEqual((line["level"], line["service"], line["round"]), ("info", "test", 1))
            self.assertGreaterEqual(line["durationMs"], 0)
        self.assertEqual(self.round(2)["RouteChat"][0]["latest"], "note 3 of round 1")

    def test_tells_the_call_and_the_status_of_a_failure(self) -> None:
        self.guide.failing = True
        with self.assertRaises(RoundError) as raised:
            self.round(1)
        expected = {"call": "GetFeature", "status": "UNAVAILABLE", "details": "the store cannot be reached"}
        self.assertEqual(raised.exception.fields, expected)


class FailedCall(WithGuide):
    def test_has_its_status(self) -> None:
        self.guide.failing = True
        for name, call in {
            "GetFeature": lambda: self.calls.get_feature(NEW_JERSEY.places[0]),
            "ListFeatures": lambda: self.calls.list_features(NEW_JERSEY.area),
            "RecordRoute": lambda: self.calls.record_route(NEW_JERSEY.places),
            "RouteChat": lambda: self.calls.route_chat([]),
        }.items():
            with self.subTest(name), self.assertRaises(grpc.RpcError) as raised:
                call()
            self.assertEqual(raised.exception.code(), grpc.StatusCode.UNAVAILABLE)

    def test_fails_where_nobody_listens(self) -> None:
        nowhere = self.calls_of("127.0.0.1:1")
        for call in (lambda: nowhere.record_route(NEW_JERSEY.places), lambda: nowhere.route_chat([])):
            with self.assertRaises(grpc.RpcError) as raised:
                call()
            self.assertEqual(raised.exception.code(), grpc.StatusCode.UNAVAILABLE)


class LongRoute(WithGuide):
    def test_arrives_whole(self) -> None:
        self.assertEqual(self.calls.record_route([NEW_JERSEY.places[0]] * 5000).point_count, 5000)


class Life(WithGuide):
    def test_health_follows_the_rounds(self) -> None:
        out = io.StringIO()
        stopping = threading.Event()
        port, metrics_port = free_port(), free_port()
        config = Config(server=self.address, port=port, metrics_port=metrics_port, interval_s=0.01, deadline_s=5)
        life = threading.Thread(target=serve, args=(config, create_log("test", out), stopping))
        life.start()
        self.addCleanup(life.join, 20)
        self.addCleanup(stopping.set)
        stub = HealthStub(self.channel_of(f"127.0.0.1:{port}"))
        watch = stub.Watch(HealthCheckRequest(), wait_for_ready=True, timeout=30)

        def becomes(status: int) -> None:
            for response in watch:
                if response.status == status:
                    return
            self.fail("the watch ended")

        becomes(HealthCheckResponse.SERVING)
        self.guide.failing = True
        becomes(HealthCheckResponse.NOT_SERVING)
        self.assertEqual(stub.Check(HealthCheckRequest(service=LIVENESS)).status, HealthCheckResponse.SERVING)
        self.guide.failing = False
        becomes(HealthCheckResponse.SERVING)

        with urllib.request.urlopen(f"http://127.0.0.1:{metrics_port}/metrics", timeout=10) as response:
            told = response.read().decode()
        service = 'grpc_service="routeguide.v1.RouteGuide"'
        for text in (
            f'_seconds_count{{grpc_code="OK",grpc_method="RouteChat",{service},grpc_type="bidi_stream"}} ',
            'grpc_client_handling_seconds_count{grpc_code="UNAVAILABLE",',
            "process_cpu_seconds_total ",
        ):
            self.assertTrue(text in told, f"/metrics does not have {text}")

        stopping.set()
        life.join(20)
        self.assertFalse(life.is_alive())
        failed = [json.loads(line) for line in out.getvalue().splitlines() if '"error"' in line]
        self.assertEqual(failed[0]["status"], "UNAVAILABLE")

    def test_fails_where_the_port_is_taken(self) -> None:
        with socket.socket(socket.AF_INET6) as taken:
            taken.bind(("::", 0))
            taken.listen()
            port = taken.getsockname()[1]
            config = Config(server=self.address, port=port, metrics_port=0, interval_s=1, deadline_s=1)
            with self.assertRaisesRegex(RuntimeError, "[Ff]ailed to bind"):
                serve(config, logging.getLogger("unheard"), threading.Event())
