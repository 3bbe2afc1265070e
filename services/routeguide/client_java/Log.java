package services.routeguide.client_java;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Collectors;

/** Structured logs: one JSON object a line, with the keys of all services here: level, time, service, msg. */
final class Log {
  /** From what is told least often to what ends the process. */
  enum Level {
    TRACE,
    DEBUG,
    INFO,
    WARN,
    ERROR,
    FATAL;

    static Optional<Level> named(String name) {
      return Arrays.stream(values()).filter(level -> level.text().equals(name)).findFirst();
    }

    static String names() {
      return Arrays.stream(values()).map(Level::text).collect(Collectors.joining(", "));
    }

    private String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Gson gson = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();
  private final String service;
  private final PrintStream out;
  private volatile Level level = Level.INFO;

  Log(String service, PrintStream out) {
    this.service = service;
    this.out = out;
  }

  /** The process's own log; what libraries log goes there too, from warnings on. */
  static Log toStandardOutput(String service) {
    var log = new Log(service, new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8));
    LogManager.getLogManager().reset();
    var root = Logger.getLogger("");
    root.setLevel(java.util.logging.Level.WARNING);
    root.addHandler(log.handler());
    return log;
  }

  void setLevel(Level level) {
    this.level = level;
  }

  void info(String message, Map<String, ?> fields) {
    write(Level.INFO, message, fields);
  }

  void warn(String message, Map<String, ?> fields) {
    write(Level.WARN, message, fields);
  }

  void error(String message, Map<String, ?> fields) {
    write(Level.ERROR, message, fields);
  }

  void fatal(String message, Map<String, ?> fields) {
    write(Level.FATAL, message, fields);
  }

  private void write(Level level, String message, Map<String, ?> fields) {
    if (level.compareTo(this.level) < 0) return;
    var line = new LinkedHashMap<String, Object>();
    line.put("level", level.text());
    line.put("time", Instant.now().truncatedTo(ChronoUnit.MILLIS).toString());
    line.put("service", service);
    line.putAll(fields);
    line.put("msg", message);
    out.println(gson.toJson(line));
  }

  private Handler handler() {
    return new Handler() {
      @Override
      public void publish(LogRecord record) {
        var isError = record.getLevel().intValue() >= java.util.logging.Level.SEVERE.intValue();
        var fields = new LinkedHashMap<String, Object>();
        fields.put("logger", record.getLoggerName());
        if (record.getThrown() != null) fields.put("err", record.getThrown().toString());
        write(isError ? Level.ERROR : Level.WARN, String.valueOf(record.getMessage()), fields);
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
  }
}
