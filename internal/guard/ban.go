package guard

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Ban keeps a network out.
type Ban struct {
	Network netip.Prefix `json:"network"`
	Since   time.Time    `json:"since"`
	Until   time.Time    `json:"until"`
	Times   int          `json:"times"`  // that it has been banned, this time included
	Reason  string       `json:"reason"` // for the operator
	// Manual is set for those of [Guard.Ban]. Nothing goes over them but Policy.Allow.
	Manual bool `json:"manual,omitempty"`
}

func (b *Ban) active(now time.Time) bool { return now.Before(b.Until) }

// spares reports whether trusted addresses are outside of the ban: one of a whole
// network is for what their neighbours did.
func (b *Ban) spares() bool { return !b.Manual && b.Network == wide(b.Network.Addr()) }

// maxBans bounds the bans, those included that have ended and are remembered.
const maxBans = 16_384

// maxManual is how long a ban of the operator may be.
const maxManual = 10 * 366 * 24 * time.Hour

// Reasons of bans.
const (
	reasonAddress = "too many failed logins"
	reasonNetwork = "too many failed logins from its addresses"
)

var errBansFull = errors.New("guard: there are too many bans; lift some first")

// bans remembers each ban for a while after its end, so that the next is longer.
type bans struct {
	networks[*Ban]
	evicted int
}

// over gives the ban that keeps a out; nil: none does.
func (b *bans) over(a netip.Addr, trusted bool, now time.Time) (found *Ban) {
	b.around(a, func(ban *Ban) bool {
		if ban.active(now) && !(trusted && ban.spares()) {
			found = ban
		}
		return found == nil
	})
	return found
}

// room makes room for one more: bans that have ended and are remembered no more go,
// then some of those that ended or end first. Those of the operator stay until they end.
func (b *bans) room(now time.Time, memory time.Duration) bool {
	if len(b.of) < maxBans {
		return true
	}
	b.purge(now, memory)
	if len(b.of) < maxBans {
		return true
	}
	var may []*Ban
	for _, ban := range b.of {
		if !ban.Manual {
			may = append(may, ban)
		}
	}
	slices.SortFunc(may, func(a, b *Ban) int { return a.Until.Compare(b.Until) })
	// Many at a time, since to look for them takes a while.
	for _, ban := range may[:min(len(may), maxBans/16)] {
		b.remove(ban.Network)
		b.evicted++
	}
	return len(may) > 0
}

func (b *bans) purge(now time.Time, memory time.Duration) {
	for p, ban := range b.of {
		if ban.Manual && !ban.active(now) || !now.Before(ban.Until.Add(memory)) {
			b.remove(p)
		}
	}
}

// again bans p for what it did: longer each time. nil: it is banned already, or there
// is no room.
func (b *bans) again(p netip.Prefix, reason string, now time.Time, policy Policy) *Ban {
	times := 1
	if old := b.of[p]; old != nil {
		if old.active(now) {
			return nil
		}
		times = old.Times + 1
		if !now.Before(old.Until.Add(policy.BanMax)) {
			times = 1
		}
	} else if !b.room(now, policy.BanMax) {
		return nil
	}
	long := policy.BanMax
	if shift := times - 1; shift < 30 && policy.Ban < policy.BanMax>>shift {
		long = policy.Ban << shift
	}
	ban := &Ban{Network: p, Since: now, Until: now.Add(long), Times: times, Reason: reason}
	b.set(p, ban)
	return ban
}

// Bans gives the bans that are in force, in the order of their networks.
func (g *Guard) Bans() []Ban {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	var out []Ban
	for _, b := range g.bans.of {
		if b.active(now) {
			out = append(out, *b)
		}
	}
	slices.SortFunc(out, func(a, b Ban) int { return comparePrefix(a.Network, b.Network) })
	return out
}

// Ban keeps a network out for d, trusted addresses included, in place of any ban that
// it has; Policy.Allow goes over it. Sessions that are logged in stay. reason is for
// the log and for Bans. The error is for the operator.
func (g *Guard) Ban(network netip.Prefix, d time.Duration, reason string) error {
	network, err := aboutNetwork(network)
	switch {
	case err != nil:
		return err
	case d <= 0 || d > maxManual:
		return errors.New("a ban lasts for more than nothing and at most ten years")
	}
	g.mu.Lock()
	now := g.now()
	times := 1
	if old := g.bans.of[network]; old != nil {
		times = old.Times + 1
	} else if !g.bans.room(now, g.rules.Load().BanMax) {
		g.mu.Unlock()
		return errBansFull
	}
	ban := &Ban{Network: network, Since: now, Until: now.Add(d), Times: times, Reason: reason, Manual: true}
	g.bans.set(network, ban)
	g.counts.Banned++
	told := *ban
	g.mu.Unlock()
	g.tellBan(told, 0)
	return nil
}

// Unban lifts the ban of exactly this network, and forgets what it and, if it is one
// address, that address has done. It reports whether there was one.
func (g *Guard) Unban(network netip.Prefix) bool {
	network, err := aboutNetwork(network)
	if err != nil {
		return false
	}
	g.mu.Lock()
	ban := g.bans.of[network]
	was := ban != nil && ban.active(g.now())
	g.bans.remove(network)
	g.addresses.forget(network)
	g.networks.forget(network)
	g.mu.Unlock()
	if was {
		g.log.Info("unbanned", "network", network.String())
		g.tell(Event{Kind: EventUnban, Network: network})
		g.changed()
	}
	return was
}

// aboutNetwork gives a network as it is kept.
func aboutNetwork(p netip.Prefix) (netip.Prefix, error) {
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	p = netip.PrefixFrom(p.Addr().WithZone(""), p.Bits()).Masked()
	if !p.IsValid() {
		return p, fmt.Errorf("guard: %v is not a network", p)
	}
	return p, nil
}
