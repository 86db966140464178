package guard

import (
	"slices"
	"time"
)

// key stands for a name or an address: a keyed hash of it.
type key [16]byte

// Bounds of what is trusted. They are reached by successful logins only; an account
// with more addresses forgets the one that it has used the longest ago, so that
// nobody's addresses push out those of other accounts.
const (
	maxTrustedAccounts = 10_000
	maxTrustedPerName  = 32
)

// trust is from which addresses accounts have logged in.
type trust struct {
	names     map[key][]place
	addresses map[key]*known
	evicted   int
}

type place struct {
	address key
	last    time.Time // login from there
}

// known is an address from which any account has logged in.
type known struct {
	names int
	last  time.Time
}

func newTrust() *trust { return &trust{names: map[key][]place{}, addresses: map[key]*known{}} }

// refreshed is how old the kept time of a login may become: a client that logs in for
// every file must not make the state be written for each.
const refreshed = time.Hour

// remember notes a login. It reports whether there is something new to keep.
func (t *trust) remember(name, address key, now time.Time) bool {
	places := t.names[name]
	for i := range places {
		if p := &places[i]; p.address == address {
			news := now.Sub(p.last) >= refreshed
			p.last = now
			t.addresses[address].last = now
			return news
		}
	}
	if places == nil && len(t.names) >= maxTrustedAccounts {
		t.evictName()
	}
	if len(places) >= maxTrustedPerName {
		oldest := oldestPlace(places)
		t.leave(places[oldest].address)
		places = slices.Delete(places, oldest, oldest+1)
		t.evicted++
	}
	t.names[name] = append(places, place{address, now})
	a := t.addresses[address]
	if a == nil {
		a = &known{}
		t.addresses[address] = a
	}
	a.names++
	if now.After(a.last) {
		a.last = now
	}
	return true
}

func oldestPlace(places []place) int {
	oldest := 0
	for i, p := range places {
		if p.last.Before(places[oldest].last) {
			oldest = i
		}
	}
	return oldest
}

// evictName forgets the account that has not logged in for the longest time.
func (t *trust) evictName() {
	var victim key
	var oldest time.Time
	for name, places := range t.names {
		last := places[0].last
		for _, p := range places[1:] {
			if p.last.After(last) {
				last = p.last
			}
		}
		if oldest.IsZero() || last.Before(oldest) {
			victim, oldest = name, last
		}
	}
	for _, p := range t.names[victim] {
		t.leave(p.address)
	}
	delete(t.names, victim)
	t.evicted++
}

func (t *trust) leave(address key) {
	a := t.addresses[address]
	if a.names--; a.names == 0 {
		delete(t.addresses, address)
	}
}

// knows reports whether the account has logged in from the address since then.
func (t *trust) knows(name, address key, since time.Time) bool {
	for _, p := range t.names[name] {
		if p.address == address {
			return !p.last.Before(since)
		}
	}
	return false
}

// knowsAddress reports whether any account has.
func (t *trust) knowsAddress(address key, since time.Time) bool {
	a := t.addresses[address]
	return a != nil && !a.last.Before(since)
}

// purge forgets what was before since.
func (t *trust) purge(since time.Time) {
	for name, places := range t.names {
		kept := slices.DeleteFunc(places, func(p place) bool {
			old := p.last.Before(since)
			if old {
				t.leave(p.address)
			}
			return old
		})
		if len(kept) == 0 {
			delete(t.names, name)
		} else {
			t.names[name] = kept
		}
	}
}
