package services.routeguide.client_java;

import io.grpc.Channel;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import routeguide.v1.RouteGuideGrpc;
import routeguide.v1.RouteGuideGrpc.RouteGuideBlockingV2Stub;
import routeguide.v1.RouteGuideOuterClass.Feature;
import routeguide.v1.RouteGuideOuterClass.GetFeatureRequest;
import routeguide.v1.RouteGuideOuterClass.ListFeaturesRequest;
import routeguide.v1.RouteGuideOuterClass.Point;
import routeguide.v1.RouteGuideOuterClass.RecordRouteRequest;
import routeguide.v1.RouteGuideOuterClass.Rectangle;
import routeguide.v1.RouteGuideOuterClass.RouteChatRequest;
import routeguide.v1.RouteGuideOuterClass.RouteNote;
import routeguide.v1.RouteGuideOuterClass.RouteSummary;

/** The four kinds of call of one channel, each with a deadline and measured; a failed one throws its status. */
final class Calls {
  private final RouteGuideBlockingV2Stub stub;
  private final Duration deadline;
  private final Metrics metrics;

  Calls(Channel channel, Duration deadline, Metrics metrics) {
    this.stub = RouteGuideGrpc.newBlockingV2Stub(channel);
    this.deadline = deadline;
    this.metrics = metrics;
  }

  private RouteGuideBlockingV2Stub withDeadline() {
    return stub.withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Unary; empty where there is no feature. */
  Optional<Feature> getFeature(Point location) throws StatusException, InterruptedException {
    var request = GetFeatureRequest.newBuilder().setLocation(location).build();
    var response = metrics.measure("unary", "GetFeature", () -> withDeadline().getFeature(request));
    return response.hasFeature() ? Optional.of(response.getFeature()) : Optional.empty();
  }

  /** The server streams. */
  List<Feature> listFeatures(Rectangle area) throws StatusException, InterruptedException {
    return metrics.measure("server_stream", "ListFeatures", () -> readFeatures(area));
  }

  private List<Feature> readFeatures(Rectangle area) throws StatusException, InterruptedException {
    var call = withDeadline().listFeatures(ListFeaturesRequest.newBuilder().setArea(area).build());
    var features = new ArrayList<Feature>();
    for (var response = call.read(); response != null; response = call.read()) features.add(response.getFeature());
    return features;
  }

  /** The caller streams. */
  RouteSummary recordRoute(List<Point> route) throws StatusException, InterruptedException {
    return metrics.measure("client_stream", "RecordRoute", () -> writeRoute(route));
  }

  private RouteSummary writeRoute(List<Point> route) throws StatusException, InterruptedException {
    var call = withDeadline().recordRoute();
    for (var location : route) {
      // False: the call is over, and its status comes with the answer.
      if (!call.write(RecordRouteRequest.newBuilder().setLocation(location).build())) break;
    }
    call.halfClose();
    var response = call.read();
    if (response == null) throw new IllegalStateException("RecordRoute answered without a summary");
    return response.getSummary();
  }

  /** Both stream: sends each note, and collects what had been left before at its point. */
  List<RouteNote> routeChat(List<RouteNote> notes) throws StatusException, InterruptedException {
    return metrics.measure("bidi_stream", "RouteChat", () -> chat(notes));
  }

  private List<RouteNote> chat(List<RouteNote> notes) throws StatusException, InterruptedException {
    var call = withDeadline().routeChat();
    var writer = Thread.ofVirtual().start(() -> writeAll(call, notes));
    var earlier = new ArrayList<RouteNote>();
    try {
      for (var response = call.read(); response != null; response = call.read()) earlier.add(response.getNote());
    } finally {
      writer.join();
    }
    return earlier;
  }

  private static void writeAll(BlockingClientCall<RouteChatRequest, ?> call, List<RouteNote> notes) {
    try {
      for (var note : notes) {
        if (!call.write(RouteChatRequest.newBuilder().setNote(note).build())) return;
      }
      call.halfClose();
    } catch (StatusException e) {
      return; // The reader gets the status.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
