package dataconn

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// arrival is a connection of the client's address, and what its handshake says.
type arrival struct {
	after time.Duration
	words string
}

// The policies, with the connections in the order in which they arrive. SP-06: a
// thief of the same address that is faster than the victim gets nothing if the
// victim resumes within the grace.
func TestSP06ProofDecides(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name     string
		policy   Policy
		never    bool // the session has never resumed
		short    bool // 20 ms are enough for its client
		arrivals []arrival
		winner   int // -1: none
		want     error
		at       time.Duration
		told     string // what Habits hears
	}{
		{name: "proven", arrivals: []arrival{{0, "proven"}}},
		{name: "thief first, victim proves", arrivals: []arrival{{0, "unproven"}, {249 * ms, "proven"}}, winner: 1, at: 249 * ms, told: "contested"},
		{name: "single unproven", arrivals: []arrival{{0, "unproven"}}, at: 250 * ms, told: "alone"},
		{name: "too late to prove", arrivals: []arrival{{0, "unproven"}, {251 * ms, "proven"}}, at: 250 * ms, told: "alone"},
		{name: "two unproven", arrivals: []arrival{{0, "unproven"}, {100 * ms, "unproven"}}, winner: -1, want: ErrRivals, at: 250 * ms, told: "asked at 100ms, contested"},
		{name: "two thieves, victim proves", arrivals: []arrival{{0, "unproven"}, {100 * ms, "unproven"}, {50 * ms, "proven"}}, winner: 2, at: 150 * ms, told: "asked at 100ms, contested"},
		{name: "thief fails, one unproven", arrivals: []arrival{{0, "rubbish"}, {100 * ms, "unproven"}}, winner: 1, at: 350 * ms, told: "asked at 100ms, alone"},
		{name: "short, single unproven", short: true, arrivals: []arrival{{0, "unproven"}}, at: 20 * ms, told: "alone"},
		{name: "short, thief first, victim proves", short: true, arrivals: []arrival{{0, "unproven"}, {19 * ms, "proven"}}, winner: 1, at: 19 * ms, told: "contested"},
		{name: "slow handshake", arrivals: []arrival{{0, "slowly proven"}}, at: 10 * ms, told: "proven in 10ms"},
		{name: "never resumed", never: true, arrivals: []arrival{{0, "unproven"}}},
		{name: "off", policy: PolicyOff, arrivals: []arrival{{0, "unproven"}, {ms, "proven"}}},
		{name: "require, proven", policy: PolicyRequire, arrivals: []arrival{{0, "proven"}}},
		{name: "require, thief first", policy: PolicyRequire, arrivals: []arrival{{0, "unproven"}, {time.Second, "proven"}}, winner: 1, at: time.Second},
		{name: "require, never resumed", policy: PolicyRequire, never: true, arrivals: []arrival{{0, "unproven"}}, winner: -1, want: ErrUnproven, at: declineLimit},
		{name: "require, then rubbish", policy: PolicyRequire, arrivals: []arrival{{0, "unproven"}, {ms, "rubbish"}}, winner: -1, want: ErrUnproven, at: declineLimit},
		// A stray that fails does not end the wait for the true one.
		{name: "rubbish alone", arrivals: []arrival{{0, "rubbish"}}, winner: -1, want: ErrHandshake, at: 10 * time.Second},
		{name: "rubbish first", arrivals: []arrival{{0, "rubbish"}, {9 * time.Second, "proven"}}, winner: 1, at: 9 * time.Second},
	} {
		for _, early := range []bool{true, false} { // whether they come before Wait
			name := c.name + ", after the command"
			if early {
				name = c.name + ", before the command"
			}
			t.Run(name, func(t *testing.T) {
				onStage(t, 1, SharedOptions{}, func(t *testing.T, s *sharedStage) {
					r := s.request(loopback)
					r.Policy = c.policy
					told := &toldHabits{grace: time.Hour}
					switch {
					case c.never:
						told.grace = 0
					case c.short:
						told.grace = 20 * ms
					}
					r.Habits = told
					o, err := s.Offer(t.Context(), r)
					if err != nil {
						t.Fatal(err)
					}
					defer o.Close()
					var clients []net.Conn
					arrive := func() {
						for _, a := range c.arrivals {
							time.Sleep(a.after)
							clients = append(clients, s.dial(o.Port(), loopback, a.words))
						}
					}
					ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
					defer cancel()
					began := time.Now()
					arrived := make(chan struct{})
					go func() { arrive(); close(arrived) }()
					if early {
						<-arrived
					}
					conn, err := o.Wait(ctx)
					took := time.Since(began)
					<-arrived
					if c.winner < 0 {
						if conn != nil || !errors.Is(err, c.want) || errors.Is(err, ErrHandshake) != (c.want == ErrHandshake) {
							t.Fatalf("got %v, %v; want %v", conn, err, c.want)
						}
					} else if err != nil || !is(conn, clients[c.winner]) {
						t.Fatalf("got %v; want connection %d", err, c.winner)
					} else {
						defer conn.Abort()
					}
					if !early && took != c.at {
						t.Errorf("settled after %v, want %v", took, c.at)
					}
					synctest.Wait()
					if got := strings.Join(told.heard, ", "); got != c.told {
						t.Errorf("told %q, want %q", got, c.told)
					}
					for i, client := range clients {
						if i != c.winner && !isClosed(client) {
							t.Errorf("connection %d is still open", i)
						}
					}
				})
			})
		}
	}
}

// toldHabits notes what it hears.
type toldHabits struct {
	grace time.Duration
	mu    sync.Mutex
	heard []string
}

func (h *toldHabits) Grace(age time.Duration) time.Duration {
	if age > 0 {
		h.note("asked at " + age.String())
	}
	return h.grace
}

func (h *toldHabits) Proven(d time.Duration) {
	if d > 0 {
		h.note("proven in " + d.String())
	}
}

func (h *toldHabits) Waited(contested bool) {
	if contested {
		h.note("contested")
	} else {
		h.note("alone")
	}
}

func (h *toldHabits) note(s string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.heard = append(h.heard, s)
}

// Also a port of its own stays open for others when one without proof has come,
// though not when one failed in its handshake.
func TestExclusiveKeepsWaitingForProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil, nil)
		s.request.Secure, s.request.Policy = fakeHandshake, PolicyRequire
		go s.connect(loopback).Write([]byte("unproven"))
		time.AfterFunc(time.Second, func() { go s.connect(loopback).Write([]byte("proven")) })
		synctest.Wait() // the first is gone already
		conn, err := s.wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conn.Abort()
		s.finished()
		if c := s.count.counts(); c.Unproven != 1 || c.Failed != 0 {
			t.Errorf("counted %+v", c)
		}
	})
}

// PROT C: the first connection is bound, whatever the policy (SP-13).
func TestSP13PlainBindsTheFirst(t *testing.T) {
	onStage(t, 1, SharedOptions{}, func(t *testing.T, s *sharedStage) {
		r := s.request(loopback)
		r.Secure, r.Policy = nil, PolicyRequire
		o, err := s.Offer(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		first := s.connect(o.Port(), loopback, "")
		if second := s.connect(o.Port(), loopback, ""); !isClosed(second) {
			t.Error("the second was let in")
		}
		conn, err := o.Wait(t.Context())
		if err != nil || !is(conn, first) {
			t.Fatalf("the first was not bound: %v", err)
		}
		conn.Abort()
		s.offer(loopback).Close()
	})
}

// A handshake that has been completed is not cut by the limit of handshakes while
// it waits out the grace, nor one that is told to go.
func TestGraceIsNoHandshake(t *testing.T) {
	onStage(t, 1, SharedOptions{Grace: 2 * HandshakeLimit}, func(t *testing.T, s *sharedStage) {
		o := s.offer(loopback)
		defer o.Close()
		client := s.connect(o.Port(), loopback, "unproven")
		conn, err := o.Wait(t.Context())
		if err != nil || !is(conn, client) {
			t.Fatalf("not bound: %v", err)
		}
		conn.Abort()
	})
}

// All offers together have room for a bounded number of candidates.
func TestCrowdBound(t *testing.T) {
	onStage(t, 2, SharedOptions{}, func(t *testing.T, s *sharedStage) {
		o := s.offer(loopback)
		defer o.Close()
		s.crowd.size.Store(maxCrowd - 1)
		if last := s.connect(o.Port(), loopback, ""); isClosed(last) {
			t.Error("there was room for one more")
		}
		if more := s.connect(o.Port(), loopback, ""); !isClosed(more) {
			t.Error("one too many was let in")
		}
		s.crowd.size.Add(1 - maxCrowd)
	})
}
