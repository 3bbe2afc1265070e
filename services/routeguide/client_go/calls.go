package main

import (
	"context"
	"errors"
	"io"
	"time"

	routeguide "fathom/proto/routeguide/v1"
)

// calls are the four kinds of call, each with a deadline and measured; errors carry the status.
type calls struct {
	client   routeguide.RouteGuideClient
	deadline time.Duration
	metrics  *metrics
}

// getFeature is unary; nil where there is no feature.
func (c calls) getFeature(ctx context.Context, location *routeguide.Point) (_ *routeguide.Feature, err error) {
	defer c.metrics.observe("unary", "GetFeature", time.Now(), &err)
	ctx, cancel := context.WithTimeout(ctx, c.deadline)
	defer cancel()
	response, err := c.client.GetFeature(ctx, &routeguide.GetFeatureRequest{Location: location})
	if err != nil {
		return nil, err
	}
	return response.GetFeature(), nil
}

// listFeatures: the server streams.
func (c calls) listFeatures(ctx context.Context, area *routeguide.Rectangle) (_ []*routeguide.Feature, err error) {
	defer c.metrics.observe("server_stream", "ListFeatures", time.Now(), &err)
	ctx, cancel := context.WithTimeout(ctx, c.deadline)
	defer cancel()
	stream, err := c.client.ListFeatures(ctx, &routeguide.ListFeaturesRequest{Area: area})
	if err != nil {
		return nil, err
	}
	var features []*routeguide.Feature
	for {
		response, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return features, nil
		}
		if err != nil {
			return nil, err
		}
		features = append(features, response.GetFeature())
	}
}

// recordRoute: the caller streams.
func (c calls) recordRoute(ctx context.Context, route []*routeguide.Point) (_ *routeguide.RouteSummary, err error) {
	defer c.metrics.observe("client_stream", "RecordRoute", time.Now(), &err)
	ctx, cancel := context.WithTimeout(ctx, c.deadline)
	defer cancel()
	stream, err := c.client.RecordRoute(ctx)
	if err != nil {
		return nil, err
	}
	for _, location := range route {
		// io.EOF: the call is over, and its status comes with the answer.
		if err := stream.Send(&routeguide.RecordRouteRequest{Location: location}); err != nil {
			break
		}
	}
	response, err := stream.CloseAndRecv()
	if err != nil {
		return nil, err
	}
	if response.GetSummary() == nil {
		return nil, errors.New("RecordRoute answered without a summary")
	}
	return response.GetSummary(), nil
}

// routeChat: both stream. It sends each note, and collects what had been left before at its point.
func (c calls) routeChat(ctx context.Context, notes []*routeguide.RouteNote) (_ []*routeguide.RouteNote, err error) {
	defer c.metrics.observe("bidi_stream", "RouteChat", time.Now(), &err)
	ctx, cancel := context.WithTimeout(ctx, c.deadline)
	defer cancel()
	stream, err := c.client.RouteChat(ctx)
	if err != nil {
		return nil, err
	}
	go func() {
		for _, note := range notes {
			if err := stream.Send(&routeguide.RouteChatRequest{Note: note}); err != nil {
				return // The receiver gets the status.
			}
		}
		_ = stream.CloseSend()
	}()
	var earlier []*routeguide.RouteNote
	for {
		response, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return earlier, nil
		}
		if err != nil {
			return nil, err
		}
		earlier = append(earlier, response.GetNote())
	}
}
