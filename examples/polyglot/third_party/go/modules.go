// Package modules lists what the Go sources of this workspace may import beside Go's own library.
package modules

import (
	_ "google.golang.org/grpc"
	_ "google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/health"
	_ "google.golang.org/grpc/health/grpc_health_v1"
	_ "google.golang.org/grpc/status"
	_ "google.golang.org/protobuf/proto"
)
