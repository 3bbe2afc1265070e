package main

import (
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// config is what the environment says.
type config struct {
	server      string // host:port
	port        int    // of the health service; 0: any free one
	metricsPort int    // likewise
	interval    time.Duration
	deadline    time.Duration // of a call
	logLevel    slog.Level
}

// configError is settings that the client can't start with: one sentence for each.
type configError struct{ problems []string }

func (e *configError) Error() string { return "reading settings: " + strings.Join(e.problems, "; ") }

var logLevels = map[string]slog.Level{
	"trace": slog.LevelDebug - 4, "debug": slog.LevelDebug, "info": slog.LevelInfo,
	"warn": slog.LevelWarn, "error": slog.LevelError, "fatal": levelFatal,
}

// readConfig reads every setting, and names all problems at once.
func readConfig(getenv func(string) string) (config, error) {
	var problems []string
	problem := func(variable, expected, found string) {
		got := "and is not set"
		if found != "" {
			got = fmt.Sprintf("got %q", found)
		}
		problems = append(problems, fmt.Sprintf("%s must be %s, %s", variable, expected, got))
	}
	number := func(variable string, low, high, fallback int) int {
		text := getenv(variable)
		if text == "" {
			return fallback
		}
		value, err := strconv.Atoi(text)
		if err != nil || value < low || value > high {
			problem(variable, fmt.Sprintf("a whole number from %d to %d", low, high), text)
		}
		return value
	}

	address := getenv("ROUTEGUIDE_ADDRESS")
	if !isAddress(address) {
		problem("ROUTEGUIDE_ADDRESS", "host:port", address)
	}
	levelName := getenv("LOG_LEVEL")
	level, known := logLevels[levelName]
	if !known && levelName != "" {
		problem("LOG_LEVEL", "one of trace, debug, info, warn, error, fatal", levelName)
	}
	result := config{
		server:      address,
		port:        number("PORT", 0, 65535, 50052),
		metricsPort: number("METRICS_PORT", 0, 65535, 9464),
		interval:    time.Duration(number("INTERVAL_MS", 10, 3_600_000, 5000)) * time.Millisecond,
		deadline:    time.Duration(number("CALL_DEADLINE_MS", 10, 600_000, 10_000)) * time.Millisecond,
		logLevel:    level,
	}
	if len(problems) > 0 {
		slices.Sort(problems)
		return config{}, &configError{problems}
	}
	return result, nil
}

func isAddress(text string) bool {
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" || strings.ContainsAny(host, " /") {
		return false
	}
	number, err := strconv.Atoi(port)
	return err == nil && number >= 1 && number <= 65535
}
