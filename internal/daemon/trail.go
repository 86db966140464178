package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/internal/control"
	"github.com/sealane/sealane/internal/guard"
	"github.com/sealane/sealane/internal/trail"
)

// trailFolder holds the trail, in the state folder.
const trailFolder = "trail"

// recorder keeps the trail, from the start of the server to its end, under all settings that
// it runs with. A nil one keeps none.
type recorder struct {
	now      atomic.Pointer[trail.Trail] // nil: off
	required atomic.Bool
	sinks    map[string]trail.Sink // that are in use, by what makes them
}

// TrailDir gives the folder of the trail of a server with these settings. It need not be
// there.
func TrailDir(c config.Config) (string, error) {
	if c.Trail.Dir != "" {
		return filepath.Abs(c.Trail.Dir)
	}
	state, err := stateName(c)
	if err != nil {
		return "", err
	}
	return filepath.Join(state, trailFolder), nil
}

// recording is settings of the trail for which all is ready.
type recording struct {
	required bool
	next     *trail.Prepared // nil: off
	sinks    map[string]trail.Sink
}

// prepare makes all that the settings ask for, and changes nothing. state is the state
// folder.
func (r *recorder) prepare(c config.Config, state string, log *slog.Logger) (*recording, error) {
	own := c.Trail
	out := &recording{required: own.Required, sinks: map[string]trail.Sink{}}
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
	sink := func(name string, make func() trail.Sink) {
		s := r.sinks[name]
		if s == nil {
			s = make()
		}
		out.sinks[name] = s
		o.Sinks = append(o.Sinks, s)
	}
	if to := own.Syslog; to.Network != "" {
		sink("syslog "+to.Network+" "+to.Address, func() trail.Sink { return trail.Syslog(to.Network, to.Address) })
	}
	if own.Journald {
		sink("journald", func() trail.Sink { return trail.Journal(trail.JournalSocket) })
	}
	if o.Dir == "" && len(o.Sinks) == 0 {
		return out, nil
	}
	var err error
	if out.next, err = trail.Prepare(o, r.now.Load()); errors.Is(err, trail.ErrLocked) {
		return nil, startError(trail.ErrLocked, "stop the other server, or give this one a state folder of its own: --state DIR", "the trail in %s is in use", o.Dir)
	}
	if err != nil {
		hint := "make the folder writable for this user, or set trail.file to false"
		if path := (*fs.PathError)(nil); !errors.As(err, &path) {
			hint = "move the folder to where it can be examined: the server then begins a new one"
		}
		return nil, startError(err, hint, "cannot write the trail in %s", o.Dir)
	}
	return out, nil
}

// drop gives back what was prepared and is not used. A nil one has nothing.
func (own *recording) drop() {
	if own != nil && own.next != nil {
		own.next.Drop()
	}
}

// use goes on with settings that were prepared. After an error all is as before but for
// required: where the disk does not answer, an administrator must be able to take it back.
// Events that are recorded meanwhile are in the trail of before or in the next one, each
// once.
func (r *recorder) use(own *recording) error {
	ctx, cancel := context.WithTimeout(context.Background(), trailGrace)
	defer cancel()
	now := r.now.Load()
	r.required.Store(own.required)
	switch {
	case own.next == nil:
		if r.now.Store(nil); now != nil {
			if err := now.Close(ctx); err != nil {
				return err
			}
		}
	case now == nil:
		r.now.Store(own.next.Begin())
	default:
		if err := now.Change(ctx, own.next); err != nil {
			return err
		}
	}
	r.sinks = own.sinks
	return nil
}

// lockPatience is how long a start waits for a program that records what it has done to
// accounts (RecordDone).
const lockPatience = 2 * time.Second

// openTrail begins to record as the settings say. state is the state folder.
func openTrail(c config.Config, state string, log *slog.Logger) (*recorder, error) {
	r := &recorder{}
	for begin := time.Now(); ; time.Sleep(recordAgain) {
		own, err := r.prepare(c, state, log)
		if err == nil {
			return r, r.use(own)
		}
		if !errors.Is(err, trail.ErrLocked) || time.Since(begin) > lockPatience {
			return nil, err
		}
	}
}

// reloaded is use after a reload. What can be opened was opened before; should the disk fail
// all the same, the trail stays as it was.
func (r *recorder) reloaded(own *recording, log *slog.Logger) {
	if err := r.use(own); err != nil {
		log.Error("the new settings of [trail] could not be used; those before stay", "err", err, "hint", "mend the disk and reload again")
		r.admin("", "trail", "", "", err)
	}
}

// observe adds the trail to an Observe of the server.
func (r *recorder) observe(next func(context.Context, ftpserver.Event)) func(context.Context, ftpserver.Event) {
	if r == nil {
		return next
	}
	return func(ctx context.Context, e ftpserver.Event) {
		next(ctx, e)
		if t := r.now.Load(); t != nil {
			t.Record(trailEvent(&e))
		}
	}
}

// admin records what the administration does. actor is who: "signal", a user of the
// system, or the server itself, by an empty one.
func (r *recorder) admin(actor, action, object, detail string, err error) {
	if r == nil {
		return // nothing was opened
	}
	t := r.now.Load()
	if t == nil {
		return
	}
	e := trail.Event{Kind: trail.Admin, Actor: actor, Action: action, Object: object, Detail: detail, Verdict: verdictOK}
	if e.Actor == "" {
		e.Actor = "server"
	}
	if err != nil {
		e.Verdict, e.Error = verdictFailed, err.Error()
	}
	t.Record(e)
}

// guarded records what the guard does by itself. A ban without failures, and every end of
// one, is by the administrator: controlled records who that is.
func (r *recorder) guarded(e guard.Event) {
	if e.Kind == guard.EventUnban || e.Kind == guard.EventBan && e.Failures == 0 {
		return
	}
	r.admin("guard", string(e.Kind), e.Network.String(), e.Reason, nil)
}

// stats tells how the trail is.
func (r *recorder) stats() (out control.Trail) {
	t := r.now.Load()
	if t == nil {
		return out
	}
	s := t.Stats()
	out = control.Trail{On: true, Healthy: true, Lines: s.Lines, Lost: s.Lost, SinkLost: s.SinkLost}
	if err := t.Healthy(); err != nil {
		out.Healthy, out.Error = false, err.Error()
	}
	return out
}

// trailGrace is how long the end of the server waits for the trail.
const trailGrace = 10 * time.Second

func (r *recorder) close() error {
	if r == nil {
		return nil
	}
	t := r.now.Load()
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), trailGrace)
	defer cancel()
	return t.Close(ctx)
}

// down says why nothing may happen now: the trail is required, and cannot be written.
func (r *recorder) down() error {
	t := r.now.Load()
	if t == nil || !r.required.Load() {
		return nil
	}
	return t.Healthy()
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
