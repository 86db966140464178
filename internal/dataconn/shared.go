package dataconn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/sealane/sealane/internal/origin"
)

// MaxSharedPorts bounds the ports of a [Shared], each of which is open all the
// time. A few are enough: transfers per second and client address come to N / (3
// RTT + 4 ms).
const MaxSharedPorts = 256

// SharedOptions are the choices of a [Shared]. A zero field means its default.
type SharedOptions struct {
	// Fallback gives an offer when no shared port is free; an [Exclusive] over a
	// range that the firewall lets through. Shared closes it with itself. Without
	// it offers wait longer and then fail.
	Fallback Ports
	// Origins says from where connections come, also those of proxies; nil: what
	// their sockets say.
	Origins *origin.Finder
	// Warn is told once per client address that its offers wait too long: more
	// ports are needed. At most 1024 addresses are told.
	Warn func(client netip.Addr, waited time.Duration)

	Life         time.Duration // of an offer until Wait; default OfferLife
	Quarantine   time.Duration // of a slot whose client never connected; default 30 s
	OwnerAge     time.Duration // an owner that is older is not waited for; default 1 s
	FallbackWait time.Duration // for a shared port, with a Fallback; default 250 ms
	Wait         time.Duration // for a shared port, without one; default 10 s
	Grace        time.Duration // for a proven rival of an unproven candidate; default 250 ms
	WarnAfter    time.Duration // a wait that is longer is too long; default 1 s
}

func (o SharedOptions) withDefaults() SharedOptions {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&o.Life, OfferLife}, {&o.Quarantine, 30 * time.Second}, {&o.OwnerAge, time.Second},
		{&o.FallbackWait, 250 * time.Millisecond}, {&o.Wait, 10 * time.Second},
		{&o.Grace, proofGrace}, {&o.WarnAfter, time.Second},
	} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	return o
}

// Shared is a [Ports] with a few ports that stay open and serve all sessions. A
// connection belongs to the offer that owns its slot: the pair of port and client
// address. An address has one offer on each port, the next ones wait.
//
// The TLS ticket of a connection only proves; it never chooses the offer. Programs
// share one TLS cache between their parallel sessions and show the ticket of any of
// them, so choosing by ticket swaps files between transfers.
type Shared struct {
	options SharedOptions
	terms   terms
	count   counters
	crowd   crowd
	ports   []uint16

	done      chan struct{}  // closed by Close
	accepting sync.WaitGroup // accept loops
	arriving  sync.WaitGroup // connections of which it is not known yet where they come from
	stopped   context.Context
	stop      context.CancelFunc // with done
	alarms    sync.WaitGroup     // of quarantines

	mu        sync.Mutex
	closed    bool
	next      int // where the search for a free port begins
	owners    map[slot]*sharedOffer
	queues    map[netip.Addr][]*sharedOffer // first come, first served; never empty
	offers    map[*sharedOffer]struct{}     // whose Wait or Close is still to come
	listeners map[netip.Addr][]net.Listener // by host; the zero Addr is all addresses
	waits     SharedCounts
	warned    map[netip.Addr]struct{}
}

// slot is what has one owner: an offer, or the quarantine of one.
type slot struct {
	port   uint16
	client netip.Addr
}

// NewShared returns a Ports over listeners that are open already, of TCP. It
// closes them. The ports to announce are theirs.
func NewShared(listeners []net.Listener, options SharedOptions) (*Shared, error) {
	var ports []uint16
	for _, l := range listeners {
		tcp, ok := l.Addr().(*net.TCPAddr)
		if !ok {
			return nil, fmt.Errorf("dataconn: %v is no address of TCP", l.Addr())
		}
		if port := tcp.AddrPort().Port(); !slices.Contains(ports, port) {
			ports = append(ports, port)
		}
	}
	s, err := newShared(ports, options)
	if err != nil {
		return nil, err
	}
	for _, l := range listeners {
		host := l.Addr().(*net.TCPAddr).AddrPort().Addr().Unmap()
		s.listeners[host] = append(s.listeners[host], l)
		s.serve(l)
	}
	return s, nil
}

// OpenShared returns a Ports over the ports of a range, opened on each of hosts
// as [Shared.Listen] does.
func OpenShared(hosts []netip.Addr, r PortRange, options SharedOptions) (*Shared, error) {
	var ports []uint16
	for port := int(r.From); port <= int(r.To) && port != 0 && len(ports) <= MaxSharedPorts; port++ {
		ports = append(ports, uint16(port))
	}
	s, err := newShared(ports, options)
	if err != nil {
		return nil, err
	}
	for _, host := range hosts {
		if err := s.Listen(host); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

func newShared(ports []uint16, options SharedOptions) (*Shared, error) {
	if len(ports) == 0 || len(ports) > MaxSharedPorts {
		return nil, fmt.Errorf("dataconn: shared data ports must be from 1 to %d", MaxSharedPorts)
	}
	s := &Shared{
		options: options.withDefaults(), ports: ports, done: make(chan struct{}),
		owners: map[slot]*sharedOffer{}, queues: map[netip.Addr][]*sharedOffer{},
		offers: map[*sharedOffer]struct{}{}, listeners: map[netip.Addr][]net.Listener{},
		warned: map[netip.Addr]struct{}{},
	}
	s.stopped, s.stop = context.WithCancel(context.Background())
	s.terms = terms{life: s.options.Life, grace: s.options.Grace, crowd: &s.crowd, patient: true}
	return s, nil
}

// Offer takes a free port of the client's, or waits for one in the order in which
// offers came. It does not wait behind owners of whom it is to be expected that
// their clients never come. Instead of waiting, or when it has waited long enough,
// it goes to the fallback; without one the error wraps ErrNoPort. After Close the
// error wraps net.ErrClosed.
//
// It never takes a port from a client that has not come: if that came late, it
// would get the file of another session, or that session would.
func (s *Shared) Offer(ctx context.Context, r Request) (Offer, error) {
	if !r.Peer.IsValid() {
		return nil, errors.New("dataconn: an offer needs a peer")
	}
	o := &sharedOffer{ports: s, slot: slot{client: clientOf(r.Peer)}, given: make(chan struct{})}
	err := s.reserve(ctx, o)
	if errors.Is(err, ErrNoPort) && s.options.Fallback != nil && ctx.Err() == nil {
		s.mu.Lock()
		s.waits.Fallbacks++
		s.mu.Unlock()
		return s.options.Fallback.Offer(ctx, r)
	}
	if errors.Is(err, ErrNoPort) {
		s.mu.Lock()
		s.waits.Refused++
		s.mu.Unlock()
	}
	if err != nil {
		return nil, err
	}
	if !s.open(ctx, o, r) {
		return nil, errPortsClosed
	}
	return o, nil
}

// clientOf is the address as slots have it. Zones are left out: they do not name
// the same link on both ends, and [samePeer] looks at them later.
func clientOf(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// arrived routes a connection as soon as it is known where it comes from.
func (s *Shared) arrived(port uint16, raw net.Conn) {
	s.arriving.Add(1)
	s.options.Origins.Find(s.stopped, raw, func(ends origin.Ends, err error) {
		defer s.arriving.Done()
		if err != nil {
			s.count.turnAway(raw, err)
			return
		}
		s.route(port, raw, ends.Remote.Addr())
	})
}

// route gives a connection to the owner of its slot. Who is not expected is
// closed: also a late client of a slot in quarantine.
func (s *Shared) route(port uint16, raw net.Conn, from netip.Addr) {
	var to *candidates
	s.mu.Lock()
	if o := s.owners[slot{port, clientOf(from)}]; o != nil && o.quarantine == nil {
		to = o.candidates
	}
	s.mu.Unlock()
	if to == nil {
		s.count.strangers.Add(1)
		cut(raw)
		return
	}
	to.add(raw, from)
}

// Close closes the listeners, every offer and the fallback, and waits until no
// candidate, timer or goroutine is left. Offers that wait for a port fail.
// Connections that have been given out are not touched.
func (s *Shared) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
		s.stop()
	}
	var listeners []net.Listener
	for _, some := range s.listeners {
		listeners = append(listeners, some...)
	}
	var open []*sharedOffer
	for o := range s.offers {
		open = append(open, o)
	}
	s.mu.Unlock()
	for _, l := range listeners {
		_ = l.Close()
	}
	s.accepting.Wait()
	s.arriving.Wait()
	for _, o := range open {
		o.Close()
	}
	s.mu.Lock()
	for _, o := range s.owners { // quarantines
		s.free(o)
	}
	s.mu.Unlock()
	s.crowd.all.Wait()
	s.alarms.Wait()
	if s.options.Fallback != nil {
		return s.options.Fallback.Close()
	}
	return nil
}
