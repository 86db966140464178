package dataconn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/sealane/sealane/internal/origin"
)

// rescan is how often an offer that waits looks for ports again that other
// programs hold: of those nobody tells us when they are freed.
const rescan = time.Second

// Exclusive is a [Ports] with a listener of its own for every offer, on a port
// taken by lot out of a range: the classic way of passive mode. A port is
// free again as soon as its offer is bound or closed, or has lapsed: a client that
// connects late finds nobody there, or, seldom, the next offer by lot.
type Exclusive struct {
	// Origins says from where connections come, also those of proxies; nil: what
	// their sockets say. Set it before the first offer.
	Origins *origin.Finder

	lot   *lot // nil: the kernel chooses
	count counters
	terms terms

	ctx   context.Context // ends with Close
	close context.CancelFunc

	holders sync.WaitGroup // those who have entered a lane and not left it

	mu     sync.Mutex
	closed bool
	lanes  map[netip.Addr]*lane
	offers map[*exclusiveOffer]struct{}
}

// lane is what the offers on one local address share. Exhausted ports on one
// address do not hold up the offers on another.
type lane struct {
	users int                 // offers and those who wait for one; under Exclusive.mu
	taken map[uint16]struct{} // under Exclusive.mu
	turn  chan struct{}       // held by the one offer that looks for a port; the others queue
	freed chan struct{}       // a port was freed
}

// NewExclusive returns a Ports that uses the ports from and to and those
// between, in a random order (S-53). With from and to both 0, the kernel chooses
// any free port. If from is above to, they are exchanged.
func NewExclusive(from, to uint16) *Exclusive {
	x := &Exclusive{lanes: map[netip.Addr]*lane{}, offers: map[*exclusiveOffer]struct{}{}}
	x.ctx, x.close = context.WithCancel(context.Background())
	x.terms = terms{life: OfferLife, grace: proofGrace, crowd: &crowd{}}
	if from != 0 || to != 0 {
		x.lot = newLot(max(1, min(from, to)), max(from, to))
	}
	return x
}

// Counts says what became of the connections that were refused.
func (x *Exclusive) Counts() Counts { return x.count.counts() }

// Offer listens on r.Local. Those who wait for a port are served in the order
// in which they came. The error wraps ErrNoPort and ctx's if every port stayed
// taken until ctx ended, and net.ErrClosed after Close.
func (x *Exclusive) Offer(ctx context.Context, r Request) (Offer, error) {
	if !r.Local.IsValid() || !r.Peer.IsValid() {
		return nil, errors.New("dataconn: an offer needs a local address and a peer")
	}
	r.Local = r.Local.Unmap()
	l, err := x.enter(r.Local)
	if err != nil {
		return nil, err
	}
	listener, err := x.acquire(ctx, l, r.Local)
	if err != nil {
		x.leave(r.Local, l, 0)
		return nil, err
	}
	o := newExclusiveOffer(ctx, x, r, listener, l)
	if !x.register(o) { // closed since the search
		o.Close()
		return nil, errPortsClosed
	}
	o.tidy(false)
	return o, nil
}

var errPortsClosed = fmt.Errorf("dataconn: data ports are closed: %w", net.ErrClosed)

// acquire waits for its turn and then for a port.
func (x *Exclusive) acquire(ctx context.Context, l *lane, local netip.Addr) (*net.TCPListener, error) {
	select {
	case l.turn <- struct{}{}: // the runtime serves blocked senders first come, first served
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrNoPort, ctx.Err())
	case <-x.ctx.Done():
		return nil, errPortsClosed
	}
	for {
		listener, err := x.search(ctx, l, local)
		if listener != nil || !errors.Is(err, ErrNoPort) {
			return listener, err
		}
		again := time.NewTimer(rescan)
		select {
		case <-l.freed:
		case <-again.C:
		case <-ctx.Done():
		case <-x.ctx.Done():
		}
		again.Stop()
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%w: %w", err, ctx.Err())
		}
		if x.ctx.Err() != nil {
			return nil, errPortsClosed
		}
	}
}

// search tries the ports once each. If all are in use the error wraps
// ErrNoPort; any other error is final.
func (x *Exclusive) search(ctx context.Context, l *lane, local netip.Addr) (*net.TCPListener, error) {
	if x.lot == nil {
		listener, err := x.listen(l, local, 0)
		if inUse(err) {
			err = fmt.Errorf("%w: %w", ErrNoPort, err)
		}
		return listener, err
	}
	someInUse, last := false, error(nil)
	for port := range x.lot.draw() {
		if ctx.Err() != nil {
			return nil, ErrNoPort
		}
		if x.isTaken(l, port) {
			someInUse = true
			continue
		}
		listener, err := x.listen(l, local, port)
		if err == nil {
			x.lot.use(port)
			return listener, nil
		}
		if !inUse(err) && !notAllowed(err) {
			return nil, err
		}
		someInUse = someInUse || inUse(err)
		last = err
	}
	if !someInUse { // not one port will become free by waiting
		return nil, last
	}
	return nil, ErrNoPort
}

func (x *Exclusive) listen(l *lane, local netip.Addr, port uint16) (*net.TCPListener, error) {
	network := "tcp4"
	if local.Is6() {
		network = "tcp6"
	}
	listener, err := net.ListenTCP(network, net.TCPAddrFromAddrPort(netip.AddrPortFrom(local, port)))
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	l.taken[portOf(listener)] = struct{}{}
	x.mu.Unlock()
	return listener, nil
}

func portOf(listener *net.TCPListener) uint16 {
	return listener.Addr().(*net.TCPAddr).AddrPort().Port()
}

func (x *Exclusive) isTaken(l *lane, port uint16) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	_, ok := l.taken[port]
	return ok
}

func (x *Exclusive) enter(local netip.Addr) (*lane, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return nil, errPortsClosed
	}
	l := x.lanes[local]
	if l == nil {
		l = &lane{taken: map[uint16]struct{}{}, turn: make(chan struct{}, 1), freed: make(chan struct{}, 1)}
		x.lanes[local] = l
	}
	l.users++
	x.holders.Add(1)
	return l, nil
}

// leave gives port back, if it is not 0, and the place in the lane.
func (x *Exclusive) leave(local netip.Addr, l *lane, port uint16) {
	x.mu.Lock()
	defer x.mu.Unlock()
	defer x.holders.Done()
	if l.users--; l.users == 0 {
		delete(x.lanes, local)
	}
	if port == 0 {
		return
	}
	delete(l.taken, port)
	select {
	case l.freed <- struct{}{}:
	default:
	}
}

// register makes o known to Close, unless that has already been called.
func (x *Exclusive) register(o *exclusiveOffer) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return false
	}
	x.offers[o] = struct{}{}
	return true
}

// Close closes every offer and waits until no listener, candidate or goroutine
// is left. Offers that wait for a port fail. Connections that have been given
// out are not touched.
func (x *Exclusive) Close() error {
	x.mu.Lock()
	x.closed = true
	open := make([]*exclusiveOffer, 0, len(x.offers))
	for o := range x.offers {
		open = append(open, o)
	}
	x.mu.Unlock()
	x.close()
	for _, o := range open {
		o.Close()
	}
	x.holders.Wait()
	return nil
}
