package services.routeguide.client_java;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import routeguide.v1.RouteGuideGrpc;
import routeguide.v1.RouteGuideOuterClass.Feature;
import routeguide.v1.RouteGuideOuterClass.GetFeatureRequest;
import routeguide.v1.RouteGuideOuterClass.GetFeatureResponse;
import routeguide.v1.RouteGuideOuterClass.ListFeaturesRequest;
import routeguide.v1.RouteGuideOuterClass.ListFeaturesResponse;
import routeguide.v1.RouteGuideOuterClass.Point;
import routeguide.v1.RouteGuideOuterClass.RecordRouteRequest;
import routeguide.v1.RouteGuideOuterClass.RecordRouteResponse;
import routeguide.v1.RouteGuideOuterClass.RouteChatRequest;
import routeguide.v1.RouteGuideOuterClass.RouteChatResponse;
import routeguide.v1.RouteGuideOuterClass.RouteNote;
import routeguide.v1.RouteGuideOuterClass.RouteSummary;

/** The client's calls, its round and its life, against a route guide of the test's own. */
@Timeout(60)
final class ClientTest {
  private static final List<Point> KNOWN = Itinerary.NEW_JERSEY.places().subList(0, 5);

  /** It knows all places of the itinerary but the last. */
  private static final class Guide extends RouteGuideGrpc.RouteGuideImplBase {
    volatile boolean isFailing = false;
    private final List<RouteNote> notes = new CopyOnWriteArrayList<>();

    /** Ends a call; or fails it, where calls fail. */
    private void end(StreamObserver<?> responses) {
      if (isFailing) {
        responses.onError(Status.UNAVAILABLE.withDescription("the store cannot be reached").asException());
      } else {
        responses.onCompleted();
      }
    }

    private static Feature feature(Point location) {
      return Feature.newBuilder().setName("a place").setLocation(location).build();
    }

    @Override
    public void getFeature(GetFeatureRequest request, StreamObserver<GetFeatureResponse> responses) {
      var response = GetFeatureResponse.newBuilder();
      if (KNOWN.contains(request.getLocation())) response.setFeature(feature(request.getLocation()));
      if (!isFailing) responses.onNext(response.build());
      end(responses);
    }

    @Override
    public void listFeatures(ListFeaturesRequest request, StreamObserver<ListFeaturesResponse> responses) {
      for (var place : KNOWN) responses.onNext(ListFeaturesResponse.newBuilder().setFeature(feature(place)).build());
      end(responses);
    }

    @Override
    public StreamObserver<RecordRouteRequest> recordRoute(StreamObserver<RecordRouteResponse> responses) {
      var route = new ArrayList<Point>();
      return observer(
          request -> route.add(request.getLocation()),
          () -> {
            int known = (int) route.stream().filter(KNOWN::contains).count();
            var summary = RouteSummary.newBuilder().setPointCount(route.size()).setFeatureCount(known);
            if (!isFailing) responses.onNext(RecordRouteResponse.newBuilder().setSummary(summary).build());
            end(responses);
          });
    }

    @Override
    public StreamObserver<RouteChatRequest> routeChat(StreamObserver<RouteChatResponse> responses) {
      return observer(
          request -> {
            for (var note : notes) {
              if (!note.getLocation().equals(request.getNote().getLocation())) continue;
              responses.onNext(RouteChatResponse.newBuilder().setNote(note).build());
            }
            notes.add(request.getNote());
          },
          () -> end(responses));
    }

    private interface Taker<T> {
      void take(T request);
    }

    private static <T> StreamObserver<T> observer(Taker<T> taker, Runnable completed) {
      return new StreamObserver<>() {
        @Override
        public void onNext(T request) {
          taker.take(request);
        }

        @Override
        public void onError(Throwable error) {}

        @Override
        public void onCompleted() {
          completed.run();
        }
      };
    }
  }

  private final Guide guide = new Guide();
  private final List<ManagedChannel> channels = new ArrayList<>();
  private Server server;
  private Calls calls;

  @BeforeEach
  void start() throws IOException {
    server = Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create()).addService(guide).build().start();
    calls = callsOf(address());
  }

  @AfterEach
  void stop() throws InterruptedException {
    for (var channel : channels) channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
  }

  private String address() {
    return "127.0.0.1:" + server.getPort();
  }

  private ManagedChannel channelOf(String address) {
    var channel = Grpc.newChannelBuilder(address, InsecureChannelCredentials.create()).build();
    channels.add(channel);
    return channel;
  }

  private Calls callsOf(String address) {
    return new Calls(channelOf(address), Duration.ofSeconds(20), new Metrics());
  }

  private static Log logTo(ByteArrayOutputStream out) {
    return new Log("test", new PrintStream(out, true, StandardCharsets.UTF_8));
  }

  private static List<JsonObject> linesOf(ByteArrayOutputStream out) {
    return out.toString(StandardCharsets.UTF_8)
        .lines()
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .toList();
  }

  /** The lines that a round logs, by the call that they are about. */
  private Map<String, List<JsonObject>> round(int number) throws Exception {
    var out = new ByteArrayOutputStream();
    new Round(calls, logTo(out), number).run(Itinerary.NEW_JERSEY);
    return linesOf(out).stream().collect(Collectors.groupingBy(line -> line.get("call").getAsString()));
  }

  @Test
  void roundMakesAllFourKindsOfCallAndLogsWhatCame() throws Exception {
    var lines = round(1);
    var features = lines.get("GetFeature").stream().map(line -> line.get("feature")).toList();
    assertEquals(6, features.size());
    assertEquals(new JsonPrimitive("a place"), features.getFirst());
    assertEquals(JsonNull.INSTANCE, features.getLast());
    assertEquals(5, lines.get("ListFeatures").getFirst().get("count").getAsInt());
    assertEquals(6, lines.get("RecordRoute").getFirst().get("pointCount").getAsInt());
    assertEquals(5, lines.get("RecordRoute").getFirst().get("featureCount").getAsInt());
    assertEquals(0, lines.get("RouteChat").getFirst().get("received").getAsInt());
    for (var line : lines.values()) {
      assertEquals("info", line.getFirst().get("level").getAsString());
      assertEquals("test", line.getFirst().get("service").getAsString());
      assertEquals(1, line.getFirst().get("round").getAsInt());
      assertTrue(line.getFirst().get("durationMs").getAsDouble() >= 0);
    }
    assertEquals("note 3 of round 1", round(2).get("RouteChat").getFirst().get("latest").getAsString());
  }

  @Test
  void roundTellsTheCallAndTheStatusOfAFailure() {
    guide.isFailing = true;
    var thrown = assertThrows(Round.FailedException.class, () -> round(1));
    assertEquals(
        Map.of("call", "GetFeature", "status", "UNAVAILABLE", "details", "the store cannot be reached"),
        thrown.fields());
  }

  @Test
  void failedCallsHaveTheirStatus() {
    guide.isFailing = true;
    for (Executable call :
        List.<Executable>of(
            () -> calls.getFeature(KNOWN.getFirst()),
            () -> calls.listFeatures(Itinerary.NEW_JERSEY.area()),
            () -> calls.recordRoute(KNOWN),
            () -> calls.routeChat(List.of()))) {
      var thrown = assertThrows(StatusException.class, call);
      assertEquals(Status.Code.UNAVAILABLE, thrown.getStatus().getCode());
      assertEquals("the store cannot be reached", thrown.getStatus().getDescription());
    }
  }

  @Test
  void callsFailWhereNobodyListens() {
    var nowhere = callsOf("127.0.0.1:1");
    var recorded = assertThrows(StatusException.class, () -> nowhere.recordRoute(KNOWN));
    assertEquals(Status.Code.UNAVAILABLE, recorded.getStatus().getCode());
    var chatted = assertThrows(StatusException.class, () -> nowhere.routeChat(List.of()));
    assertEquals(Status.Code.UNAVAILABLE, chatted.getStatus().getCode());
  }

  @Test
  void longRouteArrivesWhole() throws Exception {
    var route = Collections.nCopies(5000, KNOWN.getFirst());
    assertEquals(5000, calls.recordRoute(route).getPointCount());
  }

  @Test
  void longChatComesBackWhole() throws Exception {
    var note = RouteNote.newBuilder().setLocation(KNOWN.getFirst()).setMessage("x").build();
    int count = 100;
    // Each note is answered with all before it: far more comes back than is sent.
    int answers = IntStream.range(0, count).sum();
    assertEquals(answers, calls.routeChat(Collections.nCopies(count, note)).size());
  }

  @Test
  void healthFollowsTheRounds() throws Exception {
    var out = new ByteArrayOutputStream();
    var stopping = new CountDownLatch(1);
    int port = freePort();
    int metricsPort = freePort();
    var config = new Config(address(), port, metricsPort, Duration.ofMillis(10), Duration.ofSeconds(5), Log.Level.INFO);
    var failure = new ArrayList<Exception>();
    var life =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    new Client(config, logTo(out)).run(stopping);
                  } catch (Exception e) {
                    failure.add(e);
                  }
                });
    var checks = HealthGrpc.newBlockingV2Stub(channelOf("127.0.0.1:" + port)).withWaitForReady();
    var watch = checks.withDeadlineAfter(40, TimeUnit.SECONDS).watch(HealthCheckRequest.getDefaultInstance());
    becomes(watch::read, ServingStatus.SERVING);
    guide.isFailing = true;
    becomes(watch::read, ServingStatus.NOT_SERVING);
    var alive = checks.check(HealthCheckRequest.newBuilder().setService(HealthServer.LIVENESS).build());
    assertEquals(ServingStatus.SERVING, alive.getStatus());
    guide.isFailing = false;
    becomes(watch::read, ServingStatus.SERVING);

    var told = get("http://127.0.0.1:" + metricsPort + "/metrics");
    for (var text :
        List.of(
            "grpc_client_handling_seconds_count{grpc_code=\"OK\",grpc_method=\"RouteChat\","
                + "grpc_service=\"routeguide.v1.RouteGuide\",grpc_type=\"bidi_stream\"} ",
            "grpc_client_handling_seconds_count{grpc_code=\"UNAVAILABLE\",",
            "process_cpu_seconds_total ")) {
      assertTrue(told.contains(text), "/metrics does not have " + text);
    }

    stopping.countDown();
    life.join(20_000);
    assertEquals(List.of(), failure);
    assertTrue(!life.isAlive(), "the client has stopped");
    var failed = linesOf(out).stream().filter(line -> line.get("level").getAsString().equals("error")).toList();
    assertEquals("UNAVAILABLE", failed.getFirst().get("status").getAsString());
  }

  private static String get(String url) throws Exception {
    try (var http = HttpClient.newHttpClient()) {
      var response = http.send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString());
      assertEquals(200, response.statusCode());
      return response.body();
    }
  }

  private interface Watch {
    HealthCheckResponse read() throws Exception;
  }

  private static void becomes(Watch watch, ServingStatus wanted) throws Exception {
    for (var response = watch.read(); response != null; response = watch.read()) {
      if (response.getStatus() == wanted) return;
    }
    throw new AssertionError("the watch ended before the health became " + wanted);
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  @Test
  void clientFailsWhereThePortIsTaken() {
    var config = new Config(address(), server.getPort(), 0, Duration.ofSeconds(1), Duration.ofSeconds(1), Log.Level.INFO);
    var client = new Client(config, logTo(new ByteArrayOutputStream()));
    var thrown = assertThrows(IOException.class, () -> client.run(new CountDownLatch(1)));
    assertTrue(thrown.getMessage().contains("bind"), thrown.getMessage());
  }
}
