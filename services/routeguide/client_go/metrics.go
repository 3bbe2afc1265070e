package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	rpccode "google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/status"
)

// metrics is what Prometheus is told of the process.
type metrics struct {
	registry *prometheus.Registry
	seconds  *prometheus.HistogramVec
}

func newMetrics() *metrics {
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "grpc_client_handling_seconds",
		Help:    "How long calls took. Those of a client include their retries.",
		Buckets: []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10},
	}, []string{"grpc_type", "grpc_service", "grpc_method", "grpc_code"})
	registry := prometheus.NewRegistry()
	registry.MustRegister(seconds, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return &metrics{registry, seconds}
}

// observe counts a call that has just ended.
func (m *metrics) observe(kind, method string, start time.Time, err *error) {
	code := codeName(*err)
	m.seconds.WithLabelValues(kind, "routeguide.v1.RouteGuide", method, code).Observe(time.Since(start).Seconds())
}

// codeName is the name of an error's status, as logs and metrics have it: NOT_FOUND.
func codeName(err error) string {
	return rpccode.Code(status.Code(err)).String()
}

// serveMetrics answers /metrics at a port; 0 takes any free one. It returns the port, and how to stop.
func serveMetrics(port int, metrics *metrics) (int, func(), error) {
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		return 0, nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics.registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	stop := func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
	}
	return listener.Addr().(*net.TCPAddr).Port, stop, nil
}
