package ftpserver

import (
	"net/netip"
	"sync"
	"time"
)

const (
	// maxHabits bounds of how many clients it is remembered how their data connections
	// come.
	maxHabits = 4096
	// mixedAfter is how many connections without proof must have waited for a rival in
	// vain before a client counts as one that resumes at times only. A thief who wants
	// the waits short has to find as many transfers for which the client does not come.
	mixedAfter = 3
	// contested stands in place of the count for clients that a rival has been seen
	// with: for these the full wait stays.
	contested = -1
	// mixedTrips bounds how long the connections of such a client wait, in handshakes, from
	// the offer of the port on. A rival that resumes has ended its own four round trips after
	// that, of which the shortest handshake with proof that was seen takes one: the reply to
	// PASV, connecting, the command and its 150 if it waits for that, and the handshake.
	mixedTrips = 5
	// mixedGrace is what the machines may take for it besides, and leastGrace what a
	// connection waits that comes later than all that.
	mixedGrace = 10 * time.Millisecond
	leastGrace = 2 * time.Millisecond
	// fullGrace is more than any data port makes a connection wait.
	fullGrace = time.Hour
)

// clientID is an account at an address: what a person, or a program, is to the server
// beyond one session. Programs such as curl -Z open many, each for few files.
type clientID struct {
	who  identity
	addr netip.Addr
}

// habit is how the data connections of one client come.
type habit struct {
	waits     int           // without proof, in vain, up to mixedAfter; or contested
	handshake time.Duration // the shortest one with proof; 0: none yet
}

// habits remembers that of many clients. Sessions of one client share what is learnt.
type habits struct {
	mu   sync.Mutex
	seen map[clientID]habit
}

// grace is how long a connection without proof has to wait that comes so long after the
// offer of its port, in a session that has had one with proof.
func (h *habits) grace(c clientID, age time.Duration) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	seen := h.seen[c]
	if seen.waits < mixedAfter || seen.handshake == 0 {
		return fullGrace
	}
	return max(leastGrace, mixedGrace+mixedTrips*seen.handshake-age)
}

func (h *habits) proven(c clientID, handshake time.Duration) {
	h.learn(c, func(seen *habit) {
		if handshake > 0 && (seen.handshake == 0 || handshake < seen.handshake) {
			seen.handshake = handshake
		}
	})
}

func (h *habits) waited(c clientID, rival bool) {
	h.learn(c, func(seen *habit) {
		switch {
		case rival:
			seen.waits = contested
		case seen.waits != contested && seen.waits < mixedAfter:
			seen.waits++
		}
	})
}

func (h *habits) learn(c clientID, change func(*habit)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	seen, known := h.seen[c]
	change(&seen)
	if !known && len(h.seen) >= maxHabits {
		for other := range h.seen { // any: who comes back is learnt again
			delete(h.seen, other)
			break
		}
	}
	if h.seen == nil {
		h.seen = make(map[clientID]habit)
	}
	h.seen[c] = seen
}

// clientHabits is what dataconn asks and tells for one session.
type clientHabits struct {
	session *session
	client  clientID
}

func (c clientHabits) Grace(age time.Duration) time.Duration {
	if !c.session.hasResumed.Load() {
		return 0
	}
	return c.session.srv.habits.grace(c.client, age)
}

func (c clientHabits) Proven(handshake time.Duration) {
	c.session.srv.habits.proven(c.client, handshake)
}

func (c clientHabits) Waited(contested bool) { c.session.srv.habits.waited(c.client, contested) }
