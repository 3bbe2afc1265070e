package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	routeguide "fathom/proto/routeguide/v1"
)

// itinerary is what a round asks for: places one by one, and as a route from first to last.
type itinerary struct {
	places []*routeguide.Point
	area   *routeguide.Rectangle
}

// newJersey is five places of the server's data set, and one where there is nothing.
var newJersey = itinerary{
	places: []*routeguide.Point{
		{LatitudeE7: 391_594_848, LongitudeE7: -748_206_869}, // Laurel Bakery
		{LatitudeE7: 396_313_404, LongitudeE7: -750_150_637}, // Egret Boardwalk
		{LatitudeE7: 400_785_203, LongitudeE7: -746_033_912}, // Sandbar Bird Hide
		{LatitudeE7: 404_988_505, LongitudeE7: -746_256_821}, // Nightjar Mill Pond
		{LatitudeE7: 409_041_203, LongitudeE7: -747_192_206}, // Amber Overlook
		{LatitudeE7: 400_000_000, LongitudeE7: -740_000_000},
	},
	area: &routeguide.Rectangle{
		Low:  &routeguide.Point{LatitudeE7: 390_000_000, LongitudeE7: -756_000_000},
		High: &routeguide.Point{LatitudeE7: 414_000_000, LongitudeE7: -739_000_000},
	},
}

// callError is a failed call of a round.
type callError struct {
	call string
	err  error
}

func (e *callError) Error() string { return e.call + ": " + e.err.Error() }
func (e *callError) Unwrap() error { return e.err }

// runRound makes the four kinds of call in turn, and logs each answer and how long it took; it ends at the first error.
func runRound(ctx context.Context, calls calls, log *slog.Logger, round int, trip itinerary) error {
	log = log.With("round", round)
	for _, location := range trip.places {
		start := time.Now()
		feature, err := calls.getFeature(ctx, location)
		if err != nil {
			return &callError{"GetFeature", err}
		}
		var found any
		if feature != nil {
			found = feature.GetName()
		}
		place := map[string]int32{"latitudeE7": location.GetLatitudeE7(), "longitudeE7": location.GetLongitudeE7()}
		log.Info("feature", "call", "GetFeature", "location", place, "feature", found, "durationMs", milliseconds(start))
	}

	start := time.Now()
	features, err := calls.listFeatures(ctx, trip.area)
	if err != nil {
		return &callError{"ListFeatures", err}
	}
	first := []string{}
	for _, feature := range features[:min(3, len(features))] {
		first = append(first, feature.GetName())
	}
	log.Info("features", "call", "ListFeatures", "count", len(features), "first", first, "durationMs", milliseconds(start))

	start = time.Now()
	summary, err := calls.recordRoute(ctx, trip.places)
	if err != nil {
		return &callError{"RecordRoute", err}
	}
	log.Info("route", "call", "RecordRoute", "pointCount", summary.GetPointCount(),
		"featureCount", summary.GetFeatureCount(), "distanceMeters", summary.GetDistanceMeters(),
		"elapsedSeconds", summary.GetElapsedSeconds(), "durationMs", milliseconds(start))

	var notes []*routeguide.RouteNote
	for index, location := range trip.places[:min(3, len(trip.places))] {
		message := fmt.Sprintf("note %d of round %d", index+1, round)
		notes = append(notes, &routeguide.RouteNote{Location: location, Message: message})
	}
	start = time.Now()
	earlier, err := calls.routeChat(ctx, notes)
	if err != nil {
		return &callError{"RouteChat", err}
	}
	var latest any
	if len(earlier) > 0 {
		latest = earlier[len(earlier)-1].GetMessage()
	}
	log.Info("notes", "call", "RouteChat", "sent", len(notes), "received", len(earlier), "latest", latest,
		"durationMs", milliseconds(start))
	return nil
}
