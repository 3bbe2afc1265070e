package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	routeguide "fathom/proto/routeguide/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
)

// The health check's name for "this process is alive": a liveness probe asks for it.
const liveness = "liveness"

// serviceConfig spreads calls over all servers of the name, and repeats those that may be repeated:
// https://github.com/grpc/grpc/blob/master/doc/service_config.md.
const serviceConfig = `{
	"loadBalancingConfig": [{"round_robin": {}}],
	"retryThrottling": {"maxTokens": 100, "tokenRatio": 0.1},
	"methodConfig": [{
		"name": [
			{"service": "routeguide.v1.RouteGuide", "method": "GetFeature"},
			{"service": "routeguide.v1.RouteGuide", "method": "ListFeatures"},
			{"service": "routeguide.v1.RouteGuide", "method": "RecordRoute"}
		],
		"retryPolicy": {
			"maxAttempts": 4, "initialBackoff": "0.05s", "maxBackoff": "1s", "backoffMultiplier": 2,
			"retryableStatusCodes": ["UNAVAILABLE"]
		}
	}]
}`

// serve calls the server round by round until ctx is done; the calls that run then may finish. The health of the whole
// process, the empty name, is whether the last round succeeded.
func serve(ctx context.Context, config config, log *slog.Logger) error {
	healthServer := health.NewServer()
	healthServer.SetServingStatus("", grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	healthServer.SetServingStatus(liveness, grpc_health_v1.HealthCheckResponse_SERVING)
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", config.port))
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, healthServer)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer stopServer(server, healthServer)
	metrics := newMetrics()
	metricsPort, stopMetrics, err := serveMetrics(config.metricsPort, metrics)
	if err != nil {
		return err
	}
	defer stopMetrics()

	target := "dns:///" + config.server
	connection, err := grpc.NewClient(target,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second}),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: time.Second, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 5 * time.Second},
			MinConnectTimeout: 5 * time.Second,
		}),
	)
	if err != nil {
		return err
	}
	defer connection.Close()
	log.Info("calling", "target", target, "intervalMs", config.interval.Milliseconds(),
		"port", listener.Addr().(*net.TCPAddr).Port, "metricsPort", metricsPort)

	client := calls{routeguide.NewRouteGuideClient(connection), config.deadline, metrics}
	ready := false
	for round := 1; ctx.Err() == nil; round++ {
		// Not ctx: the calls of this round may finish.
		err := runRound(context.WithoutCancel(ctx), client, log, round, newJersey)
		if err != nil {
			log.Error("round failed", append([]any{"round", round}, describe(err)...)...)
		}
		if isReady := err == nil; isReady != ready {
			ready = isReady
			healthServer.SetServingStatus("", servingStatus(ready))
			log.Info(map[bool]string{true: "ready", false: "not ready"}[ready], "ready", ready)
		}
		select {
		case <-ctx.Done():
		case err := <-served:
			return err
		case <-time.After(config.interval):
		}
	}
	return nil
}

func servingStatus(ready bool) grpc_health_v1.HealthCheckResponse_ServingStatus {
	if ready {
		return grpc_health_v1.HealthCheckResponse_SERVING
	}
	return grpc_health_v1.HealthCheckResponse_NOT_SERVING
}

// stopServer tells those who watch, and ends what outlasts a second.
func stopServer(server *grpc.Server, healthServer *health.Server) {
	healthServer.Shutdown()
	timer := time.AfterFunc(time.Second, server.Stop)
	defer timer.Stop()
	server.GracefulStop()
}

// describe is what a log line says of an error: the call, the status by its name, and the server's words.
func describe(err error) []any {
	var failed *callError
	if !errors.As(err, &failed) {
		return []any{"err", err.Error()}
	}
	found, isStatus := status.FromError(failed.err)
	if !isStatus {
		return []any{"call", failed.call, "err", failed.err.Error()}
	}
	return []any{"call", failed.call, "status", codeName(found.Err()), "details", found.Message()}
}
