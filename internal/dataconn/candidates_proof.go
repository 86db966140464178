package dataconn

import (
	"context"
	"slices"
	"time"
)

const (
	// proofGrace is how long a connection that did not resume has to wait for one
	// that does, where the session has resumed before.
	proofGrace = 250 * time.Millisecond
	// declineLimit bounds the polite end of a connection without the proof that is
	// required, and is how long others have then to come with it.
	declineLimit = 2 * time.Second
)

type judgement int

const (
	binds judgement = iota
	holds
	declines
)

// judge says what a completed handshake is worth, and how long it is to be held. A
// ticket alone proves nothing, since it crosses the wire in the clear; that the handshake
// resumed with it does. The lock is held.
func (c *candidates) judge(one *candidate, conn *Conn) (judgement, time.Duration) {
	r := c.request
	switch {
	case r.Secure == nil || r.Policy == PolicyOff:
		return binds, 0
	case conn.Resumed():
		if r.Habits != nil {
			r.Habits.Proven(time.Since(one.raw.heardAt))
		}
		return binds, 0
	}
	c.count.unproven.Add(1)
	if r.Policy == PolicyRequire {
		return declines, 0
	}
	if r.Habits != nil {
		if grace := min(r.Habits.Grace(time.Since(c.began)), c.terms.grace); grace > 0 {
			return holds, grace
		}
	}
	return binds, 0
}

// hold keeps a connection without proof for a while, in which one with proof would
// win. The lock is held.
func (c *candidates) hold(one *candidate, conn *Conn, grace time.Duration) {
	one.held = conn
	if c.grace == nil {
		c.grace = newAlarm(&c.running, grace, c.graceOver)
	}
}

// holding reports whether a connection without proof waits; the lock is held.
func (c *candidates) holding() bool {
	return slices.ContainsFunc(c.open, func(one *candidate) bool { return one.held != nil })
}

// graceOver decides between those that were held. A proven rival would have won
// before.
func (c *candidates) graceOver() {
	c.mu.Lock()
	c.grace = nil
	var held []*candidate
	for _, one := range c.open {
		if one.held != nil {
			held = append(held, one)
		}
	}
	switch {
	case c.over || len(held) == 0: // settled meanwhile, or all had to make room
		c.mu.Unlock()
	case len(held) == 1:
		c.request.Habits.Waited(false)
		c.win(held[0], held[0].held)
	default:
		c.request.Habits.Waited(true)
		c.verdict = ErrRivals
		c.count.rivals.Add(1)
		rivals := c.finish()
		c.mu.Unlock()
		c.refuse(rivals, false)
		c.wake()
	}
}

// decline ends a connection so that its client goes on to read the reply on the
// control connection: a RST would be taken for a broken network. The offer stays
// open for others meanwhile.
func (c *candidates) decline(conn *Conn) {
	unhook := context.AfterFunc(c.polite, conn.Abort)
	defer unhook()
	conn.raw.limitUntil(time.Now().Add(declineLimit))
	if conn.Finish() == nil {
		conn.Drain(declineLimit)
	} else {
		conn.Abort()
	}
}
