package ftptest

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// Direction is one of the two of a connection.
type Direction uint8

// The directions.
const (
	Up   Direction = iota // from the client to the server
	Down                  // from the server to the client
)

func (d Direction) String() string { return [...]string{"up", "down"}[d] }

// Action is what a Fault does.
type Action uint8

// The actions. Cut, Reset and Hang end what they act on; the others let it go on.
const (
	// Cut ends both directions with a FIN to both ends, as a gateway does that has
	// forgotten the connection politely. Under TLS it looks like an end.
	Cut Action = iota
	// Reset breaks the connection with a RST to both ends.
	Reset
	// Hang passes nothing on any more, in the fault's direction, and says nothing.
	Hang
	// Delay waits once, for Fault.Wait, before it passes on.
	Delay
	// Throttle waits for Fault.Wait before each byte.
	Throttle
	// Split passes every byte on by itself.
	Split
	// Flip inverts a bit of one byte: Fault.Bit.
	Flip
)

func (a Action) String() string {
	return [...]string{"cut", "reset", "hang", "delay", "throttle", "split", "flip"}[a]
}

// End, as Fault.At, is the end of a direction: behind its last byte and ahead of its
// FIN.
const End = -1

// Fault is something that happens on the way: in one direction of one connection,
// ahead of one byte.
type Fault struct {
	Conn      int // 0 is the first since Proxy.Set: with one client, its control connection
	Direction Direction
	At        int64 // how many bytes pass before; or End
	Do        Action
	Wait      time.Duration // of Delay and Throttle
	Bit       uint8         // of Flip: 0 to 7
}

// Passage is what a connection through a Proxy has come to: how many bytes were
// passed on in each direction, and whether a fault has happened to it.
type Passage struct {
	Up, Down int64
	Faulty   bool
}

// Proxy passes TCP connections on, and does to them what networks do. A client
// reaches it by DialContext or, being another program, at an address of Relay. The
// zero value is ready. Without faults it changes nothing, not even the ends: a FIN is
// passed on as a FIN, and a RST as a RST.
type Proxy struct {
	// Dial makes the connections to the server; nil means net.Dialer's. See
	// Hostile.DialContext.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	mu     sync.Mutex // guards what follows
	faults []Fault
	routes []*route
	open   map[io.Closer]struct{}
	closed bool
	wg     sync.WaitGroup
}

// Set has these faults, and no others, happen to the connections that are made from
// now on, and begins to count anew.
func (p *Proxy) Set(faults ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults, p.routes = faults, nil
}

// Passages tells of the connections since Set, in the order in which they were made.
func (p *Proxy) Passages() []Passage {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]Passage, len(p.routes))
	for i, r := range p.routes {
		r.mu.Lock()
		all[i] = r.passage
		r.mu.Unlock()
	}
	return all
}

// DialContext connects to address through the proxy, for clients that can be given a
// dialer. The client's end is in memory, so that in a bubble of testing/synctest time
// passes while it waits, if what Dial makes is in memory too.
func (p *Proxy) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	server, err := p.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	local, _ := server.LocalAddr().(*net.TCPAddr)
	remote, _ := server.RemoteAddr().(*net.TCPAddr)
	if local == nil || remote == nil {
		_ = server.Close()
		return nil, errors.New("ftptest: the proxy is for TCP")
	}
	client, ours := memPair(local, remote)
	if !p.pass(ours, server) {
		return nil, net.ErrClosed
	}
	return client, nil
}

func (p *Proxy) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if p.Dial != nil {
		return p.Dial(ctx, network, address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// Relay listens at address and passes what comes on to target. It returns the address,
// which is new if the port of it was 0.
//
// A client that gets a data port by EPSV connects to it at the host of its control
// connection. To have those connections too, a test relays, from one loopback address
// to another, all the ports that the server may name, with the same numbers.
func (p *Proxy) Relay(address, target string) (string, error) {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	if !p.keep(ln) {
		return "", net.ErrClosed
	}
	p.wg.Go(func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			server, err := p.dial(context.Background(), "tcp", target)
			if err != nil {
				abandon(client)
				continue
			}
			p.pass(client, server)
		}
	})
	return ln.Addr().String(), nil
}

// keep notes what Close has to close; if that is over, it closes at once.
func (p *Proxy) keep(all ...io.Closer) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open == nil {
		p.open = map[io.Closer]struct{}{}
	}
	for _, c := range all {
		if p.closed {
			_ = c.Close()
		} else {
			p.open[c] = struct{}{}
		}
	}
	return !p.closed
}

// pass begins to pass on between the two.
func (p *Proxy) pass(client, server net.Conn) bool {
	if !p.keep(client, server) {
		return false
	}
	r := &route{client: client, server: server, over: make(chan struct{})}
	p.mu.Lock()
	n := len(p.routes)
	p.routes = append(p.routes, r)
	var faults [2][]Fault
	for _, f := range p.faults {
		if f.Conn == n {
			faults[f.Direction] = append(faults[f.Direction], f)
		}
	}
	p.mu.Unlock()
	p.wg.Go(func() {
		defer p.forget(client, server)
		var both sync.WaitGroup
		both.Go(func() { r.pump(Up, client, server, faults[Up]) })
		r.pump(Down, server, client, faults[Down])
		both.Wait()
	})
	return true
}

func (p *Proxy) forget(all ...io.Closer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range all {
		_ = c.Close()
		delete(p.open, c)
	}
}

// Close ends all connections, and waits until nothing of the proxy is left.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	for _, r := range p.routes {
		r.end()
	}
	for c := range p.open {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.wg.Wait()
}
