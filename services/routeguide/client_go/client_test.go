package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	routeguide "fathom/proto/routeguide/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// guide is a route guide of its own: it knows all places of newJersey but the last.
type guide struct {
	routeguide.UnimplementedRouteGuideServer
	mu      sync.Mutex
	notes   []*routeguide.RouteNote
	failure error
}

func (g *guide) fail(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.failure = err
}

func (g *guide) failed() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.failure
}

func known(point *routeguide.Point) bool {
	return slices.ContainsFunc(newJersey.places[:5], func(place *routeguide.Point) bool {
		return place.LatitudeE7 == point.LatitudeE7 && place.LongitudeE7 == point.LongitudeE7
	})
}

func (g *guide) GetFeature(_ context.Context, request *routeguide.GetFeatureRequest) (*routeguide.GetFeatureResponse, error) {
	response := &routeguide.GetFeatureResponse{}
	if known(request.Location) {
		response.Feature = &routeguide.Feature{Name: "a place", Location: request.Location}
	}
	return response, g.failed()
}

func (g *guide) ListFeatures(_ *routeguide.ListFeaturesRequest, stream grpc.ServerStreamingServer[routeguide.ListFeaturesResponse]) error {
	for _, place := range newJersey.places[:5] {
		if err := stream.Send(&routeguide.ListFeaturesResponse{Feature: &routeguide.Feature{Name: "a place", Location: place}}); err != nil {
			return err
		}
	}
	return g.failed()
}

func (g *guide) RecordRoute(stream grpc.ClientStreamingServer[routeguide.RecordRouteRequest, routeguide.RecordRouteResponse]) error {
	summary := &routeguide.RouteSummary{}
	for {
		request, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := g.failed(); err != nil {
			return err
		}
		summary.PointCount++
		if known(request.Location) {
			summary.FeatureCount++
		}
	}
	if err := g.failed(); err != nil {
		return err
	}
	return stream.SendAndClose(&routeguide.RecordRouteResponse{Summary: summary})
}

func (g *guide) RouteChat(stream grpc.BidiStreamingServer[routeguide.RouteChatRequest, routeguide.RouteChatResponse]) error {
	for {
		request, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return g.failed()
		}
		if err != nil {
			return err
		}
		for _, note := range g.notes {
			if note.Location.LatitudeE7 != request.Note.Location.LatitudeE7 {
				continue
			}
			if err := stream.Send(&routeguide.RouteChatResponse{Note: note}); err != nil {
				return err
			}
		}
		g.notes = append(g.notes, request.Note)
	}
}

// startGuide listens on a free port.
func startGuide(t *testing.T) (*guide, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	guide := &guide{}
	routeguide.RegisterRouteGuideServer(server, guide)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return guide, listener.Addr().String()
}

func connect(t *testing.T, address string) *grpc.ClientConn {
	t.Helper()
	connection, err := grpc.NewClient("dns:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

func callsOf(t *testing.T, address string) calls {
	t.Helper()
	return calls{routeguide.NewRouteGuideClient(connect(t, address)), 5 * time.Second, newMetrics()}
}

// logLines are lines of a log by the call that they are about.
func logLines(t *testing.T, text string) map[string][]map[string]any {
	t.Helper()
	lines := map[string][]map[string]any{}
	for line := range strings.Lines(text) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%q is no JSON object: %v", line, err)
		}
		call, _ := fields["call"].(string)
		lines[call] = append(lines[call], fields)
	}
	return lines
}

func TestRoundMakesAllFourKindsOfCallAndLogsWhatCame(t *testing.T) {
	_, address := startGuide(t)
	calls := callsOf(t, address)
	round := func(number int) map[string][]map[string]any {
		var out bytes.Buffer
		if err := runRound(t.Context(), calls, newLogger(&out, slog.LevelInfo), number, newJersey); err != nil {
			t.Fatal(err)
		}
		return logLines(t, out.String())
	}
	lines := round(1)
	if got := len(lines["GetFeature"]); got != len(newJersey.places) {
		t.Errorf("%d lines about GetFeature, want %d", got, len(newJersey.places))
	}
	if got, has := lines["GetFeature"][5]["feature"]; got != nil || !has {
		t.Errorf("the last place has feature %v, want null", got)
	}
	for call, field := range map[string]struct {
		name string
		want any
	}{
		"GetFeature":   {"feature", "a place"},
		"ListFeatures": {"count", 5.0},
		"RecordRoute":  {"featureCount", 5.0},
		"RouteChat":    {"received", 0.0},
	} {
		line := lines[call][0]
		if line[field.name] != field.want {
			t.Errorf("%s has %s %v, want %v", call, field.name, line[field.name], field.want)
		}
		if took, isNumber := line["durationMs"].(float64); !isNumber || took < 0 {
			t.Errorf("%s has durationMs %v", call, line["durationMs"])
		}
		if line["level"] != "info" || line["service"] != name || line["round"] != 1.0 {
			t.Errorf("%s has level, service and round %v, %v, %v", call, line["level"], line["service"], line["round"])
		}
	}
	if got := round(2)["RouteChat"][0]["latest"]; got != "note 3 of round 1" {
		t.Errorf("the second round got %q", got)
	}
}

func TestFailedCallHasItsStatus(t *testing.T) {
	guide, address := startGuide(t)
	calls := callsOf(t, address)
	guide.fail(status.Error(codes.Unavailable, "the store cannot be reached"))
	for call, makes := range map[string]func() error{
		"GetFeature":   func() error { _, err := calls.getFeature(t.Context(), newJersey.places[0]); return err },
		"ListFeatures": func() error { _, err := calls.listFeatures(t.Context(), newJersey.area); return err },
		"RecordRoute":  func() error { _, err := calls.recordRoute(t.Context(), newJersey.places); return err },
		"RouteChat":    func() error { _, err := calls.routeChat(t.Context(), nil); return err },
	} {
		t.Run(call, func(t *testing.T) {
			err := makes()
			if status.Code(err) != codes.Unavailable {
				t.Fatalf("got %v", err)
			}
			want := []any{"call", call, "status", "UNAVAILABLE", "details", "the store cannot be reached"}
			if got := describe(&callError{call, err}); !slices.Equal(got, want) {
				t.Errorf("described as %v, want %v", got, want)
			}
		})
	}
}

func TestCallsFailWhereNobodyListens(t *testing.T) {
	calls := callsOf(t, "127.0.0.1:1")
	if _, err := calls.recordRoute(t.Context(), newJersey.places); status.Code(err) != codes.Unavailable {
		t.Errorf("RecordRoute: %v", err)
	}
	if _, err := calls.routeChat(t.Context(), nil); status.Code(err) != codes.Unavailable {
		t.Errorf("RouteChat: %v", err)
	}
}

func TestLongRouteArrivesWhole(t *testing.T) {
	_, address := startGuide(t)
	summary, err := callsOf(t, address).recordRoute(t.Context(), slices.Repeat(newJersey.places[:1], 5000))
	if err != nil || summary.GetPointCount() != 5000 {
		t.Errorf("got %v, %v", summary, err)
	}
}

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
