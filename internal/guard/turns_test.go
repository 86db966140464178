package guard

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealane/sealane/auth"
)

// S-26: 500 passwords in parallel from one address do not keep another waiting for
// more than the hash that runs and one more, and cost no more than lead to a ban.
func TestS26ParallelPasswords(t *testing.T) {
	p := DefaultPolicy()
	p.Hashes = 1
	bubble(t, p, func(t *testing.T, h *house) {
		// A hash takes a second, and its own password alone is right.
		var order []string
		login := h.Login(func(ctx context.Context, c auth.Credentials) (*auth.Grant, error) {
			done, err := h.Turn(ctx)
			if err != nil {
				return nil, err
			}
			order = append(order, c.User) // there is one place
			time.Sleep(time.Second)
			done(c.User == c.Password)
			if c.User != c.Password {
				return nil, auth.ErrDenied
			}
			return &auth.Grant{Account: c.User}, nil
		})
		var denied, busy atomic.Int32
		var all sync.WaitGroup
		for i := range 500 {
			all.Go(func() {
				_, err := login(t.Context(), auth.Credentials{User: fmt.Sprint("guess", i), Password: "x", Remote: remote("203.0.113.7")})
				switch {
				case errors.Is(err, auth.ErrDenied):
					denied.Add(1)
				case errors.Is(err, auth.ErrBusy):
					busy.Add(1)
				default:
					t.Errorf("guess: %v", err)
				}
			})
		}
		synctest.Wait()
		began := time.Now()
		if _, err := login(t.Context(), auth.Credentials{User: "anna", Password: "anna", Remote: remote("192.0.2.1")}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("another address took %v, and a hash takes 1 s", took)
		}
		all.Wait()
		if n := len(order) - 1; n > p.Failures {
			t.Errorf("%d hashes for an address that is banned after %d", n, p.Failures)
		}
		if denied.Load()+busy.Load() != 500 {
			t.Errorf("%d denied, %d busy", denied.Load(), busy.Load())
		}
		if s := h.Stats(); s.HashesRunning != 0 || s.HashesWaiting != 0 || s.Failures+s.LoginsHeld+s.LoginsBarred != 500 {
			t.Errorf("%+v", s)
		}
	})
}

// Hashes of a guard do not run together more than they may, with failures of more than
// one at a time, and the ban comes after no more hashes than fail and run together.
func TestS26Places(t *testing.T) {
	p := DefaultPolicy()
	p.Hashes, p.Failures, p.DelayMax = 3, 5, time.Second
	bubble(t, p, func(t *testing.T, h *house) {
		var running, most, hashes atomic.Int32
		login := h.Login(func(ctx context.Context, c auth.Credentials) (*auth.Grant, error) {
			done, err := h.Turn(ctx)
			if err != nil {
				return nil, err
			}
			hashes.Add(1)
			most.Store(max(most.Load(), running.Add(1)))
			time.Sleep(10 * time.Millisecond)
			running.Add(-1)
			done(false)
			return nil, auth.ErrDenied
		})
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				_, _ = login(t.Context(), auth.Credentials{User: fmt.Sprint(i), Remote: remote("192.0.2.1")}) // the count is what counts
			})
		}
		all.Wait()
		if n := int(hashes.Load()); most.Load() != 3 || n > p.Failures+p.Hashes-1 || n < p.Failures {
			t.Errorf("%d hashes, %d at a time", n, most.Load())
		}
	})
}

func address(i int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 32)
}

// Places go round among addresses, and by turns to trusted and strange ones.
func TestTurnsAreFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newTurns(1, 100)
		if err := q.take(t.Context(), address(0), false); err != nil {
			t.Fatal(err)
		}
		var got []string
		var all sync.WaitGroup
		wait := func(name string, of int, trusted bool) {
			all.Go(func() {
				if err := q.take(t.Context(), address(of), trusted); err != nil {
					t.Error(err)
				}
				got = append(got, name) // there is one place
				q.leave()
			})
			synctest.Wait()
		}
		for range 3 {
			wait("a", 1, false)
		}
		wait("b", 2, false)
		wait("c", 3, false)
		wait("b", 2, false)
		wait("T", 4, true)
		wait("T", 4, true)
		wait("U", 5, true)
		q.leave()
		all.Wait()
		if s := fmt.Sprint(got); s != "[T a U b T c a b a]" {
			t.Errorf("served %s", s)
		}
		if q.running != 0 || len(q.rings[0].of)+len(q.rings[1].of)+len(q.rings[0].order)+len(q.rings[1].order) != 0 {
			t.Errorf("left behind: %+v", q)
		}
	})
}

// A full queue takes one of an address that has fewer in it than another, at the cost
// of that one, and else none; nobody waits for ever.
func TestTurnsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newTurns(1, 4)
		if err := q.take(t.Context(), address(0), false); err != nil {
			t.Fatal(err)
		}
		results := map[int]chan error{}
		wait := func(id, of int) {
			results[id] = make(chan error, 1)
			go func() { results[id] <- q.take(t.Context(), address(of), false) }()
			synctest.Wait()
		}
		for id := range 4 {
			wait(id, 1)
		}
		wait(4, 1)
		if err := <-results[4]; !errors.Is(err, errQueueFull) {
			t.Errorf("the fifth of four: %v", err)
		}
		wait(5, 2)
		if err := <-results[3]; !errors.Is(err, errQueueFull) {
			t.Errorf("who gave way: %v", err)
		}
		wait(6, 2)
		if err := <-results[2]; !errors.Is(err, errQueueFull) {
			t.Errorf("who gave way: %v", err)
		}
		wait(7, 2) // two and two: no more
		if err := <-results[7]; !errors.Is(err, errQueueFull) {
			t.Errorf("where all have the same: %v", err)
		}
		time.Sleep(turnPatience)
		for _, id := range []int{0, 1, 5, 6} {
			if err := <-results[id]; !errors.Is(err, errTurnLate) || Rule(err) != "hashes" {
				t.Errorf("%d: %v", id, err)
			}
		}
		if q.rings[0].waiting != 0 || len(q.rings[0].order) != 0 || q.refused != 4 {
			t.Errorf("left behind: %+v", q)
		}
	})
}

// Whatever comes, waits, leaves and gives up, no place is lost and none given twice.
func TestTurnsCount(t *testing.T) {
	const places = 3
	q := newTurns(places, 20)
	var running atomic.Int32
	var all sync.WaitGroup
	for w := range 40 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(w)))
			for range 200 {
				ctx, cancel := context.WithCancel(t.Context())
				if random.IntN(3) == 0 {
					go cancel()
				}
				if q.take(ctx, address(random.IntN(5)), random.IntN(2) == 0) == nil {
					if n := running.Add(1); n > places {
						t.Errorf("%d at a time", n)
					}
					running.Add(-1)
					q.leave()
				}
				cancel()
			}
		})
	}
	all.Wait()
	if q.running != 0 || q.rings[0].waiting+q.rings[1].waiting+len(q.rings[0].of)+len(q.rings[1].of) != 0 {
		t.Errorf("left behind: %+v", q)
	}
	q.change(places+1, 1)
	for i := range places + 1 {
		if err := q.take(t.Context(), address(i), false); err != nil {
			t.Fatal(err)
		}
	}
}
