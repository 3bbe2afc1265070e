package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	routeguide "fathom/proto/routeguide/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

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
