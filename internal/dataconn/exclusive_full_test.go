package dataconn

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// freeRun is a run of n ports that are free just now.
func freeRun(t *testing.T, n uint16) (from, to uint16) {
	t.Helper()
search:
	for first := uint16(31_000); first > 10_000; first -= n {
		for port := first; port < first+n; port++ {
			l, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(netip.AddrPortFrom(loopback, port)))
			if err != nil {
				continue search
			}
			l.Close()
		}
		return first, first + n - 1
	}
	t.Fatal("no free ports in a row")
	return 0, 0
}

// S-54: a crowd asks for ports and never connects. One gets as many as there are,
// the others are told so when their time is over; and without anybody giving one
// back all who wait are served in turn, since each offer has its life.
func TestS54NobodyConnects(t *testing.T) {
	const ports, crowd = 4, 40
	from, to := freeRun(t, ports)
	x := NewExclusive(from, to)
	defer x.Close()
	request := Request{Local: loopback, Peer: loopback}
	for range ports {
		if _, err := x.Offer(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
	over, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := x.Offer(over, request); !errors.Is(err, ErrNoPort) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with every port taken: %v", err)
	}
	x.Close()

	y := NewExclusive(from, to)
	defer y.Close()
	y.terms.life = 5 * time.Millisecond
	var all sync.WaitGroup
	for range crowd {
		all.Go(func() {
			o, err := y.Offer(t.Context(), request)
			if err != nil {
				t.Error(err)
				return
			}
			if o.Port() < from || o.Port() > to {
				t.Errorf("port %d is not one of %d-%d", o.Port(), from, to)
			}
		})
	}
	all.Wait()
	// And then an honest one.
	y.terms.life = OfferLife
	o, err := y.Offer(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	dialOffer(t, o, loopback, netip.Addr{})
	conn, err := o.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn.Abort()
}

// F-08: a listener that stops accepting for a while, as the kernel does without
// descriptors, is asked again after pauses that grow to a second, and no more often;
// what comes then is taken.
func TestF08AcceptRests(t *testing.T) {
	// The pauses are 5, 10, 20, ... 640 ms and then a second each.
	const failures = 10
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		l := &failingListener{failures: failures, then: ours, closed: make(chan struct{})}
		begin := time.Now()
		var took time.Duration
		accept(l, nil, func(raw net.Conn) {
			took = time.Since(begin)
			raw.Close()
			close(l.closed)
		})
		want := (1<<8-1)*5*time.Millisecond + (failures-8)*time.Second
		if took != want || l.asked != failures+2 {
			t.Errorf("asked %d times, accepted after %v; want %d times and %v", l.asked, took, failures+2, want)
		}
	})
}

// failingListener fails so often, then accepts once, and is closed after that.
type failingListener struct {
	net.Listener
	failures, asked int
	then            net.Conn
	closed          chan struct{}
}

func (l *failingListener) Accept() (net.Conn, error) {
	l.asked++
	if l.asked <= l.failures {
		return nil, errors.New("accept4: too many open files")
	}
	if l.then == nil {
		<-l.closed
		return nil, net.ErrClosed
	}
	conn := l.then
	l.then = nil
	return conn, nil
}
