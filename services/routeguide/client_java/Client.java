package services.routeguide.client_java;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The client's life: rounds of calls, and a health service that says whether the last one succeeded. */
final class Client {
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
        Grpc.newChannelBuilder(target, InsecureChannelCredentials.create()).keepAliveTime(30, TimeUnit.SECONDS).build();
    try (var health = HealthServer.start(config.healthPort(), log)) {
      var calls = new Calls(channel, config.deadline());
      log.info(
          "calling",
          Map.of("target", target, "intervalMs", config.interval().toMillis(), "healthPort", health.port()));
      for (int number = 1; stopping.getCount() > 0; number++) {
        try {
          new Round(calls, log, number).run(Itinerary.NEW_JERSEY);
          health.setReady(true);
        } catch (Round.FailedException e) {
          var fields = e.fields();
          fields.put("round", number);
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
