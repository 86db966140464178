package daemon

import (
	"context"
	"errors"

	"github.com/sealane/sealane/internal/config"
)

// reload reads the settings again and goes on with them: with the whole of them or, if
// there is anything wrong, with those of before. Sessions that run keep what they have.
// actor is who wants it, for the trail.
func (r *running) reload(ctx context.Context, actor string) error {
	d := r.now.Load()
	next, err := r.prepare(ctx, d)
	if err == nil {
		err = r.turn(d, next)
	}
	d.trail.admin(actor, "reload", "", "", err)
	if err != nil {
		d.log.Error("the new settings cannot be used; those before stay", "err", err, "hint", hintOf(err), "refused", d.tally.reloadsRefused.Add(1))
		return err
	}
	next.tally.reloads.Add(1)
	next.warden.apply(next.config.Guard)
	next.trail.reloaded(next.recording, next.log)
	next.recording = nil
	next.log.Info("settings read again")
	next.trees.tell(next.log, next.accounts)
	next.tellWeak()
	return nil
}

func (r *running) prepare(ctx context.Context, d *daemon) (*daemon, error) {
	if r.process.Settings == nil {
		return nil, errors.New("there are no settings to read")
	}
	c, err := r.process.Settings()
	if err != nil {
		if list := config.Apart(err); len(list) == 1 {
			return nil, startError(nil, list[0].Hint, "%s%s", list[0].Place(), list[0].Message)
		}
		return nil, err
	}
	next := newDaemon(c, d.lasting)
	err = next.prepare(ctx, d)
	if err == nil {
		next.recording, err = d.trail.prepare(c, d.state, next.log)
	}
	if err != nil {
		next.discard(d)
		return nil, err
	}
	// Before the change, so that the first sessions are told the right address.
	next.stopPublic = next.public.run(r.background)
	return next, nil
}

// turn makes next what serves.
func (r *running) turn(prev, next *daemon) error {
	if err := next.server.Succeed(prev.server, next.listenerPolicies()); err != nil {
		next.discard(prev)
		if a, b := prev.config.Data, next.config.Data; a.Ports != b.Ports || a.Fallback != b.Fallback || a.Mode != b.Mode {
			return startError(nil, "take the same ports as before, or others; those of before are free again when the sessions that use them have ended", "some of the new data ports (%s) are in use by the sessions of before", b.Ports)
		}
		return startError(err, "mend the settings, or stop the server and start it again", "the settings cannot change so while the server runs")
	}
	next.ring.refused.Add(prev.ring.refused.Load()) // it counts since the start
	r.now.Store(next)
	next.trees.keepFor(next.config.Uploads.Keep) // not before it is settled: folders are shared
	for _, own := range next.list() {
		if !prev.listeners.has(own.Listener) {
			r.serve(own)
		}
	}
	r.turnControl(prev, next)
	next.start(r.background, prev)
	retired, err := prev.server.Retired()
	if err != nil {
		return err // not of a server that has served
	}
	r.retiring.Go(func() {
		select {
		case <-retired:
		case <-r.background.Done(): // all sessions have ended
		}
		prev.discard(next)
	})
	return nil
}

// turnControl hands the administrator's socket over, or closes it if next has another
// one, or none.
func (r *running) turnControl(prev, next *daemon) {
	if next.config.Control == prev.config.Control {
		next.control, prev.control = prev.control, nil
		return
	}
	if prev.control != nil {
		prev.control.Close()
		prev.control = nil
	}
	r.serveControl(next)
}

// hintOf says what to do about an error, if it knows.
func hintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}
