package services.routeguide.client_java;

import io.grpc.Status;
import io.grpc.StatusException;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.exporter.httpserver.HTTPServer;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;

/** What Prometheus is told of the process. */
final class Metrics {
  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final Histogram seconds =
      Histogram.builder()
          .name("grpc_client_handling_seconds")
          .help("How long calls took. Those of a client include their retries.")
          .labelNames("grpc_type", "grpc_service", "grpc_method", "grpc_code")
          .classicOnly()
          .classicUpperBounds(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
          .register(registry);

  /** A call, which fails by its status. */
  interface Call<T> {
    T make() throws StatusException, InterruptedException;
  }

  Metrics() {
    JvmMetrics.builder().register(registry);
  }

  /** Makes a call, and counts it and how long it took. */
  <T> T measure(String type, String method, Call<T> call) throws StatusException, InterruptedException {
    long start = System.nanoTime();
    var code = Status.Code.OK;
    try {
      return call.make();
    } catch (StatusException e) {
      code = e.getStatus().getCode();
      throw e;
    } finally {
      double took = (System.nanoTime() - start) / 1e9;
      seconds.labelValues(type, "routeguide.v1.RouteGuide", method, code.name()).observe(took);
    }
  }

  /** Answers /metrics at a port; 0 takes any free one. */
  HTTPServer serve(int port) throws IOException {
    return HTTPServer.builder().port(port).registry(registry).buildAndStart();
  }
}
