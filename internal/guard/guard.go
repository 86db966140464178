package guard

import (
	"crypto/hmac"
	"crypto/sha256"
	"log/slog"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of the tables of failures.
const (
	maxAddresses = 65_536
	maxNetworks  = 16_384
	maxNames     = 65_536
)

// Guard counts, delays and bans. Make one with [Open]. It is safe for use by many
// goroutines at once.
type Guard struct {
	dir     string
	now     func() time.Time
	log     *slog.Logger
	observe func(Event)
	rules   atomic.Pointer[rules]
	turns   *turns
	saver   saver
	secret  []byte // of the hashes
	usual   int    // Hashes where the Policy has none; the processors are counted once

	mu        sync.Mutex // the rest; nothing is called out while it is held
	addresses *table[netip.Prefix]
	networks  *table[netip.Prefix]
	names     *table[key]
	bans      bans
	trusted   *trust
	open      map[netip.Prefix]int // connections that have not logged in
	opened    int                  // their sum
	counts    Stats                // what only grows
}

// Options are what a Guard has of its program. Each may be nil.
type Options struct {
	Now     func() time.Time // default time.Now
	Logger  *slog.Logger     // default none
	Observe func(Event)      // must be quick, and safe for use by many goroutines
}

// rules is a Policy in a form for quick questions.
type rules struct {
	Policy
	allow, deny *networks[struct{}]
}

// EventKind says what a Guard did.
type EventKind string

// The kinds of events. Refusals are told to who asked, as errors; see [Rule].
const (
	EventBan   EventKind = "ban"
	EventUnban EventKind = "unban"
)

// Event is something that a Guard did by itself or was told to do.
type Event struct {
	Kind     EventKind
	Network  netip.Prefix
	Until    time.Time // of EventBan
	Times    int       // of EventBan: that the network has been banned
	Failures int       // of EventBan: that led to it; 0: an operator did
	Reason   string
}

// Open makes a Guard that keeps its state in the folder dir, which must be there.
// State that cannot be read is set aside, and told of in the log: a guard that knows
// nothing is better than a server that does not start. [Guard.Close] ends it.
func Open(dir string, p Policy, o Options) *Guard {
	g := &Guard{
		dir: dir, now: o.Now, log: o.Logger, observe: o.Observe,
		usual:     max(1, runtime.GOMAXPROCS(0)/2),
		turns:     newTurns(1, 1), // until Change
		addresses: newTable[netip.Prefix](maxAddresses),
		networks:  newTable[netip.Prefix](maxNetworks),
		names:     newTable[key](maxNames),
		trusted:   newTrust(),
		open:      map[netip.Prefix]int{},
	}
	if g.now == nil {
		g.now = time.Now
	}
	if g.log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	if g.observe == nil {
		g.observe = func(Event) {}
	}
	g.Change(p)
	g.load()
	g.saver.start(g.save)
	return g
}

// Change puts another policy into force. Bans and counts stay.
func (g *Guard) Change(p Policy) {
	g.rules.Store(&rules{Policy: p, allow: setOf(p.Allow), deny: setOf(p.Deny)})
	places := p.Hashes
	if places == 0 {
		places = g.usual
	}
	g.turns.change(places, p.HashesWaiting)
}

// Close writes down what is to be kept. The Guard can be asked further, and keeps
// nothing of that.
func (g *Guard) Close() error {
	g.saver.end()
	return g.save()
}

// hashed gives the key of a name or an address: kind keeps the two apart.
func (g *Guard) hashed(kind byte, of string) key {
	h := hmac.New(sha256.New, g.secret)
	h.Write([]byte{kind})
	h.Write([]byte(of))
	return key(h.Sum(nil)[:len(key{})])
}

func (g *Guard) nameKey(name string) key       { return g.hashed('n', name) }
func (g *Guard) addressKey(p netip.Prefix) key { return g.hashed('a', p.String()) }

// tellBan writes the line that other programs look for: msg=banned network=….
func (g *Guard) tellBan(b Ban, failures int) {
	g.log.Warn("banned", "network", b.Network.String(), "until", b.Until.UTC().Format(time.RFC3339),
		"times", b.Times, "failures", failures, "reason", b.Reason)
	g.tell(Event{Kind: EventBan, Network: b.Network, Until: b.Until, Times: b.Times, Failures: failures, Reason: b.Reason})
	g.changed()
}

func (g *Guard) tell(e Event) { g.observe(e) }

// changed makes the state be written soon.
func (g *Guard) changed() { g.saver.wake() }
