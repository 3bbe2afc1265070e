package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

func TestHealthFollowsTheRounds(t *testing.T) {
	guide, address := startGuide(t)
	var out bytes.Buffer
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	port := freePort(t)
	settings := config{
		server: address, port: port, metricsPort: freePort(t), interval: 10 * time.Millisecond, deadline: time.Second,
	}
	go func() { done <- serve(ctx, settings, newLogger(&out, slog.LevelInfo)) }()

	checks := grpc_health_v1.NewHealthClient(connect(t, net.JoinHostPort("127.0.0.1", itoa(port))))
	watch, err := checks.Watch(t.Context(), &grpc_health_v1.HealthCheckRequest{}, grpc.WaitForReady(true))
	if err != nil {
		t.Fatal(err)
	}
	becomes := func(wanted grpc_health_v1.HealthCheckResponse_ServingStatus) {
		t.Helper()
		for {
			response, err := watch.Recv()
			if err != nil {
				t.Fatalf("waiting for %v: %v", wanted, err)
			}
			if response.Status == wanted {
				return
			}
		}
	}
	becomes(grpc_health_v1.HealthCheckResponse_SERVING)
	guide.fail(status.Error(codes.Unavailable, "gone"))
	becomes(grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	alive, err := checks.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: liveness})
	if err != nil || alive.Status != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Errorf("liveness is %v, %v", alive, err)
	}
	guide.fail(nil)
	becomes(grpc_health_v1.HealthCheckResponse_SERVING)

	told := metricsAt(t, settings.metricsPort)
	for _, line := range []string{
		`grpc_client_handling_seconds_count{grpc_code="OK",grpc_method="RouteChat",grpc_service="routeguide.v1.RouteGuide",grpc_type="bidi_stream"} `,
		`grpc_client_handling_seconds_count{grpc_code="UNAVAILABLE",`,
		"process_cpu_seconds_total ",
	} {
		if !strings.Contains(told, line) {
			t.Errorf("/metrics does not have %s", line)
		}
	}

	stop()
	if err := <-done; err != nil {
		t.Errorf("stopping: %v", err)
	}
	if !strings.Contains(out.String(), `"status":"UNAVAILABLE"`) {
		t.Errorf("no line tells the status:\n%s", out.String())
	}
}

func metricsAt(t *testing.T, port int) string {
	t.Helper()
	response, err := http.Get("http://" + net.JoinHostPort("127.0.0.1", itoa(port)) + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("/metrics answered %d, %v", response.StatusCode, err)
	}
	return string(body)
}

func TestServeFailsWhereThePortIsTaken(t *testing.T) {
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	taken := listener.Addr().(*net.TCPAddr).Port
	err = serve(t.Context(), config{server: "x:1", port: taken}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("got %v", err)
	}
}
