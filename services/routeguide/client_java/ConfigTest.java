package services.routeguide.client_java;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ConfigTest {
  @Test
  void hasDefaults() throws Exception {
    var expected = new Config("server:50051", 50052, 9464, Duration.ofSeconds(5), Duration.ofSeconds(10), Log.Level.INFO);
    assertEquals(expected, Config.read(Map.of("ROUTEGUIDE_ADDRESS", "server:50051")));
  }

  @Test
  void namesAllProblems() {
    var env = Map.of("PORT", "70000", "INTERVAL_MS", "soon", "LOG_LEVEL", "loud");
    var thrown = assertThrows(Config.InvalidException.class, () -> Config.read(env));
    assertEquals(
        List.of(
            "INTERVAL_MS must be a whole number from 10 to 3600000, got \"soon\"",
            "LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, got \"loud\"",
            "PORT must be a whole number from 0 to 65535, got \"70000\"",
            "ROUTEGUIDE_ADDRESS must be host:port, and is not set"),
        thrown.problems());
  }

  @ParameterizedTest
  @CsvSource({
    "a:1, true", "[::1]:50051, true", "a, false", ":1, false", "a:0, false", "a:65536, false", "http://a:1, false",
    "'', false"
  })
  void knowsAnAddress(String text, boolean expected) {
    assertEquals(expected, Config.isAddress(text));
  }
}
