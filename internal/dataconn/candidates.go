package dataconn

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxCandidates is how many connections of the right address may be in their
	// handshake for one offer. Honest clients make one. The room is for strays
	// and thieves behind the same NAT, who must not keep the true client out.
	maxCandidates = 4
	// HandshakeLimit bounds the handshake of a candidate, counted from its
	// accept, or from the call of Wait if that is later: many clients connect
	// before their command and begin their handshake only after its 1xx. Before
	// Wait a candidate is bounded by its stall limit and the life of the offer.
	HandshakeLimit = 10 * time.Second
)

// Counts says what became of connections that were not bound, since the start.
type Counts struct {
	Strangers uint64 // came from another address than the control connection's peer
	Failed    uint64 // failed in their handshake
	Dropped   uint64 // lost to another candidate, or made room for a newer one
}

type counters struct{ strangers, failed, dropped atomic.Uint64 }

func (c *counters) counts() Counts {
	return Counts{Strangers: c.strangers.Load(), Failed: c.failed.Load(), Dropped: c.dropped.Load()}
}

var errHandshakeLimit = fmt.Errorf("%w: not completed within %v", ErrHandshake, HandshakeLimit)

// candidates chooses among the connections that arrive for one request: the
// first that completed its handshake is bound. Nothing is bound before, since
// until then anybody at that address may have connected.
type candidates struct {
	request Request
	count   *counters
	settled func() // called once, without the lock, when nothing more is wanted

	ctx     context.Context // of all handshakes
	cancel  context.CancelFunc
	running sync.WaitGroup
	changed chan struct{} // wakes wait; one token is enough

	mu      sync.Mutex
	open    []*candidate
	over    bool // one has won, or closed: whatever else arrives is refused
	closed  bool // nothing will be given out any more
	waiting bool // wait has been called
	bound   *Conn
	failure error // of the last candidate that failed
}

type candidate struct {
	raw     *rawConn
	ctx     context.Context
	cancel  context.CancelFunc
	limit   *time.Timer // nil until the handshake limit runs
	evicted bool        // under candidates.mu
	done    chan struct{}
}

func newCandidates(ctx context.Context, r Request, count *counters, settled func()) *candidates {
	c := &candidates{request: r, count: count, settled: settled, changed: make(chan struct{}, 1)}
	c.ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	return c
}

// add takes raw over. One goroutine may call it at a time. When the newcomer
// takes the place of another, add waits for that one's Secure to return, so
// that no more than maxCandidates handshakes ever run.
func (c *candidates) add(raw net.Conn) {
	if !samePeer(raw.RemoteAddr(), c.request.Peer) {
		c.count.strangers.Add(1)
		cut(raw)
		return
	}
	one := &candidate{raw: wrapRaw(raw, c.request.Stall), done: make(chan struct{})}
	one.ctx, one.cancel = context.WithCancel(c.ctx)

	c.mu.Lock()
	if c.over {
		c.mu.Unlock()
		c.count.dropped.Add(1)
		one.cancel()
		cut(raw)
		return
	}
	victim := c.makeRoom()
	c.open = append(c.open, one)
	if c.waiting {
		one.startLimit()
	}
	c.running.Add(1)
	c.mu.Unlock()

	if victim != nil {
		c.count.dropped.Add(1)
		victim.stop()
		<-victim.done
	}
	go c.run(one)
}

// makeRoom takes one candidate out when all places are taken: by lot, so that a
// flood cannot aim, and preferably one that has not sent a byte yet. The
// newcomer always gets its chance.
func (c *candidates) makeRoom() *candidate {
	if len(c.open) < maxCandidates {
		return nil
	}
	var silent []int
	for i, one := range c.open {
		if !one.raw.heard.Load() {
			silent = append(silent, i)
		}
	}
	i := rand.IntN(len(c.open))
	if len(silent) > 0 {
		i = silent[rand.IntN(len(silent))]
	}
	victim := c.open[i]
	victim.evicted = true
	c.open = slices.Delete(c.open, i, i+1)
	return victim
}

func (one *candidate) startLimit() {
	one.limit = time.AfterFunc(HandshakeLimit, one.stop)
}

// stop ends a candidate. The cut comes first: the end of the context would make
// crypto/tls close raw with a FIN.
func (one *candidate) stop() {
	cut(one.raw)
	one.cancel()
}

// run makes one candidate's handshake and settles what becomes of it.
func (c *candidates) run(one *candidate) {
	defer c.running.Done()
	defer close(one.done)
	conn, err := c.secure(one)

	c.mu.Lock()
	if one.limit != nil && !one.limit.Stop() {
		// The limit has struck, perhaps in the same moment: raw is closed.
		err = errHandshakeLimit
	}
	lost := c.over || one.evicted
	if i := slices.Index(c.open, one); i >= 0 {
		c.open = slices.Delete(c.open, i, i+1)
	}
	if lost || err != nil {
		if !lost {
			c.failure = err
			c.count.failed.Add(1)
		}
		c.mu.Unlock()
		one.stop()
		c.wake()
		return
	}
	rivals := c.finish()
	c.mu.Unlock()
	c.refuse(rivals)
	c.bind(conn)
}

// bind makes the winner known to wait, after all else has been refused: whoever
// has the connection can be sure that nobody listens any more.
func (c *candidates) bind(conn *Conn) {
	c.mu.Lock()
	closed := c.closed
	if !closed {
		c.bound = conn
	}
	c.mu.Unlock()
	if closed {
		conn.Abort()
	}
	c.wake()
}

func (c *candidates) secure(one *candidate) (*Conn, error) {
	if c.request.Secure == nil {
		return Plain(one.raw, c.request.Stall), nil
	}
	conn, err := c.request.Secure(one.ctx, one.raw)
	if err == nil && conn == nil {
		err = errors.New("dataconn: Secure returned neither connection nor error")
	}
	return conn, err
}

// finish marks the end of accepting and returns the candidates left over for
// refuse; the lock is held.
func (c *candidates) finish() []*candidate {
	c.over = true
	rivals := c.open
	c.open = nil
	return rivals
}

// refuse is called once, by whoever called finish, without the lock.
func (c *candidates) refuse(rivals []*candidate) {
	c.settled()
	for _, one := range rivals {
		c.count.dropped.Add(1)
		one.stop()
	}
	c.cancel()
}

func (c *candidates) wake() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// samePeer compares addresses without ports. A v4-mapped address is the IPv4
// address (S-58); zones count where both sides know theirs.
func samePeer(remote net.Addr, peer netip.Addr) bool {
	tcp, ok := remote.(*net.TCPAddr)
	if !ok {
		return false
	}
	got, want := tcp.AddrPort().Addr().Unmap(), peer.Unmap()
	if got.Zone() == "" || want.Zone() == "" {
		got, want = got.WithZone(""), want.WithZone("")
	}
	return got.IsValid() && got == want
}
