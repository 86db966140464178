package daemon

import (
	"context"
	"io"
	"log/slog"

	"github.com/sealane/sealane/ftpserver"
)

// newLogger writes one line per record. Both forms escape what came from a peer:
// control characters and line ends cannot forge a line.
func newLogger(w io.Writer, format string) *slog.Logger {
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}

// observe is the Observe of the server.
func (d *daemon) observe(ctx context.Context, e ftpserver.Event) {
	d.tally.count(e)
	logEvent(d.log)(ctx, e)
}

// logEvent writes events to a log.
func logEvent(log *slog.Logger) func(context.Context, ftpserver.Event) {
	return func(ctx context.Context, e ftpserver.Event) {
		level := slog.LevelInfo
		switch e.Kind {
		case ftpserver.EventTLSFailed, ftpserver.EventLoginFailed, ftpserver.EventRefused:
			level = slog.LevelWarn
		}
		if e.Legacy {
			level = slog.LevelWarn
		}
		attrs := appendSet(nil, "session", e.Session) // none if it was refused before it began
		attrs = append(attrs, slog.String("remote", e.Remote.String()))
		attrs = appendSet(attrs, "host", e.Host)
		attrs = appendSet(attrs, "account", e.Account)
		attrs = appendSet(attrs, "user", e.User)
		attrs = appendSet(attrs, "verb", e.Verb)
		attrs = appendSet(attrs, "path", e.Path)
		attrs = appendSet(attrs, "tls", e.TLS)
		if e.Legacy {
			attrs = append(attrs, slog.Bool("legacy", true))
		}
		if e.Kind == ftpserver.EventTransfer {
			attrs = append(attrs, slog.Int64("bytes", e.Bytes), slog.Bool("resumed", e.Resumed), slog.Duration("took", e.Took))
		}
		if e.Reply != 0 {
			attrs = append(attrs, slog.Int("reply", int(e.Reply)))
		}
		if e.Err != nil {
			attrs = append(attrs, slog.String("error", e.Err.Error()))
		}
		log.LogAttrs(ctx, level, string(e.Kind), attrs...)
	}
}

func appendSet(attrs []slog.Attr, key, value string) []slog.Attr {
	if value == "" {
		return attrs
	}
	return append(attrs, slog.String(key, value))
}
