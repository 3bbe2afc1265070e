// The route guide's client in Go: a round of calls again and again, until it is stopped.
package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const name = "routeguide-client-go"

// After how long a stop is given up: below Kubernetes' 30 s.
const stopDeadline = 25 * time.Second

func main() {
	os.Exit(run())
}

// run returns the exit code: 0 after a clean stop; 1 where settings are wrong, the start failed, or the stop took too
// long. A second signal ends the process at once.
func run() int {
	log := newLogger(os.Stdout, slog.LevelInfo)
	config, err := readConfig(os.Getenv)
	var wrong *configError
	if errors.As(err, &wrong) {
		log.Log(context.Background(), levelFatal, "settings are wrong", "problems", wrong.problems)
		return 1
	}
	log = newLogger(os.Stdout, config.logLevel)

	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	done := make(chan error, 1)
	go func() { done <- serve(ctx, config, log) }()

	select {
	case err := <-done:
		log.Log(context.Background(), levelFatal, "failed", "err", err.Error())
		return 1
	case received := <-signals:
		log.Info("stopping", "reason", received.String())
		stop()
	}
	select {
	case err := <-done:
		if err != nil {
			log.Error("stopping failed", "err", err.Error())
			return 1
		}
		log.Info("stopped")
		return 0
	case <-time.After(stopDeadline):
		log.Error("stopping took too long", "deadlineMs", stopDeadline.Milliseconds())
		return 1
	case <-signals:
		return 1
	}
}
