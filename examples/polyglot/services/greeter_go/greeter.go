package main

import (
	"context"
	"log/slog"
	"net"

	greet "example.com/polyglot/proto/greet/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

type greeter struct {
	greet.UnimplementedGreeterServer
}

func (greeter) Greet(_ context.Context, request *greet.GreetRequest) (*greet.GreetResponse, error) {
	if request.GetName() == "" {
		return nil, status.Error(codes.InvalidArgument, "name must not be empty")
	}
	return &greet.GreetResponse{Greetings: []string{"Hello " + request.GetName() + ", from Go"}}, nil
}

// serve answers at address until ctx is done; calls that run then may finish.
func serve(ctx context.Context, address string, log *slog.Logger) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	greet.RegisterGreeterServer(server, greeter{})
	// The empty name is readiness, "liveness" whether the process answers at all.
	healthServer := health.NewServer()
	healthServer.SetServingStatus("liveness", grpc_health_v1.HealthCheckResponse_SERVING)
	grpc_health_v1.RegisterHealthServer(server, healthServer)
	log.Info("listening", "port", listener.Addr().(*net.TCPAddr).Port)
	context.AfterFunc(ctx, func() {
		healthServer.Shutdown()
		server.GracefulStop()
	})
	return server.Serve(listener)
}
