package dataconn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"time"
)

const (
	// maxCandidates is how many connections of the right address may be in their
	// handshake for one offer. Honest clients make one. The room is for strays
	// and thieves behind the same NAT, who must not keep the true client out: under
	// a flood of rubbish 4 lost 1 transfer of 100, and 16 none.
	maxCandidates = 16
	// maxCrowd is how many there may be for all offers together.
	maxCrowd = 4096
	// settleRounds is how often the others get to run before one has to make room.
	settleRounds = 8
	// HandshakeLimit bounds the handshake of a candidate, counted from its
	// accept, or from the call of Wait if that is later: many clients connect
	// before their command and begin their handshake only after its 1xx. Before
	// Wait a candidate is bounded by its stall limit and the life of the offer.
	HandshakeLimit = 10 * time.Second
)

var errHandshakeLimit = fmt.Errorf("%w: not completed within %v", ErrHandshake, HandshakeLimit)

// terms are what an implementation of Ports sets for its offers.
type terms struct {
	life  time.Duration // until wait is called
	grace time.Duration // for a proven rival
	crowd *crowd
	// patient makes wait go on after a failed handshake even if no other candidate
	// is open: anybody may have known the port.
	patient bool
}

// candidates chooses among the connections that arrive for one request: the
// first that completed its handshake, with the proof that the policy wants, is
// bound. Nothing is bound before, since until then anybody at that address may
// have connected.
type candidates struct {
	request Request
	terms   terms
	count   *counters
	// settled is called once, without the lock, when nothing more is wanted. lapsed
	// says that the client may yet connect.
	settled func(lapsed bool)

	began   time.Time
	ctx     context.Context // of all handshakes
	cancel  context.CancelFunc
	running sync.WaitGroup // candidates and alarms
	changed chan struct{}  // wakes wait; one token is enough

	polite      context.Context // of those that are being told to go
	cutDeclined context.CancelFunc

	mu      sync.Mutex
	open    []*candidate
	over    bool // one has won, or closed: whatever else arrives is refused
	closed  bool // nothing will be given out any more
	waiting bool // wait has been called
	bound   *Conn
	failure error // of the last candidate that failed
	verdict error // final: why none will be bound
	life    *alarm
	grace   *alarm // nil while no candidate is held
}

// candidate is one connection. All but raw, ctx and done is under candidates.mu.
type candidate struct {
	raw      *rawConn
	ctx      context.Context
	cancel   context.CancelFunc
	done     chan struct{} // Secure has returned
	limit    *time.Timer   // nil until the handshake limit runs
	evicted  bool
	held     *Conn // handshake completed, without proof: waits for a proven rival
	declined bool  // handshake completed, without proof: being told to go
}

func newCandidates(ctx context.Context, r Request, how terms, count *counters, settled func(lapsed bool)) *candidates {
	c := &candidates{request: r, terms: how, count: count, settled: settled, began: time.Now(), changed: make(chan struct{}, 1)}
	c.ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	c.polite, c.cutDeclined = context.WithCancel(context.WithoutCancel(ctx))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.life = newAlarm(&c.running, how.life, func() { c.close(true) })
	return c
}

// add takes raw over, which comes from the given address. When all places are taken it first lets the candidates run,
// since in a flood most have hung up or sent rubbish already and only have not been
// looked at: without that, the true one loses its place to them. When the newcomer
// takes the place of another add waits for that one's Secure to return, so that no
// more than maxCandidates handshakes ever run, and a flood is slowed down.
func (c *candidates) add(raw net.Conn, from netip.Addr) {
	if !samePeer(from, c.request.Peer) {
		c.count.strangers.Add(1)
		cut(raw)
		return
	}
	one := &candidate{raw: wrapRaw(raw, c.request.Stall), done: make(chan struct{})}
	one.ctx, one.cancel = context.WithCancel(c.ctx)

	c.mu.Lock()
	for range settleRounds {
		if c.over || len(c.open) < maxCandidates {
			break
		}
		c.mu.Unlock()
		runtime.Gosched()
		c.mu.Lock()
	}
	if c.over || !c.terms.crowd.enter() {
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
	go func() {
		defer c.running.Done()
		defer c.terms.crowd.leave()
		c.run(one)
	}()
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
	conn, err := c.secure(one)
	close(one.done)

	c.mu.Lock()
	if one.limit != nil && !one.limit.Stop() {
		// The limit has struck, perhaps in the same moment: raw is closed.
		err = errHandshakeLimit
	}
	if lost := c.over || one.evicted; lost || err != nil {
		c.remove(one)
		if !lost {
			c.fail(err)
		}
		c.mu.Unlock()
		one.stop()
		c.wake()
		return
	}
	switch verdict, grace := c.judge(one, conn); verdict {
	case binds:
		if c.holding() {
			c.request.Habits.Waited(true)
		}
		c.win(one, conn)
	case holds:
		c.hold(one, conn, grace)
		c.mu.Unlock()
	case declines:
		one.declined = true
		c.failure = ErrUnproven
		c.mu.Unlock()
		c.wake()
		c.decline(conn)
		c.mu.Lock()
		c.remove(one)
		c.mu.Unlock()
		one.cancel()
	}
}

// fail notes why a candidate failed. That one came without proof says more than
// that another did not even speak TLS.
func (c *candidates) fail(err error) {
	c.count.failed.Add(1)
	if !errors.Is(c.failure, ErrUnproven) {
		c.failure = err
	}
}

func (c *candidates) remove(one *candidate) {
	if i := slices.Index(c.open, one); i >= 0 {
		c.open = slices.Delete(c.open, i, i+1)
	}
}

// win binds conn. It is called with the lock, and gives it back.
func (c *candidates) win(one *candidate, conn *Conn) {
	c.remove(one)
	rivals := c.finish()
	c.mu.Unlock()
	c.refuse(rivals, false)
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
// refuse, without those that are being told to go; the lock is held.
func (c *candidates) finish() []*candidate {
	c.over = true
	c.grace.stop()
	rivals := slices.DeleteFunc(c.open, func(one *candidate) bool { return one.declined })
	c.open = nil
	return rivals
}

// refuse is called once, by whoever called finish, without the lock.
func (c *candidates) refuse(rivals []*candidate, lapsed bool) {
	c.settled(lapsed)
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
func samePeer(remote, peer netip.Addr) bool {
	got, want := remote.Unmap(), peer.Unmap()
	if got.Zone() == "" || want.Zone() == "" {
		got, want = got.WithZone(""), want.WithZone("")
	}
	return got.IsValid() && got == want
}
