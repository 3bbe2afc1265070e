package services.routeguide.client_java;

import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The health of the process: the empty name is its readiness. */
final class HealthServer implements AutoCloseable {
  /** The health check's name for "this process is alive": a liveness probe asks for it. */
  static final String LIVENESS = "liveness";

  private final HealthStatusManager statuses;
  private final Server server;
  private final Log log;
  private boolean ready = false;

  private HealthServer(HealthStatusManager statuses, Server server, Log log) {
    this.statuses = statuses;
    this.server = server;
    this.log = log;
  }

  /** Listens; port 0 takes any free one. */
  static HealthServer start(int port, Log log) throws IOException {
    var statuses = new HealthStatusManager();
    statuses.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.NOT_SERVING);
    statuses.setStatus(LIVENESS, ServingStatus.SERVING);
    var server =
        Grpc.newServerBuilderForPort(port, InsecureServerCredentials.create())
            .addService(statuses.getHealthService())
            .build()
            .start();
    return new HealthServer(statuses, server, log);
  }

  int port() {
    return server.getPort();
  }

  void setReady(boolean isReady) {
    if (isReady == ready) return;
    ready = isReady;
    statuses.setStatus(
        HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ready ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
    log.info(ready ? "ready" : "not ready", Map.of("ready", ready));
  }

  /** Tells those who watch, and ends what outlasts a second. */
  @Override
  public void close() throws InterruptedException {
    statuses.enterTerminalState();
    server.shutdown();
    if (!server.awaitTermination(1, TimeUnit.SECONDS)) server.shutdownNow().awaitTermination(1, TimeUnit.SECONDS);
  }
}
