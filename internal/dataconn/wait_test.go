package dataconn

import (
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// S-54: a freed port goes at once, and to the one who has waited longest.
func TestS54FreedPortGoesToTheFirst(t *testing.T) {
	probe, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := probe.Addr().(*net.TCPAddr).AddrPort().Port()
	probe.Close()
	synctest.Test(t, func(t *testing.T) {
		x := NewExclusive(port, port)
		defer x.Close()
		held, _ := x.enter(loopback)
		held.taken[port] = struct{}{} // as an offer does that accepts nobody
		var got []int
		var all sync.WaitGroup
		for i := range 4 {
			all.Go(func() {
				l, err := x.enter(loopback)
				if err != nil {
					t.Error(err)
					return
				}
				listener, err := x.acquire(t.Context(), l, loopback)
				if err != nil {
					t.Error(err)
					return
				}
				got = append(got, i) // the port orders them
				listener.Close()
				x.leave(loopback, l, port)
			})
			synctest.Wait() // i waits in the queue
		}
		start := time.Now()
		x.leave(loopback, held, port)
		all.Wait()
		if !slices.Equal(got, []int{0, 1, 2, 3}) || !time.Now().Equal(start) {
			t.Errorf("served %v, after %v", got, time.Since(start))
		}
	})
}

// A port that another program gives back is found too, within the second.
func TestForeignPortFreed(t *testing.T) {
	foreign, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer foreign.Close()
	port := foreign.Addr().(*net.TCPAddr).AddrPort().Port()
	synctest.Test(t, func(t *testing.T) {
		x := NewExclusive(port, port)
		defer x.Close()
		l, err := x.enter(loopback)
		if err != nil {
			t.Fatal(err)
		}
		defer x.leave(loopback, l, port)
		time.AfterFunc(2500*time.Millisecond, func() { foreign.Close() })
		start := time.Now()
		listener, err := x.acquire(t.Context(), l, loopback)
		if err != nil {
			t.Fatal(err)
		}
		listener.Close()
		if d := time.Since(start); d != 3*time.Second {
			t.Errorf("found after %v", d)
		}
	})
}
