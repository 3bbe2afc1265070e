// Greets in Go: answers greet.v1.Greeter at PORT until it is stopped.
package main

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := serve(ctx, ":"+cmp.Or(os.Getenv("PORT"), "50051"), log); err != nil {
		log.Error("failed", "err", err.Error())
		os.Exit(1)
	}
}
