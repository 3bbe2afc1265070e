package services.greeter_java;

import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Answers greet.v1.Greeter at PORT until it is stopped. */
public final class Main {
  private Main() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    var port = Integer.parseInt(System.getenv().getOrDefault("PORT", "50051"));
    // The empty name is readiness, "liveness" whether the process answers at all.
    var health = new HealthStatusManager();
    health.setStatus("liveness", ServingStatus.SERVING);
    var server =
        Grpc.newServerBuilderForPort(port, InsecureServerCredentials.create())
            .addService(new Greeter())
            .addService(health.getHealthService())
            .build()
            .start();
    System.out.printf("{\"level\":\"info\",\"msg\":\"listening\",\"port\":%d}%n", server.getPort());
    // SIGTERM begins the JVM's shutdown, whose exit code would be that of the signal: calls that run may finish.
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  health.enterTerminalState();
                  server.shutdown();
                  var ended = false;
                  try {
                    ended = server.awaitTermination(20, TimeUnit.SECONDS);
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                  Runtime.getRuntime().halt(ended ? 0 : 1);
                }));
    server.awaitTermination();
  }
}
