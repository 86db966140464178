//go:build walljump

package guard

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// F-09: a ban lasts as long as it was meant to, and nobody is banned, delayed or forgotten,
// when the clock of the wall jumps while the program runs.
func TestF09BansInAJump(t *testing.T) {
	p := DefaultPolicy()
	p.Ban, p.DelayMax = 300*time.Millisecond, time.Millisecond
	for _, jump := range []time.Duration{24 * time.Hour, -time.Hour, 10 * 366 * 24 * time.Hour} {
		t.Run(jump.String(), func(t *testing.T) {
			h := build(t, p)
			h.pass("192.0.2.1", "anna")
			for i := range p.Failures - 1 {
				h.fail("203.0.113.7", fmt.Sprint("name", i))
			}
			began := time.Now()
			h.fail("203.0.113.7", "another")
			time.JumpWall(jump)
			defer time.JumpWall(-jump)
			if err := h.enters("203.0.113.7"); !errors.Is(err, ErrBanned) && time.Since(began) < p.Ban {
				t.Errorf("the ban has ended by the jump: %v", err)
			}
			if took := h.pass("192.0.2.1", "anna"); took > time.Minute {
				t.Errorf("who logged in before waits for %v", took)
			}
			since := time.Now().Add(-p.Trust)
			if !h.trusted.knows(h.nameKey("anna"), h.addressKey(prefix("192.0.2.1/32")), since) {
				t.Error("who logged in before is forgotten")
			}
			late := time.After(20 * time.Second)
			again := time.NewTicker(10 * time.Millisecond)
			defer again.Stop()
			for h.enters("203.0.113.7") != nil {
				select {
				case <-again.C:
				case <-late:
					t.Fatalf("after %v the ban of %v is in force: %+v", time.Since(began), p.Ban, h.Bans())
				}
			}
			if took := time.Since(began); took < p.Ban {
				t.Errorf("the ban of %v ended after %v", p.Ban, took)
			}
		})
	}
}
