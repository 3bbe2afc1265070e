package main

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"testing"

	routeguide "fathom/proto/routeguide/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
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
