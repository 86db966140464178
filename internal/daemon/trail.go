package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/internal/guard"
	"github.com/sealane/sealane/internal/trail"
)

// trailFolder holds the trail, in the state folder.
const trailFolder = "trail"

// recorder keeps the trail, from the start of the server to its end. A nil one keeps none.
type recorder struct {
	trail    *trail.Trail
	settings config.TrailConfig // of the start
	required atomic.Bool
}

// TrailDir gives the folder of the trail of a server with these settings. It need not be
// there.
func TrailDir(c config.Config) (string, error) {
	if c.Trail.Dir != "" {
		return filepath.Abs(c.Trail.Dir)
	}
	state := c.State
	if state == "" {
		var err error
		if state, err = defaultStateDir(); err != nil {
			return "", startError(err, "name one with --state DIR", "there is no place for the state folder")
		}
	}
	return filepath.Join(state, trailFolder), nil
}

// openTrail begins to record as the settings say. state is the state folder.
func openTrail(c config.Config, state string, log *slog.Logger) (*recorder, error) {
	own := c.Trail
	o := trail.Options{
		MaxSize: own.MaxSize, MaxAge: own.MaxAge, Keep: own.Keep, KeepFor: time.Duration(own.KeepDays) * 24 * time.Hour,
		Every: own.Every, Logger: log,
		Sync: map[string]trail.Sync{
			config.TrailSyncBatch: trail.SyncBatch, config.TrailSyncNever: trail.SyncNever,
		}[own.Sync],
	}
	if own.File {
		c.State = state
		var err error
		if o.Dir, err = TrailDir(c); err != nil {
			return nil, err
		}
	}
	if own.Syslog.Network != "" {
		o.Sinks = append(o.Sinks, trail.Syslog(own.Syslog.Network, own.Syslog.Address))
	}
	if own.Journald {
		o.Sinks = append(o.Sinks, trail.Journal(trail.JournalSocket))
	}
	if o.Dir == "" && len(o.Sinks) == 0 {
		return nil, nil
	}
	t, err := trail.Open(o)
	if err != nil {
		return nil, startError(err, "make the folder writable for this user and stop any other server that uses it, or set trail.file to false", "cannot write the trail in %s", o.Dir)
	}
	r := &recorder{trail: t, settings: own}
	r.required.Store(own.Required)
	return r, nil
}

// reloaded takes what can change while the server runs: whether the trail is required.
func (r *recorder) reloaded(c config.TrailConfig, log *slog.Logger) {
	was := config.TrailConfig{}
	if r != nil {
		r.required.Store(c.Required)
		was = r.settings
	}
	was.Required = c.Required
	if r == nil && !c.File && c.Syslog.Network == "" && !c.Journald {
		return
	}
	if was != c {
		log.Warn("the new settings of [trail] count from the next start of the server; of them, only required counts now")
	}
}

// observe adds the trail to an Observe of the server.
func (r *recorder) observe(next func(context.Context, ftpserver.Event)) func(context.Context, ftpserver.Event) {
	if r == nil {
		return next
	}
	return func(ctx context.Context, e ftpserver.Event) {
		next(ctx, e)
		r.trail.Record(trailEvent(&e))
	}
}

// admin records what the administration does. actor is who: "signal", a user of the
// system, or the server itself, by an empty one.
func (r *recorder) admin(actor, action, object, detail string, err error) {
	if r == nil {
		return
	}
	e := trail.Event{Kind: trail.Admin, Actor: actor, Action: action, Object: object, Detail: detail, Verdict: verdictOK}
	if e.Actor == "" {
		e.Actor = "server"
	}
	if err != nil {
		e.Verdict, e.Error = verdictFailed, err.Error()
	}
	r.trail.Record(e)
}

// guarded records what the guard does.
func (r *recorder) guarded(e guard.Event) {
	r.admin("guard", string(e.Kind), e.Network.String(), e.Reason, nil)
}

// trailGrace is how long the end of the server waits for the trail.
const trailGrace = 10 * time.Second

func (r *recorder) close() error {
	if r == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), trailGrace)
	defer cancel()
	return r.trail.Close(ctx)
}

// down says why nothing may happen now: the trail is required, and cannot be written.
func (r *recorder) down() error {
	if !r.required.Load() {
		return nil
	}
	return r.trail.Healthy()
}

// login keeps a Login, and what its grants give, from happening unrecorded where the
// trail is required: logins are refused with 421, transfers and changes with 451.
func (r *recorder) login(next auth.Login) auth.Login {
	if r == nil {
		return next
	}
	return func(ctx context.Context, c auth.Credentials) (*auth.Grant, error) {
		if err := r.down(); err != nil {
			return nil, fmt.Errorf("%w: %w", auth.ErrBusy, err)
		}
		grant, err := next(ctx, c)
		if err != nil || grant == nil || grant.FS == nil {
			return grant, err
		}
		own := *grant
		own.FS = recordedFS{grant.FS, r}
		return &own, nil
	}
}
