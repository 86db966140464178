package ftpclient

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/sealane/sealane/ftp"
)

// Defaults of Retry.
const (
	DefaultAttempts = 5
	DefaultPause    = time.Second
	DefaultMaxPause = time.Minute
)

// Retry says how often something that failed is tried again. The zero value has
// the defaults.
type Retry struct {
	// Attempts is how many may fail in a row; 1 means no second attempt, 0
	// DefaultAttempts.
	Attempts int
	// Pause is the longest wait before the second attempt; it doubles for each one
	// that follows, up to MaxPause. What is waited is between half of it and all of
	// it, by chance, so that the clients of a server that has failed do not all come
	// back at once. 0 means DefaultPause and DefaultMaxPause.
	Pause    time.Duration
	MaxPause time.Duration
	// Notify, if set, is told of each failure that will be tried again, and of the
	// wait before that. A Pool calls it from several goroutines.
	Notify func(err error, wait time.Duration)
}

// Temporary reports whether the same may succeed if it is tried again: the network
// failed, or the server refused for the moment (4yz). A refusal for good (5yz),
// anything that has to do with trust, and content that differs are final. So is a
// LocalError, unless it is itself of this kind, from another server.
func Temporary(err error) bool {
	var here *LocalError
	if errors.As(err, &here) {
		return Temporary(here.Err)
	}
	var differs differing
	if err == nil || errors.Is(err, ErrTLS) || errors.Is(err, ErrProtocol) || errors.As(err, &differs) {
		return false
	}
	var refused *ftp.Error
	if errors.As(err, &refused) {
		return refused.Temporary()
	}
	return errors.Is(err, ErrNetwork) || errors.Is(err, ErrTruncated)
}

// Do calls f until it succeeds, fails for good (see Temporary), ctx ends, or there
// have been enough attempts, and returns f's last error.
func (r Retry) Do(ctx context.Context, f func() error) error {
	return r.run(ctx, func() (bool, error) { return false, f() })
}

// run is Do for an f that tells whether it got on: then the attempts are counted
// from the beginning.
func (r Retry) run(ctx context.Context, f func() (bool, error)) error {
	return r.loop(ctx, Temporary, f)
}

// loop is run for what again lets be tried again.
func (r Retry) loop(ctx context.Context, again func(error) bool, f func() (bool, error)) error {
	pause, maxPause := r.Pause, r.MaxPause
	if pause <= 0 {
		pause = DefaultPause
	}
	if maxPause <= 0 {
		maxPause = DefaultMaxPause
	}
	for failed, next := 0, pause; ; {
		gotOn, err := f()
		if err == nil || ctx.Err() != nil || !again(err) {
			return err
		}
		if gotOn {
			failed, next = 0, pause
		}
		if failed++; failed >= r.attempts() {
			return err
		}
		wait := jitter(min(next, maxPause))
		if r.Notify != nil {
			r.Notify(err, wait)
		}
		if !sleep(ctx, wait) {
			return err
		}
		next = min(2*next, maxPause)
	}
}

func (r Retry) attempts() int {
	if r.Attempts <= 0 {
		return DefaultAttempts
	}
	return r.Attempts
}

// jitter is between half of d and d.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }

// sleep reports whether the time has passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
