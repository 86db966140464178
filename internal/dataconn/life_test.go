package dataconn

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// An offer for which no command comes within its life lapses; the call of Wait
// ends that limit. An Exclusive gives its port back then.
func TestOfferLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil, nil)
		s.close(false)
		s.request.Secure = fakeHandshake
		fresh := func() {
			*s = stage{t: t, count: s.count, candidates: newCandidates(t.Context(), s.request,
				terms{life: OfferLife, crowd: &crowd{}}, s.count, func(bool) { s.settles.Add(1) })}
		}
		fresh()
		silent := s.connect(loopback)
		time.Sleep(OfferLife - time.Millisecond)
		if s.settles.Load() != 0 {
			t.Error("lapsed too early")
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if s.settles.Load() != 1 || !isClosed(silent) {
			t.Error("did not lapse")
		}
		if _, err := s.wait(t.Context()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Wait after the lapse: %v", err)
		}
		s.finished()

		fresh()
		time.Sleep(OfferLife - time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		time.AfterFunc(9*time.Second, func() { go s.connect(loopback).Write([]byte("proven")) })
		conn, err := s.wait(ctx)
		if err != nil {
			t.Fatalf("Wait was cut by the life: %v", err)
		}
		conn.Abort()
		s.finished()
	})
}

// What [Exclusive] offers has that life.
func TestExclusiveHasOfferLife(t *testing.T) {
	x := NewExclusive(0, 0)
	defer x.Close()
	if x.terms.life != OfferLife {
		t.Errorf("its offers live for %v", x.terms.life)
	}
	x.terms.life = time.Millisecond
	o, err := x.Offer(t.Context(), Request{Local: loopback, Peer: loopback})
	if err != nil {
		t.Fatal(err)
	}
	<-o.(*exclusiveOffer).ended
	if conn, err := net.Dial("tcp4", netip.AddrPortFrom(loopback, o.Port()).String()); err == nil {
		conn.Close()
		t.Error("it still listens")
	}
}
