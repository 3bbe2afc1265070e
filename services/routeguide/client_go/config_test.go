package main

import (
	"errors"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"testing"
	"time"
)

func itoa(number int) string { return strconv.Itoa(number) }

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

func from(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

func TestConfigHasDefaults(t *testing.T) {
	got, err := readConfig(from(map[string]string{"ROUTEGUIDE_ADDRESS": "server:50051"}))
	want := config{
		server: "server:50051", port: 50052, metricsPort: 9464, interval: 5 * time.Second, deadline: 10 * time.Second,
	}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestConfigNamesAllProblems(t *testing.T) {
	_, err := readConfig(from(map[string]string{"PORT": "70000", "INTERVAL_MS": "soon", "LOG_LEVEL": "loud"}))
	var wrong *configError
	if !errors.As(err, &wrong) {
		t.Fatalf("got %v", err)
	}
	want := []string{
		`INTERVAL_MS must be a whole number from 10 to 3600000, got "soon"`,
		`LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, got "loud"`,
		`PORT must be a whole number from 0 to 65535, got "70000"`,
		`ROUTEGUIDE_ADDRESS must be host:port, and is not set`,
	}
	if !slices.Equal(wrong.problems, want) {
		t.Errorf("got %q", wrong.problems)
	}
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]bool{
		"a:1": true, "[::1]:50051": true, "a": false, ":1": false, "a:0": false, "a:65536": false, "http://a:1": false, "": false,
	} {
		if isAddress(text) != want {
			t.Errorf("%q is an address: %v, want %v", text, !want, want)
		}
	}
}

func TestLevels(t *testing.T) {
	for level, want := range map[slog.Level]string{
		slog.LevelInfo: "info", slog.LevelWarn: "warn", levelFatal: "fatal", slog.LevelDebug - 4: "trace",
	} {
		if got := levelName(level); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
