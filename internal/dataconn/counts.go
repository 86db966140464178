package dataconn

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Counts says what became of connections and offers, since the start.
type Counts struct {
	Strangers uint64 // came from another address, or where nothing was offered
	Headless  uint64 // came from a trusted proxy without a good header
	Failed    uint64 // failed in their handshake
	Dropped   uint64 // lost to another candidate, or made room for a newer one
	Unproven  uint64 // completed a handshake that resumed nothing
	Rivals    uint64 // offers lost because two unproven connections claimed them
}

type counters struct{ strangers, headless, failed, dropped, unproven, rivals atomic.Uint64 }

func (c *counters) counts() Counts {
	return Counts{
		Strangers: c.strangers.Load(), Headless: c.headless.Load(), Failed: c.failed.Load(), Dropped: c.dropped.Load(),
		Unproven: c.unproven.Load(), Rivals: c.rivals.Load(),
	}
}

// turnAway ends a connection of which it could not be found out where it comes from.
func (c *counters) turnAway(raw net.Conn, err error) {
	if errors.Is(err, context.Canceled) {
		c.dropped.Add(1) // nobody wanted it any more
	} else {
		c.headless.Add(1)
	}
	cut(raw)
}

// crowd bounds the candidates of all offers together, those that are on their
// way out included.
type crowd struct {
	size atomic.Int64
	all  sync.WaitGroup
}

// enter counts one in, if there is room.
func (c *crowd) enter() bool {
	if c.size.Add(1) > maxCrowd {
		c.size.Add(-1)
		return false
	}
	c.all.Add(1)
	return true
}

func (c *crowd) leave() {
	c.size.Add(-1)
	c.all.Done()
}

// alarm is a timer whose function somebody waits for.
type alarm struct {
	timer   *time.Timer
	running *sync.WaitGroup
}

func newAlarm(running *sync.WaitGroup, after time.Duration, ring func()) *alarm {
	running.Add(1)
	return &alarm{running: running, timer: time.AfterFunc(after, func() {
		defer running.Done()
		ring()
	})}
}

// stop keeps the alarm from ringing, if it has not begun to. It may be called
// again, and of nil.
func (a *alarm) stop() {
	if a != nil && a.timer.Stop() {
		a.running.Done()
	}
}

// WaitBounds gives the upper bounds of SharedCounts.WaitBuckets, whose last one
// has none.
func WaitBounds() [4]time.Duration {
	return [4]time.Duration{10 * time.Millisecond, 100 * time.Millisecond, time.Second, 10 * time.Second}
}

// SharedCounts is Counts, and what became of the offers of a [Shared].
type SharedCounts struct {
	Counts
	Waits       uint64        // offers that had to wait for a port
	Waited      time.Duration // all of them together
	LongestWait time.Duration
	WaitBuckets [5]uint64
	Fallbacks   uint64 // offers that went to the fallback
	Refused     uint64 // offers that got no port at all
	Lapses      uint64 // offers whose client never connected
}

// Counts says how the shared ports have been used since the start.
func (s *Shared) Counts() SharedCounts {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.waits
	c.Counts = s.count.counts()
	return c
}
