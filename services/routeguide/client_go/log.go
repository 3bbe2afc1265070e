package main

import (
	"io"
	"log/slog"
	"strings"
	"time"
)

// levelFatal is of the line before the process gives up.
const levelFatal = slog.LevelError + 4

// newLogger writes one JSON object a line, with the keys of all services here: level, time, service, msg.
func newLogger(out io.Writer, level slog.Level) *slog.Logger {
	handler := slog.NewJSONHandler(out, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(groups []string, attr slog.Attr) slog.Attr {
			if len(groups) > 0 {
				return attr
			}
			switch attr.Key {
			case slog.LevelKey:
				return slog.String(attr.Key, levelName(attr.Value.Any().(slog.Level)))
			case slog.TimeKey:
				return slog.String(attr.Key, attr.Value.Time().UTC().Format("2006-01-02T15:04:05.000Z07:00"))
			}
			return attr
		},
	})
	return slog.New(handler).With("service", name)
}

func levelName(level slog.Level) string {
	if level >= levelFatal {
		return "fatal"
	}
	if level < slog.LevelDebug {
		return "trace"
	}
	return strings.ToLower(level.String())
}

// milliseconds is how long something took, to a hundredth.
func milliseconds(since time.Time) float64 {
	return float64(time.Since(since).Microseconds()/10) / 100
}
