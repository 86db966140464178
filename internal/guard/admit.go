package guard

import (
	"errors"
	"net/netip"
	"sync"
)

// Reasons why a connection is refused.
var (
	ErrDenied     = errors.New("the address is in guard.deny")
	ErrBanned     = errors.New("the address is banned")
	ErrHandshakes = errors.New("too many connections have not logged in yet")
	ErrCrowd      = errors.New("too many connections of the address have not logged in yet")
	ErrHeld       = errors.New("too many failed logins: the password was not looked at")
)

// Rule gives the name of the rule by which err, of [Guard.Admit] or of a login,
// refused; empty: none of a Guard.
func Rule(err error) string {
	for _, r := range []struct {
		err  error
		name string
	}{
		{ErrDenied, "deny"}, {ErrBanned, "ban"}, {ErrHandshakes, "handshakes"},
		{ErrCrowd, "handshakes-per-address"}, {ErrHeld, "delay"}, {errQueueFull, "hashes"}, {errTurnLate, "hashes"},
	} {
		if errors.Is(err, r.err) {
			return r.name
		}
	}
	return ""
}

// reserve: beside Policy.Handshakes there are so many, divided by this, for addresses
// that have logged in before. Strangers cannot take all places.
const reserve = 4

// Admit says whether a connection may begin, and counts it in until release is
// called: when it has logged in, and when it has ended. Each further call does nothing.
// It returns at once. Errors are those of this package; see [Rule].
func (g *Guard) Admit(remote netip.AddrPort) (release func(), err error) {
	r := g.rules.Load()
	addr := plain(remote.Addr())
	place := near(addr)
	allowed := r.allow.holds(addr)
	address := g.addressKey(place)
	g.mu.Lock()
	defer g.mu.Unlock()
	switch err = g.judge(r, addr, address, allowed); err {
	case nil:
	case ErrDenied:
		g.counts.RefusedDenied++
	case ErrBanned:
		g.counts.RefusedBanned++
	default:
		g.counts.RefusedHandshakes++
	}
	if err != nil {
		return nil, err
	}
	g.opened++
	g.open[place]++
	return sync.OnceFunc(func() { g.settle(place) }), nil
}

func (g *Guard) judge(r *rules, addr netip.Addr, address key, allowed bool) error {
	if allowed {
		return nil
	}
	if r.deny.holds(addr) {
		return ErrDenied
	}
	now := g.now()
	trusted := g.trusted.knowsAddress(address, now.Add(-r.Trust))
	most := r.Handshakes
	if trusted {
		most += max(1, most/reserve)
	}
	switch {
	case g.bans.over(addr, trusted, now) != nil:
		return ErrBanned
	case g.opened >= most:
		return ErrHandshakes
	case addr.IsValid() && g.open[near(addr)] >= r.HandshakesPerAddress:
		return ErrCrowd
	}
	return nil
}

func (g *Guard) settle(place netip.Prefix) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.opened--
	if g.open[place]--; g.open[place] == 0 {
		delete(g.open, place)
	}
}
