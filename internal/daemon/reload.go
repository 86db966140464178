package daemon

import (
	"context"
	"errors"
	"fmt"
)

// reload reads the settings again and goes on with them: with the whole of them or, if
// there is anything wrong, with those of before. Sessions that run keep what they have.
func (r *running) reload(ctx context.Context) error {
	next, err := r.prepare(ctx)
	if err == nil {
		err = r.turn(next)
	}
	if err != nil {
		r.refused++
		r.now.log.Error("the new settings cannot be used; those before stay", "err", err, "hint", hintOf(err), "refused", r.refused)
		return err
	}
	next.log.Info("settings read again")
	next.trees.tell(next.log, next.accounts)
	return nil
}

func (r *running) prepare(ctx context.Context) (*daemon, error) {
	if r.process.Settings == nil {
		return nil, errors.New("there are no settings to read")
	}
	c, err := r.process.Settings()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSettings, err)
	}
	next := newDaemon(c, r.now.lasting)
	if err := next.prepare(ctx, r.now); err != nil {
		next.discard(r.now)
		return nil, err
	}
	// Before the change, so that the first sessions are told the right address.
	next.stopPublic = next.public.run(r.background)
	return next, nil
}

var errSettings = errors.New("the settings are not right")

// turn makes next what serves.
func (r *running) turn(next *daemon) error {
	prev := r.now
	if err := next.server.Succeed(prev.server, next.listenerPolicies()); err != nil {
		next.discard(prev)
		return startError(err, "mend the settings, or stop the server and start it again", "the settings cannot change so while the server runs")
	}
	r.now = next
	for _, own := range next.list() {
		if !prev.listeners.has(own.Listener) {
			r.serve(own)
		}
	}
	next.start(r.background, prev)
	retired, err := prev.server.Retired()
	if err != nil {
		return err // it has served
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

// hintOf says what to do about an error, if it knows.
func hintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}
