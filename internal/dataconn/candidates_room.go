package dataconn

import (
	"math/rand/v2"
	"slices"
)

// makeRoom takes one candidate out when all places are taken: one that is lost
// already, or else one that has not sent a byte yet; among these by lot, so that a
// flood cannot aim. The newcomer always gets its chance.
func (c *candidates) makeRoom() *candidate {
	if len(c.open) < maxCandidates {
		return nil
	}
	pick := func(fits func(*candidate) bool) int {
		var fitting []int
		for i, one := range c.open {
			if fits(one) {
				fitting = append(fitting, i)
			}
		}
		if len(fitting) == 0 {
			return -1
		}
		return fitting[rand.IntN(len(fitting))]
	}
	i := pick(c.isLost)
	if i < 0 {
		i = pick(func(one *candidate) bool { return !one.raw.heard.Load() })
	}
	if i < 0 {
		i = rand.IntN(len(c.open))
	}
	victim := c.open[i]
	victim.evicted = true
	c.open = slices.Delete(c.open, i, i+1)
	return victim
}

// recordHandshake begins every TLS handshake (RFC 8446 §5.1).
const recordHandshake = 22

// isLost reports whether a candidate has no chance: it was declined, or it has hung
// up or sent rubbish and its goroutine has not come to see that. A flood is made of
// such, and must not push out the true one that is waiting for its 150.
func (c *candidates) isLost(one *candidate) bool {
	if one.declined || one.held != nil || one.raw.heard.Load() {
		return one.declined
	}
	first, arrived, gone := peek(one.raw.Conn)
	return gone || arrived && c.request.Secure != nil && first != recordHandshake
}
