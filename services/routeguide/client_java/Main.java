package services.routeguide.client_java;

import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The process of the route guide's client in Java: a round of calls again and again, until it is stopped. */
public final class Main {
  static final String NAME = "routeguide-client-java";

  /** After how long a stop is given up: below Kubernetes' 30 s. */
  private static final long STOP_DEADLINE_SECONDS = 25;

  private Main() {}

  /** Exit code: 0 after a clean stop; 1 where settings are wrong, the start failed, or the stop took too long. */
  public static void main(String[] args) {
    var log = Log.toStandardOutput(NAME);
    Config config;
    try {
      config = Config.read(System.getenv());
    } catch (Config.InvalidException e) {
      log.fatal("settings are wrong", Map.of("problems", e.problems()));
      System.exit(1);
      return;
    }
    log.setLevel(config.logLevel());

    var stopping = new CountDownLatch(1);
    var ended = new CountDownLatch(1);
    var code = new AtomicInteger(1);
    // SIGTERM and SIGINT begin the JVM's shutdown; its exit code would be that of the signal, so the hook ends it.
    var hook = new Thread(() -> stop(log, stopping, ended, code), "shutdown");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      new Client(config, log).run(stopping);
      code.set(0);
    } catch (Exception e) {
      log.fatal("failed", Map.of("err", e.toString()));
    }
    ended.countDown();
    if (stopping.getCount() > 0) System.exit(1);
  }

  private static void stop(Log log, CountDownLatch stopping, CountDownLatch ended, AtomicInteger code) {
    if (ended.getCount() == 0) return;
    log.info("stopping", Map.of("reason", "signal"));
    stopping.countDown();
    try {
      if (!ended.await(STOP_DEADLINE_SECONDS, TimeUnit.SECONDS)) {
        log.error("stopping took too long", Map.of("deadlineMs", STOP_DEADLINE_SECONDS * 1000));
      } else if (code.get() == 0) {
        log.info("stopped", Map.of());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(code.get());
  }
}
