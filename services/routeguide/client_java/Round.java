package services.routeguide.client_java;

import io.grpc.StatusException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import routeguide.v1.RouteGuideOuterClass.RouteNote;

/** One round of the client: every kind of call once, and what came of it as log lines. */
final class Round {
  /** A round that a failed call ended. */
  static final class FailedException extends Exception {
    private static final long serialVersionUID = 1;
    private final String call;
    private final transient StatusException status;

    FailedException(String call, StatusException status) {
      super(call + ": " + status.getMessage(), status);
      this.call = call;
      this.status = status;
    }

    /** What a log line says of it. */
    Map<String, Object> fields() {
      var fields = new LinkedHashMap<String, Object>();
      fields.put("call", call);
      fields.put("status", status.getStatus().getCode().name());
      fields.put("details", status.getStatus().getDescription());
      return fields;
    }
  }

  private interface Call<T> {
    T make() throws StatusException, InterruptedException;
  }

  private interface Told<T> {
    void tell(T answer, Map<String, Object> fields);
  }

  private final Calls calls;
  private final Log log;
  private final int number;

  Round(Calls calls, Log log, int number) {
    this.calls = calls;
    this.log = log;
    this.number = number;
  }

  /** Makes the four kinds of call in turn, and logs each answer and how long it took; ends at the first failure. */
  void run(Itinerary trip) throws FailedException, InterruptedException {
    for (var location : trip.places()) {
      call("feature", "GetFeature", () -> calls.getFeature(location), (feature, fields) -> {
        fields.put("location", Map.of("latitudeE7", location.getLatitudeE7(), "longitudeE7", location.getLongitudeE7()));
        fields.put("feature", feature.isPresent() ? feature.get().getName() : null);
      });
    }
    call("features", "ListFeatures", () -> calls.listFeatures(trip.area()), (features, fields) -> {
      fields.put("count", features.size());
      fields.put("first", features.stream().limit(3).map(feature -> feature.getName()).toList());
    });
    call("route", "RecordRoute", () -> calls.recordRoute(trip.places()), (summary, fields) -> {
      fields.put("pointCount", summary.getPointCount());
      fields.put("featureCount", summary.getFeatureCount());
      fields.put("distanceMeters", summary.getDistanceMeters());
      fields.put("elapsedSeconds", summary.getElapsedSeconds());
    });
    var notes = notes(trip);
    call("notes", "RouteChat", () -> calls.routeChat(notes), (earlier, fields) -> {
      fields.put("sent", notes.size());
      fields.put("received", earlier.size());
      fields.put("latest", earlier.isEmpty() ? null : earlier.getLast().getMessage());
    });
  }

  private List<RouteNote> notes(Itinerary trip) {
    var notes = new ArrayList<RouteNote>();
    for (var location : trip.places().subList(0, Math.min(3, trip.places().size()))) {
      var message = "note " + (notes.size() + 1) + " of round " + number;
      notes.add(RouteNote.newBuilder().setLocation(location).setMessage(message).build());
    }
    return notes;
  }

  private <T> void call(String message, String name, Call<T> call, Told<T> told)
      throws FailedException, InterruptedException {
    long start = System.nanoTime();
    T answer;
    try {
      answer = call.make();
    } catch (StatusException e) {
      throw new FailedException(name, e);
    }
    long micros = (System.nanoTime() - start) / 1000;
    var fields = new LinkedHashMap<String, Object>();
    fields.put("round", number);
    fields.put("call", name);
    told.tell(answer, fields);
    fields.put("durationMs", micros / 10 / 100.0);
    log.info(message, fields);
  }
}
