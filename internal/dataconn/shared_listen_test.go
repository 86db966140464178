package dataconn

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"runtime"
	"testing"

	"github.com/sealane/sealane/internal/testport"
)

// freeRange finds ports that are free together on all addresses, so far as that
// can be known.
func freeRange(t *testing.T, n int) PortRange {
	t.Helper()
	from := uint16(testport.Range(t, n))
	return PortRange{From: from, To: from + uint16(n) - 1}
}

func addrs(text ...string) (list []netip.Addr) {
	for _, s := range text {
		var a netip.Addr
		if s != "" {
			a = netip.MustParseAddr(s)
		}
		list = append(list, a)
	}
	return list
}

// S-58: IPv4, IPv6 and IPv4 in its IPv6 clothes, on all addresses and on single
// ones; a wide listener takes the place of narrow ones.
func TestSharedFamilies(t *testing.T) {
	probe, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skipf("no IPv6 loopback here: %v", err)
	}
	probe.Close()
	for _, hosts := range [][]netip.Addr{
		addrs(""), addrs("::"), addrs("127.0.0.1", "::1"), addrs("127.0.0.1", ""), addrs("", "127.0.0.1", "::1"),
		addrs("127.0.0.1", "0.0.0.0", "127.0.0.1", "::1"), addrs("::ffff:127.0.0.1", "127.0.0.1", "::1"),
	} {
		s, err := OpenShared(hosts, freeRange(t, 2), SharedOptions{OwnerAge: hangLimit})
		if err != nil {
			t.Fatalf("%v: %v", hosts, err)
		}
		for _, peer := range addrs("127.0.0.1", "::1", "::ffff:127.0.0.1") {
			for range 2 {
				o, err := s.Offer(t.Context(), Request{Local: peer, Peer: peer})
				if err != nil {
					t.Fatal(err)
				}
				conn := dialOffer(t, o, peer.Unmap(), netip.Addr{})
				bound, err := o.Wait(t.Context())
				if err != nil {
					t.Fatalf("%v, from %v: %v", hosts, peer, err)
				}
				bound.Abort()
				conn.Close()
				o.Close()
			}
		}
		s.Close()
		wantNothingLeft(t, s)
	}
}

// A range that is none, or too large, or taken by another program, is an error
// and leaves nothing open.
func TestSharedRange(t *testing.T) {
	for _, r := range []PortRange{{}, {2, 1}, {1, 65535}, {0, 10}} {
		if s, err := OpenShared(nil, r, SharedOptions{}); err == nil {
			s.Close()
			t.Errorf("%v was taken", r)
		}
	}
	if s, err := NewShared(nil, SharedOptions{}); err == nil {
		s.Close()
		t.Error("a Shared without ports")
	}
	r := freeRange(t, 3)
	foreign, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(netip.AddrPortFrom(loopback, r.To)))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := OpenShared(addrs("127.0.0.1"), r, SharedOptions{}); !inUse(err) {
		s.Close()
		t.Errorf("got %v", err)
	}
	foreign.Close()
	s, err := OpenShared(addrs("127.0.0.1"), r, SharedOptions{})
	if err != nil {
		t.Fatalf("the failure left something open: %v", err)
	}
	s.Close()
	if err := s.Listen(loopback); err == nil {
		t.Error("Listen after Close")
	}
}

// SP-14: two hundred offers that end in every ugly way leave nothing behind: no
// slot, candidate, timer, descriptor or goroutine.
func TestSP14NothingLeft(t *testing.T) {
	server, client := testTLS(t, tls.VersionTLS13)
	before, goroutines := descriptors(t), runtime.NumGoroutine()
	s := shareLoopback(t, 8, SharedOptions{OwnerAge: hangLimit})
	failing, cancel := context.WithCancel(t.Context())
	cancel() // here a stray's failure does not end Wait
	ugly := uglyEnds(t, client, failing)
	const offers = 200
	for i := range offers {
		r := Request{Local: loopback, Peer: loopback, Secure: secureWith(server), Habits: resumes}
		o, err := s.Offer(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		ugly[i%len(ugly)](o)
		if i < offers-7 { // the last ones are left to Close of the ports
			o.Close()
		}
	}
	s.Close()
	wantNothingLeft(t, s)
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
	for runtime.NumGoroutine() > goroutines {
		runtime.Gosched() // those that have done their last act; else the test times out
	}
}
