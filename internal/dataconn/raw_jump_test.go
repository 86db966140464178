//go:build walljump

package dataconn

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

// F-09: a clock that is put back does not prolong what was bounded by a moment, and one that
// is put forward does not end it.
func TestF09DeadlineOfAMoment(t *testing.T) {
	for _, jump := range []time.Duration{-time.Hour, 24 * time.Hour} {
		here, there := net.Pipe()
		raw := wrapRaw(here, time.Minute)
		const limit = 200 * time.Millisecond
		began := time.Now()
		raw.limitUntil(began.Add(limit))
		time.JumpWall(jump)
		ended := make(chan error, 1)
		go func() {
			_, err := raw.Read(make([]byte, 1))
			ended <- err
		}()
		select {
		case err := <-ended:
			if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took < limit {
				t.Errorf("%v: %v after %v", jump, err, took)
			}
		case <-time.After(20 * time.Second):
			t.Errorf("%v: it waits on", jump)
		}
		time.JumpWall(-jump)
		here.Close()
		there.Close()
	}
}
