package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sealane/sealane/internal/config"
)

const (
	// publicRefresh is how often the names of public addresses are looked up again:
	// routers at home get a new address about once a day, and say so in DNS.
	publicRefresh = 5 * time.Minute
	// publicRetry is when a look-up that failed is tried again.
	publicRetry = 30 * time.Second
	// publicLookup bounds one look-up.
	publicLookup = 10 * time.Second
	// publicFirst is how long the start waits for the first look-ups, so that the
	// first clients get the right address.
	publicFirst = 2 * time.Second
)

// lookup asks DNS for the IPv4 addresses of a name, as net.Resolver.LookupNetIP does.
type lookup func(ctx context.Context, name string) ([]netip.Addr, error)

// resolve asks the system's resolver.
func resolve(ctx context.Context, name string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip4", name)
}

// publicAddresses is what PASV announces to whom. It answers from memory; DNS is asked
// in the background.
type publicAddresses struct {
	rules  []publicRule // the smallest networks first
	names  []*publicName
	lookup lookup
	log    *slog.Logger
}

type publicRule struct {
	network netip.Prefix
	addr    netip.Addr  // not valid: as control
	name    *publicName // if not nil, in place of addr
}

// publicName is a name and the last good answer for it.
type publicName struct {
	name   string
	answer atomic.Pointer[netip.Addr]
	failed bool // the last look-up did; only the goroutine that looks up touches it
}

func newPublicAddresses(c config.DataConfig, ask lookup, log *slog.Logger) *publicAddresses {
	p := &publicAddresses{lookup: ask, log: log}
	add := func(network netip.Prefix, a config.PublicAddress) {
		rule := publicRule{network: network, addr: a.Addr}
		if a.Name != "" {
			rule.name = p.name(a.Name)
		}
		p.rules = append(p.rules, rule)
	}
	for _, n := range c.PublicNetworks {
		add(n.Network, n.Address)
	}
	slices.SortStableFunc(p.rules, func(a, b publicRule) int { return cmp.Compare(b.network.Bits(), a.network.Bits()) })
	for _, all := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
		add(netip.PrefixFrom(all, 0), c.PublicAddress)
	}
	return p
}

func (p *publicAddresses) name(name string) *publicName {
	for _, n := range p.names {
		if n.name == name {
			return n
		}
	}
	n := &publicName{name: name}
	p.names = append(p.names, n)
	return n
}

// announce is the PublicAddress of the server.
func (p *publicAddresses) announce(_, client netip.Addr) netip.Addr {
	for _, rule := range p.rules {
		if !rule.network.Contains(client) {
			continue
		}
		if rule.name == nil {
			return rule.addr
		}
		if answer := rule.name.answer.Load(); answer != nil {
			return *answer
		}
		break // not known yet: as control
	}
	return netip.Addr{}
}

// run looks the names up until ctx ends. The first answers are awaited for a short
// time, then it goes on in the background; stop waits for its end.
func (p *publicAddresses) run(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	first, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		good := p.refresh(ctx)
		close(first)
		for {
			pause := publicRefresh
			if !good {
				pause = publicRetry
			}
			timer := time.NewTimer(pause)
			select {
			case <-timer.C:
				good = p.refresh(ctx)
			case <-ctx.Done():
				timer.Stop()
				return
			}
		}
	}()
	patience := time.NewTimer(publicFirst)
	defer patience.Stop()
	select {
	case <-first:
	case <-patience.C:
	case <-ctx.Done():
	}
	return func() {
		cancel()
		<-ended
	}
}

// refresh looks every name up once, and reports whether all had an answer.
func (p *publicAddresses) refresh(ctx context.Context) (good bool) {
	good = true
	for _, n := range p.names {
		if err := p.ask(ctx, n); err != nil {
			good = false
		}
	}
	return good
}

// ask keeps the last good answer if there is no new one.
func (p *publicAddresses) ask(ctx context.Context, n *publicName) error {
	limited, cancel := context.WithTimeout(ctx, publicLookup)
	defer cancel()
	list, err := p.lookup(limited, n.name)
	if err == nil {
		list, err = usable(list)
	}
	old := n.answer.Load()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		if !n.failed {
			p.warn(n, old, err)
		}
		n.failed = true
		return err
	}
	n.failed = false
	if old == nil || !slices.Contains(list, *old) { // of several, the one that clients know
		n.answer.Store(&list[0])
		p.log.Info("public address", "name", n.name, "address", list[0])
	}
	return nil
}

func (p *publicAddresses) warn(n *publicName, old *netip.Addr, err error) {
	if old == nil {
		p.log.Warn("the public address cannot be looked up: until it can, PASV announces the address that the client has connected to; check data.public_address and DNS",
			"name", n.name, "error", err)
		return
	}
	p.log.Warn("the public address cannot be looked up: PASV goes on with the last one; check DNS", "name", n.name, "address", *old, "error", err)
}

var errNoAddress = errors.New("it has no IPv4 address that others could connect to")

// usable leaves out what cannot be announced. A loopback address is what many systems
// give for their own name.
func usable(list []netip.Addr) ([]netip.Addr, error) {
	var good []netip.Addr
	for _, a := range list {
		if a = a.Unmap(); a.Is4() && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback() {
			good = append(good, a)
		}
	}
	if len(good) == 0 {
		return nil, fmt.Errorf("%w: %v", errNoAddress, list)
	}
	slices.SortFunc(good, netip.Addr.Compare)
	return good, nil
}
