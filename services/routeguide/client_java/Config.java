package services.routeguide.client_java;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The client's settings.
 *
 * @param server host:port
 * @param port of the health service; 0: any free one
 * @param metricsPort likewise
 * @param deadline of a call
 */
record Config(String server, int port, int metricsPort, Duration interval, Duration deadline, Log.Level logLevel) {
  private static final Pattern ADDRESS = Pattern.compile("(?:\\[[0-9a-fA-F:.]+\\]|[^\\s:\\[\\]/]+):(\\d{1,5})");

  /** Settings that the client can't start with: one sentence for each. */
  static final class InvalidException extends Exception {
    private static final long serialVersionUID = 1;
    private final List<String> problems;

    InvalidException(List<String> problems) {
      super("reading settings: " + String.join("; ", problems));
      this.problems = List.copyOf(problems);
    }

    List<String> problems() {
      return problems;
    }
  }

  /** Reads every setting, and names all problems at once. */
  static Config read(Map<String, String> env) throws InvalidException {
    var problems = new ArrayList<String>();
    var server = env.getOrDefault("ROUTEGUIDE_ADDRESS", "");
    if (!isAddress(server)) problems.add(problem(env, "ROUTEGUIDE_ADDRESS", "host:port"));
    var levelName = env.getOrDefault("LOG_LEVEL", "");
    var level = Log.Level.named(levelName.isEmpty() ? "info" : levelName);
    if (level.isEmpty()) problems.add(problem(env, "LOG_LEVEL", "one of " + Log.Level.names()));
    var config =
        new Config(
            server,
            number(env, "PORT", 0, 65535, 50052, problems),
            number(env, "METRICS_PORT", 0, 65535, 9464, problems),
            Duration.ofMillis(number(env, "INTERVAL_MS", 10, 3_600_000, 5000, problems)),
            Duration.ofMillis(number(env, "CALL_DEADLINE_MS", 10, 600_000, 10_000, problems)),
            level.orElse(Log.Level.INFO));
    if (problems.isEmpty()) return config;
    Collections.sort(problems);
    throw new InvalidException(problems);
  }

  static boolean isAddress(String text) {
    var match = ADDRESS.matcher(text);
    if (!match.matches()) return false;
    int port = Integer.parseInt(match.group(1));
    return port >= 1 && port <= 65535;
  }

  private static int number(
      Map<String, String> env, String variable, int low, int high, int fallback, List<String> problems) {
    var text = env.getOrDefault(variable, "");
    if (text.isEmpty()) return fallback;
    if (text.matches("-?[0-9]{1,9}")) {
      int value = Integer.parseInt(text);
      if (value >= low && value <= high) return value;
    }
    problems.add(problem(env, variable, "a whole number from " + low + " to " + high));
    return fallback;
  }

  private static String problem(Map<String, String> env, String variable, String expected) {
    var found = env.getOrDefault(variable, "");
    var got = found.isEmpty() ? "and is not set" : "got \"" + found + "\"";
    return variable + " must be " + expected + ", " + got;
  }
}
