package guard

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/sealane/sealane/auth"
)

// attempt is one try to log in. It belongs to the goroutine of the login.
type attempt struct {
	addr       netip.Addr
	near, wide netip.Prefix
	name       key
	address    key
	allowed    bool // by Policy.Allow
	trusted    bool // this address has logged in to this account
	counted    bool // as a failure
	// queued has its place among the tries of these counters, which are held apart.
	queued bool
	held   [3]*counter
}

type attemptKey struct{}

// Login puts the guard before a login. A try from a banned address is denied, one
// after too many failures waits, and one that would have to wait too long is denied,
// all of it whether or not the name is one of an account, and the password right
// (S-20, S-21). A right password from an address that has logged in to the account
// before waits for nothing but a hash. Errors wrap auth.ErrDenied or auth.ErrBusy, and
// where the guard refused, one of this package's.
func (g *Guard) Login(next auth.Login) auth.Login {
	return func(ctx context.Context, c auth.Credentials) (*auth.Grant, error) {
		a := g.begin(c)
		defer g.settleTry(a)
		err := g.barred(a)
		if err == nil && !c.NoPassword { // a certificate cannot be guessed
			err = g.hold(ctx, a)
		}
		if err != nil {
			return nil, err
		}
		grant, err := next(context.WithValue(ctx, attemptKey{}, a), c)
		switch {
		case err == nil:
			g.succeeded(a)
		case !c.NoPassword && errors.Is(err, auth.ErrDenied) && Rule(err) == "":
			g.failed(a)
		}
		return grant, err
	}
}

func (g *Guard) begin(c auth.Credentials) *attempt {
	r := g.rules.Load()
	addr := plain(c.Remote.Addr())
	a := &attempt{addr: addr, near: near(addr), wide: wide(addr), allowed: r.allow.holds(addr), name: g.nameKey(c.User)}
	a.address = g.addressKey(a.near)
	g.mu.Lock()
	defer g.mu.Unlock()
	a.trusted = a.near.IsValid() && g.trusted.knows(a.name, a.address, g.now().Add(-r.Trust))
	return a
}

// barred says whether the address was banned, which may have happened in the midst of
// a session.
func (g *Guard) barred(a *attempt) error {
	if a.allowed {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.bans.over(a.addr, a.trusted, g.now()) == nil {
		return nil
	}
	g.counts.LoginsBarred++
	return fmt.Errorf("%w: %w", auth.ErrDenied, ErrBanned)
}

// hold waits until a may be judged. It has no place among the hashes meanwhile.
func (g *Guard) hold(ctx context.Context, a *attempt) error {
	wait, err := g.pace(a)
	if wait > 0 && !sleep(ctx, wait) {
		return fmt.Errorf("%w: %w", auth.ErrBusy, context.Cause(ctx))
	}
	return err
}

// pace gives a its place among the tries of its address, network and name, and says
// how long it is until then. If that is too long it has none; the error is for
// after the wait.
func (g *Guard) pace(a *attempt) (wait time.Duration, err error) {
	if a.allowed || a.trusted || a.queued {
		return 0, nil
	}
	r := g.rules.Load()
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	at := now
	var held [3]*counter
	var apart [3]time.Duration
	for i, c := range g.counters(a) {
		if c == nil {
			continue
		}
		// Those that wait already count as if they had failed: else many that come at
		// once would all be held apart by what the first of them have done.
		failed := c.failures(now, r.Window)
		if apart[i] = r.delay(failed+c.queued, r.free(i)); apart[i] == 0 || failed == 0 {
			continue
		}
		held[i] = c
		if c.next.After(at) {
			at = c.next
		}
	}
	if wait = at.Sub(now); wait > r.patience() {
		g.counts.LoginsHeld++
		return r.patience(), fmt.Errorf("%w: %w", auth.ErrDenied, ErrHeld)
	}
	for i, c := range held {
		if c != nil {
			c.next, a.queued = at.Add(apart[i]), true
			c.queued++
		}
	}
	a.held = held
	if wait > 0 {
		g.counts.LoginsDelayed++
	}
	return wait, nil
}

// settleTry gives the place of a back: there is a result, or nobody waits for it.
func (g *Guard) settleTry(a *attempt) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range a.held {
		if c != nil {
			c.queued--
		}
	}
}

// counters are those of the address, the network and the name; nil: nothing failed.
func (g *Guard) counters(a *attempt) (out [3]*counter) {
	if a.near.IsValid() {
		out[0], out[1] = g.addresses.get(a.near), g.networks.get(a.wide)
	}
	out[2] = g.names.get(a.name)
	return out
}

// free is how many failures cost no delay, in the order of counters.
func (p Policy) free(i int) int { return [...]int{freeOfAddress, p.NetworkFailures / 2, freeOfName}[i] }

// succeeded makes the address one that the account is known to log in from.
func (g *Guard) succeeded(a *attempt) {
	if !a.near.IsValid() {
		return
	}
	g.mu.Lock()
	news := g.trusted.remember(a.name, a.address, g.now())
	g.mu.Unlock()
	if news {
		g.changed()
	}
}

// failed counts a failure, once for each try, and bans who has had enough.
func (g *Guard) failed(a *attempt) {
	if a.counted {
		return
	}
	a.counted = true
	if a.allowed {
		return
	}
	type banned struct {
		Ban
		failures int
	}
	var told []banned
	r := g.rules.Load()
	g.mu.Lock()
	now := g.now()
	g.counts.Failures++
	if !a.trusted { // else its owner mistyped, or a neighbour in its house guesses
		g.names.fail(a.name, now, r.Window).hold(now, r.Policy, freeOfName)
	}
	for _, of := range []struct {
		table  *table[netip.Prefix]
		p      netip.Prefix
		most   int
		free   int
		reason string
	}{
		{g.addresses, a.near, r.Failures, r.free(0), reasonAddress},
		{g.networks, a.wide, r.NetworkFailures, r.free(1), reasonNetwork},
	} {
		if !of.p.IsValid() {
			continue
		}
		c := of.table.fail(of.p, now, r.Window)
		c.hold(now, r.Policy, of.free)
		n := c.failures(now, r.Window)
		if n < of.most {
			continue
		}
		of.table.forget(of.p)
		if b := g.bans.again(of.p, of.reason, now, r.Policy); b != nil {
			g.counts.Banned++
			told = append(told, banned{*b, n})
		}
	}
	g.mu.Unlock()
	for _, b := range told {
		g.tellBan(b.Ban, b.failures)
	}
}

// hold keeps the next try apart from a failure that was one too many.
func (c *counter) hold(now time.Time, p Policy, free int) {
	if d := p.delay(c.failures(now, p.Window), free); d > 0 && c.next.Before(now.Add(d)) {
		c.next = now.Add(d)
	}
}

// sleep reports whether it slept to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Turn waits until the login of ctx may hash a password; done is to be called after
// it, with whether the password was right. It is for password.WithTurns. Tries that
// have waited while others failed wait again, or are denied, before they cost a
// hash; a failure counts before another takes its place. Errors wrap auth.ErrBusy or
// auth.ErrDenied.
func (g *Guard) Turn(ctx context.Context) (done func(right bool), err error) {
	a, _ := ctx.Value(attemptKey{}).(*attempt)
	if a == nil { // of nobody
		a = &attempt{allowed: true, counted: true}
	}
	for {
		if err := g.turns.take(ctx, a.near, a.trusted || a.allowed); err != nil {
			return nil, fmt.Errorf("%w: %w", auth.ErrBusy, err)
		}
		if err := g.barred(a); err != nil {
			g.turns.leave()
			return nil, err
		}
		wait, late := g.pace(a)
		if wait == 0 {
			break
		}
		g.turns.leave()
		if !sleep(ctx, wait) {
			return nil, fmt.Errorf("%w: %w", auth.ErrBusy, context.Cause(ctx))
		}
		if late != nil {
			return nil, late
		}
	}
	g.mu.Lock()
	g.counts.Hashes++
	g.mu.Unlock()
	return func(right bool) {
		if !right {
			g.failed(a)
		}
		g.turns.leave()
	}, nil
}
