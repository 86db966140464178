package dataconn

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var neighbour = netip.MustParseAddr("192.0.2.7")

// refusedAfter makes an offer that must find no port, and measures the wait.
func (s *sharedStage) refusedAfter(want time.Duration) {
	s.t.Helper()
	began := time.Now()
	o, err := s.Offer(s.t.Context(), s.request(loopback))
	if d := time.Since(began); !errors.Is(err, ErrNoPort) || d != want {
		s.t.Errorf("got %v, %v after %v; want ErrNoPort after %v", o, err, d, want)
	}
}

// SP-07: one who asks for a port and never connects holds up others until its
// offer is a second old, then not at all; other addresses never; with more ports
// nobody.
func TestSP07NeverConnects(t *testing.T) {
	onStage(t, 1, SharedOptions{}, func(t *testing.T, s *sharedStage) {
		s.offer(loopback)
		s.offer(neighbour)
		time.Sleep(300 * time.Millisecond)
		s.refusedAfter(700 * time.Millisecond)
		s.refusedAfter(0)
		time.Sleep(OfferLife) // in quarantine now
		s.refusedAfter(0)
	})
	onStage(t, 8, SharedOptions{}, func(t *testing.T, s *sharedStage) {
		for range 8 {
			s.offer(loopback)
		}
		s.refusedAfter(time.Second)
	})
}

// SP-07: with a range to fall back to, others get a port of their own after 250
// ms at most.
func TestSP07Fallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		other := newSharedStage(t, 2, SharedOptions{})
		s := newSharedStage(t, 1, SharedOptions{Fallback: other})
		defer s.finished() // closes both
		s.offer(loopback)
		for _, want := range []time.Duration{250 * time.Millisecond, 0} {
			began := time.Now()
			o, err := s.Offer(t.Context(), s.request(loopback))
			if d := time.Since(began); err != nil || d != want {
				t.Fatalf("got %v after %v, want it after %v", err, d, want)
			}
			if o.(*sharedOffer).ports != other.Shared {
				t.Error("it is not from the fallback")
			}
			time.Sleep(time.Second)
		}
		if c := s.Counts(); c.Fallbacks != 2 || c.Waits != 1 || c.Waited != 250*time.Millisecond || c.WaitBuckets != [5]uint64{2: 1} {
			t.Errorf("counted %+v", c)
		}
	})
}

// A lapsed offer leaves a quarantine: whoever connects then is closed, nobody
// else gets the port, and after 30 s it is free. SP-03: a late connection meets no
// other session.
func TestSP03Lapse(t *testing.T) {
	for name, lapse := range map[string]func(t *testing.T, s *sharedStage, o Offer){
		"no command": func(t *testing.T, s *sharedStage, o Offer) {
			time.Sleep(OfferLife)
			if _, err := o.Wait(t.Context()); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Wait after the lapse: %v", err)
			}
		},
		"no connection": func(t *testing.T, s *sharedStage, o Offer) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if _, err := o.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		},
		"only strays": func(t *testing.T, s *sharedStage, o Offer) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			s.connect(o.Port(), loopback, "rubbish")
			s.connect(o.Port(), loopback, "unproven")
			if _, err := o.Wait(ctx); !errors.Is(err, ErrUnproven) {
				t.Errorf("got %v", err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			onStage(t, 1, SharedOptions{}, func(t *testing.T, s *sharedStage) {
				r := s.request(loopback)
				r.Policy = PolicyRequire
				o, err := s.Offer(t.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				lapse(t, s, o)
				synctest.Wait()
				if late := s.connect(o.Port(), loopback, "proven"); !isClosed(late) {
					t.Error("a late connection was let in")
				}
				s.refusedAfter(0)
				time.Sleep(30*time.Second - time.Millisecond)
				s.refusedAfter(0)
				time.Sleep(time.Millisecond)
				synctest.Wait()
				s.offer(loopback)
				if c := s.Counts(); c.Lapses != 1 || c.Strangers != 1 {
					t.Errorf("counted %+v", c)
				}
				o.Close() // takes nothing from the new owner
				s.refusedAfter(time.Second)
			})
		})
	}
	// A session's next PASV, its end or a 550 frees the slot at once.
	onStage(t, 1, SharedOptions{}, func(t *testing.T, s *sharedStage) {
		o := s.offer(loopback)
		o.Close()
		o = s.offer(loopback)
		time.Sleep(OfferLife)
		synctest.Wait()
		o.Close()
		s.offer(loopback)
	})
}

// One that connected and was not waited for is closed when the offer lapses, and
// the slot, free since it was bound, is not put under quarantine.
func TestUnclaimedLapses(t *testing.T) {
	onStage(t, 1, SharedOptions{}, func(t *testing.T, s *sharedStage) {
		o := s.offer(loopback)
		early := s.connect(o.Port(), loopback, "proven")
		next := s.offer(loopback) // at once: the first is bound
		next.Close()
		time.Sleep(OfferLife - time.Second)
		if isClosed(early) {
			t.Error("closed too early")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if !isClosed(early) {
			t.Error("still open after the lapse")
		}
		s.offer(loopback)
	})
}

// SP-09: a slot that is freed, by whatever way, goes at once to the one who has
// waited longest; those who gave up are passed over.
func TestSP09FirstComeFirstServed(t *testing.T) {
	onStage(t, 1, SharedOptions{}, func(t *testing.T, s *sharedStage) {
		held := s.offer(loopback)
		var got []int
		var all sync.WaitGroup
		for i := range 6 {
			ctx, quit := context.WithCancel(t.Context())
			all.Go(func() {
				o, err := s.Offer(ctx, s.request(loopback))
				if i == 3 {
					if !errors.Is(err, ErrNoPort) || !errors.Is(err, context.Canceled) {
						t.Errorf("the one that quit got %v", err)
					}
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				got = append(got, i) // the slot orders them
				if i%2 == 0 {
					o.Close()
					return
				}
				s.dial(o.Port(), loopback, "proven")
				conn, err := o.Wait(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				conn.Abort()
				o.Close()
			})
			synctest.Wait() // i waits in the queue
			if i == 3 {
				quit()
				synctest.Wait()
			}
			defer quit()
		}
		began := time.Now()
		held.Close()
		all.Wait()
		if !slices.Equal(got, []int{0, 1, 2, 4, 5}) || !time.Now().Equal(began) {
			t.Errorf("served %v, after %v", got, time.Since(began))
		}
	})
}

// SP-09: one that is given a slot in the moment in which it quits gives it on.
func TestSP09GivenToOneThatQuits(t *testing.T) {
	onStage(t, 1, SharedOptions{}, func(t *testing.T, s *sharedStage) {
		o := &sharedOffer{ports: s.Shared, slot: slot{client: loopback}, given: make(chan struct{})}
		s.mu.Lock()
		s.give(o, firstStagePort)
		s.mu.Unlock()
		if !s.withdraw(o, true) {
			t.Error("one whose time was up did not keep it")
		}
		if s.withdraw(o, false) {
			t.Error("one that quit kept it")
		}
		s.offer(loopback).Close()
	})
}

// SP-09: no more than 64 of one address wait; no wait is longer than 10 s, however
// lively the port is; and the address is warned of once.
func TestSP09QueueBounds(t *testing.T) {
	var warned []netip.Addr
	options := SharedOptions{Warn: func(client netip.Addr, d time.Duration) {
		if d <= time.Second {
			t.Errorf("warned of a wait of %v", d)
		}
		warned = append(warned, client)
	}}
	onStage(t, 1, options, func(t *testing.T, s *sharedStage) {
		held := s.offer(loopback)
		var mu sync.Mutex
		served, refused := 0, 0
		var all sync.WaitGroup
		for range maxQueue {
			all.Go(func() {
				began := time.Now()
				o, err := s.Offer(t.Context(), s.request(loopback))
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					served++
					time.AfterFunc(900*time.Millisecond, o.Close)
					return
				}
				refused++
				if d := time.Since(began); !errors.Is(err, ErrNoPort) || d != 10*time.Second {
					t.Errorf("refused after %v: %v", d, err)
				}
			})
		}
		synctest.Wait()
		s.refusedAfter(0) // the queue is full
		s.offer(neighbour).Close()
		time.Sleep(900 * time.Millisecond)
		held.Close()
		all.Wait()
		// One at 0.9 s, and then every 0.9 s until 9.9 s.
		if served != 11 || refused != maxQueue-11 {
			t.Errorf("%d served, %d refused", served, refused)
		}
		if !slices.Equal(warned, []netip.Addr{loopback}) {
			t.Errorf("warned of %v", warned)
		}
		if c := s.Counts(); c.Waits != maxQueue || c.LongestWait != 10*time.Second {
			t.Errorf("counted %+v", c)
		}
		time.Sleep(time.Second) // until the last of them is closed
	})
}

// The ports are taken in turn, so that one rests before it is announced again.
func TestRotatingStart(t *testing.T) {
	onStage(t, 4, SharedOptions{}, func(t *testing.T, s *sharedStage) {
		var got []uint16
		for range 8 {
			o := s.offer(loopback)
			got = append(got, o.Port()-firstStagePort)
			o.Close()
		}
		if !slices.Equal(got, []uint16{0, 1, 2, 3, 0, 1, 2, 3}) {
			t.Errorf("ports in the order %v", got)
		}
	})
}

// Close of the ports fails those who wait and those who come.
func TestSharedClose(t *testing.T) {
	onStage(t, 1, SharedOptions{}, func(t *testing.T, s *sharedStage) {
		held := s.offer(loopback)
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := s.Offer(t.Context(), s.request(loopback)); !errors.Is(err, net.ErrClosed) {
				t.Errorf("the waiting offer got %v", err)
			}
		})
		all.Go(func() {
			if _, err := held.Wait(t.Context()); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Wait got %v", err)
			}
		})
		synctest.Wait()
		silent := s.connect(held.Port(), loopback, "")
		s.Close()
		all.Wait()
		if !isClosed(silent) {
			t.Error("a candidate is still open")
		}
		if _, err := s.Offer(t.Context(), s.request(loopback)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}
