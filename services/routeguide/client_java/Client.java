package services.routeguide.client_java;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The client's life: rounds of calls, and a health service that says whether the last one succeeded. */
final class Client {
  /**
   * Spreads calls over all servers of the name, and repeats those that may be repeated:
   * https://github.com/grpc/grpc/blob/master/doc/service_config.md.
   */
  private static final Map<String, Object> SERVICE_CONFIG =
      Map.of(
          "loadBalancingConfig",
          List.of(Map.of("round_robin", Map.of())),
          "retryThrottling",
          Map.of("maxTokens", 100.0, "tokenRatio", 0.1),
          "methodConfig",
          List.of(
              Map.of(
                  "name",
                  List.of(method("GetFeature"), method("ListFeatures"), method("RecordRoute")),
                  "retryPolicy",
                  Map.of(
                      "maxAttempts",
                      4.0,
                      "initialBackoff",
                      "0.05s",
                      "maxBackoff",
                      "1s",
                      "backoffMultiplier",
                      2.0,
                      "retryableStatusCodes",
                      List.of("UNAVAILABLE")))));

  private static Map<String, String> method(String name) {
    return Map.of("service", "routeguide.v1.RouteGuide", "method", name);
  }

  private final Config config;
  private final Log log;

  Client(Config config, Log log) {
    this.config = config;
    this.log = log;
  }

  /** Calls the server round by round until `stopping` is counted down; the calls that run then may finish. */
  void run(CountDownLatch stopping) throws IOException, InterruptedException {
    var target = "dns:///" + config.server();
    ManagedChannel channel =
        Grpc.newChannelBuilder(target, InsecureChannelCredentials.create())
            .defaultServiceConfig(SERVICE_CONFIG)
            .keepAliveTime(30, TimeUnit.SECONDS)
            .build();
    var metrics = new Metrics();
    try (var health = HealthServer.start(config.port(), log);
        var metricsServer = metrics.serve(config.metricsPort())) {
      var calls = new Calls(channel, config.deadline(), metrics);
      log.info(
          "calling",
          Map.of(
              "target", target,
              "intervalMs", config.interval().toMillis(),
              "port", health.port(),
              "metricsPort", metricsServer.getPort()));
      for (int number = 1; stopping.getCount() > 0; number++) {
        try {
          new Round(calls, log, number).run(Itinerary.NEW_JERSEY);
          health.setReady(true);
        } catch (Round.FailedException e) {
          var fields = new LinkedHashMap<String, Object>();
          fields.put("round", number);
          fields.putAll(e.fields());
          log.error("round failed", fields);
          health.setReady(false);
          // Else the channel waits up to two minutes before it connects to a server that is back.
          channel.resetConnectBackoff();
        }
        stopping.await(config.interval().toMillis(), TimeUnit.MILLISECONDS);
      }
    } finally {
      channel.shutdownNow().awaitTermination(1, TimeUnit.SECONDS);
    }
  }
}
