package ftpserver

import (
	"fmt"
	"testing"
	"time"
)

// Three waits in vain make a client a mixed one, and its waits short: by the shortest
// handshake that was seen. A rival, at any time, ends that for good. Others are not
// concerned.
func TestHabits(t *testing.T) {
	const ms = time.Millisecond
	var h habits
	a, b := clientID{who: identity{account: "a"}}, clientID{who: identity{account: "b"}}
	wantAt := func(c clientID, age, grace time.Duration) {
		t.Helper()
		if got := h.grace(c, age); got != grace {
			t.Errorf("%s waits %v, want %v", c.who.account, got, grace)
		}
	}
	want := func(c clientID, grace time.Duration) { t.Helper(); wantAt(c, 0, grace) }
	for range mixedAfter {
		want(a, fullGrace)
		h.waited(a, false)
	}
	want(a, fullGrace) // nobody knows how far it is away
	h.proven(a, 30*ms)
	want(a, 160*ms)
	h.proven(a, 5*ms)
	h.proven(a, 50*ms)
	h.waited(a, false)
	want(a, 35*ms)
	wantAt(a, 20*ms, 15*ms)
	wantAt(a, time.Minute, 2*ms)
	wantAt(b, time.Minute, fullGrace)
	h.waited(a, true)
	h.proven(b, 5*ms)
	for range mixedAfter {
		h.waited(a, false)
		h.waited(b, false)
	}
	want(a, fullGrace)
	want(b, 35*ms)
}

// S-38: what is remembered is bounded.
func TestHabitsBounded(t *testing.T) {
	var h habits
	for i := range maxHabits + 100 {
		h.waited(clientID{who: identity{account: fmt.Sprint(i)}}, i%2 == 0)
	}
	if len(h.seen) != maxHabits {
		t.Errorf("%d clients", len(h.seen))
	}
}
