"""One round of the client: every kind of call once, and what came of it as log lines."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import grpc

from proto.routeguide.v1.route_guide_pb2 import Point, Rectangle, RouteNote
from services.routeguide.client_python.calls import Calls


@dataclass(frozen=True)
class Itinerary:
    """What a round asks for: places one by one, and as a route from first to last."""

    places: tuple[Point, ...]
    area: Rectangle


# Five places of the server's data set, and one where there is nothing.
NEW_JERSEY = Itinerary(
    places=(
        Point(latitude_e7=391_594_848, longitude_e7=-748_206_869),  # Laurel Bakery
        Point(latitude_e7=396_313_404, longitude_e7=-750_150_637),  # Egret Boardwalk
        Point(latitude_e7=400_785_203, longitude_e7=-746_033_912),  # Sandbar Bird Hide
        Point(latitude_e7=404_988_505, longitude_e7=-746_256_821),  # Nightjar Mill Pond
        Point(latitude_e7=409_041_203, longitude_e7=-747_192_206),  # Amber Overlook
        Point(latitude_e7=400_000_000, longitude_e7=-740_000_000),
    ),
    area=Rectangle(
        low=Point(latitude_e7=390_000_000, longitude_e7=-756_000_000),
        high=Point(latitude_e7=414_000_000, longitude_e7=-739_000_000),
    ),
)


class RoundError(Exception):
    """A round that a failed call ended; `fields` is what a log line says of it."""

    def __init__(self, call: str, error: grpc.RpcError) -> None:
        super().__init__(f"{call}: {error}")
        self.fields = {"call": call, "status": error.code().name, "details": error.details()}


class _Clock:
    """How long a call took."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def milliseconds(self) -> float:
        return round((time.monotonic() - self._start) * 1000, 2)


@contextmanager
def _calling(call: str) -> Iterator[_Clock]:
    try:
        yield _Clock()
    except grpc.RpcError as error:
        raise RoundError(call, error) from error


def run_round(calls: Calls, log: logging.Logger, number: int, trip: Itinerary = NEW_JERSEY) -> None:
    """Makes the four kinds of call in turn, and logs each answer and how long it took; raises the first RoundError."""

    def told(message: str, call: str, clock: _Clock, **fields: object) -> None:
        log.info(message, extra={"round": number, "call": call, **fields, "durationMs": clock.milliseconds()})

    for location in trip.places:
        with _calling("GetFeature") as clock:
            feature = calls.get_feature(location)
        place = {"latitudeE7": location.latitude_e7, "longitudeE7": location.longitude_e7}
        told("feature", "GetFeature", clock, location=place, feature=feature.name if feature else None)

    with _calling("ListFeatures") as clock:
        features = calls.list_features(trip.area)
    told("features", "ListFeatures", clock, count=len(features), first=[one.name for one in features[:3]])

    with _calling("RecordRoute") as clock:
        summary = calls.record_route(trip.places)
    told(
        "route",
        "RecordRoute",
        clock,
        pointCount=summary.point_count,
        featureCount=summary.feature_count,
        distanceMeters=summary.distance_meters,
        elapsedSeconds=summary.elapsed_seconds,
    )

    notes = [
        RouteNote(location=location, message=f"note {index} of round {number}")
        for index, location in enumerate(trip.places[:3], start=1)
    ]
    with _calling("RouteChat") as clock:
        earlier = calls.route_chat(notes)
    latest = earlier[-1].message if earlier else None
    told("notes", "RouteChat", clock, sent=len(notes), received=len(earlier), latest=latest)
