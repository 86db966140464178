package dataconn

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
)

// onePort returns a Ports with a single port and an offer that holds it.
func onePort(t *testing.T) (*Exclusive, Offer) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).AddrPort().Port()
	l.Close()
	ports := NewExclusive(port, port)
	t.Cleanup(func() { ports.Close() })
	o, err := ports.Offer(t.Context(), Request{Local: loopback, Peer: loopback})
	if err != nil {
		t.Fatal(err)
	}
	if o.Port() != port {
		t.Fatalf("got port %d out of the range of %d alone", o.Port(), port)
	}
	return ports, o
}

// S-54: with every port taken an offer waits; it gets the port that is freed,
// by Close or by the connection that was bound, or fails with its context.
func TestS54Exhaustion(t *testing.T) {
	ports, held := onePort(t)
	request := Request{Local: loopback, Peer: loopback}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ports.Offer(ctx, request); !errors.Is(err, ErrNoPort) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	const waiting = 5
	var all sync.WaitGroup
	for range waiting {
		all.Go(func() {
			o, err := ports.Offer(t.Context(), request)
			if err != nil {
				t.Error(err)
				return
			}
			defer o.Close()
			dialOffer(t, o, loopback, netip.Addr{})
			conn, err := o.Wait(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			conn.Abort()
		})
	}
	held.Close()
	held.Close()
	all.Wait()
}

// A port that another program holds is passed over.
func TestForeignPort(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).AddrPort().Port()
	if port == 65535 {
		t.Skip("no room for a range above the port that the kernel chose")
	}
	ports := NewExclusive(min(port+20, 65535), port) // exchanged
	defer ports.Close()
	for range 10 {
		o, err := ports.Offer(t.Context(), Request{Local: loopback, Peer: loopback})
		if err != nil {
			t.Fatal(err)
		}
		if o.Port() <= port || o.Port() > port+20 {
			t.Errorf("got port %d", o.Port())
		}
		o.Close()
	}
}

// Close of the ports fails those who wait and ends the offers.
func TestClosePorts(t *testing.T) {
	ports, held := onePort(t)
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := ports.Offer(t.Context(), Request{Local: loopback, Peer: loopback}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("the waiting offer got %v", err)
		}
	})
	all.Go(func() {
		if _, err := held.Wait(t.Context()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Wait got %v", err)
		}
	})
	ports.Close()
	all.Wait()
	if _, err := ports.Offer(t.Context(), Request{Local: loopback, Peer: loopback}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// uglyEnds are ways in which an offer can come to its end. failing is for a Wait
// that ends because a candidate fails.
func uglyEnds(t *testing.T, client *tls.Config, failing context.Context) []func(o Offer) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	dial := func(o Offer) *net.TCPConn {
		conn, err := net.Dial("tcp", netip.AddrPortFrom(loopback, o.Port()).String())
		if err != nil {
			t.Fatal(err)
		}
		return conn.(*net.TCPConn)
	}
	return []func(o Offer){
		func(o Offer) { o.Close() }, // nobody came
		func(o Offer) { o.Wait(cancelled) },
		func(o Offer) { // silent, then Close
			defer dial(o).Close()
			o.Close()
		},
		func(o Offer) { // RST, and Close is left to others
			conn := dial(o)
			conn.SetLinger(0)
			conn.Close()
			o.Wait(failing)
		},
		func(o Offer) { // rubbish, nobody waits
			conn := dial(o)
			defer conn.Close()
			conn.Write([]byte("rubbish"))
		},
		func(o Offer) { // bound and never fetched
			conn := dial(o)
			defer conn.Close()
			tls.Client(conn, client).Handshake()
		},
		func(o Offer) { // more than there is room for
			for range 2 * maxCandidates {
				// An error is the reset of one that made room again.
				if conn, err := net.Dial("tcp", netip.AddrPortFrom(loopback, o.Port()).String()); err == nil {
					defer conn.Close()
				}
			}
			o.Wait(cancelled)
			o.Close()
		},
	}
}

// Two hundred offers that end in every ugly way leave nothing behind.
func TestUglyEndsLeaveNothing(t *testing.T) {
	server, client := testTLS(t, tls.VersionTLS13)
	ports := NewExclusive(0, 0)
	before := descriptors(t)
	ugly := uglyEnds(t, client, t.Context())
	for i := range 200 {
		o, err := ports.Offer(t.Context(), Request{Local: loopback, Peer: loopback, Secure: secureWith(server)})
		if err != nil {
			t.Fatal(err)
		}
		ugly[i%len(ugly)](o)
	}
	ports.Close()
	if len(ports.offers) != 0 || len(ports.lanes) != 0 {
		t.Errorf("%d offers and %d lanes are left", len(ports.offers), len(ports.lanes))
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

// descriptors counts the open ones where the system tells; else 0.
func descriptors(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0") // the poller's own are open from here on
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}
