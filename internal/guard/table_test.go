package guard

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// checkCounter compares a counter with the times of all failures: it counts all of
// those in a window that begins with the first of them, never more than there were in
// two windows, and nothing after as much peace.
func checkCounter(t *testing.T, steps []time.Duration) {
	const window = 10 * time.Minute
	c := counter{start: epoch}
	now := epoch
	var all []time.Time
	for i, step := range steps {
		now = now.Add(step)
		c.add(now, window)
		all = append(all, now)
		n, two := c.failures(now, window), 0
		for _, at := range all {
			if now.Sub(at) < 2*window {
				two++
			}
		}
		if now.Sub(epoch) < window && n != i+1 {
			t.Fatalf("%v: %d count in the first window, want %d", steps[:i+1], n, i+1)
		}
		if n < 1 || n > two {
			t.Fatalf("%v: %d count, and there were %d in two windows", steps[:i+1], n, two)
		}
		for _, later := range []time.Duration{window / 3, window, 3 * window / 2} {
			peace := c // a copy
			if less := peace.failures(now.Add(later), window); less > n {
				t.Fatalf("%v: %d after %v of peace, %d before", steps[:i+1], less, later, n)
			}
		}
		peace := c
		if n := peace.failures(now.Add(2*window), window); n != 0 {
			t.Fatalf("%v: %d count after two windows of peace", steps[:i+1], n)
		}
	}
}

func FuzzCounter(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0, 200, 2, 88, 4, 176})
	f.Fuzz(func(t *testing.T, data []byte) {
		var steps []time.Duration
		for len(data) >= 2 && len(steps) < 100 {
			steps = append(steps, time.Duration(binary.BigEndian.Uint16(data))*time.Second/4)
			data = data[2:]
		}
		checkCounter(t, steps)
	})
}

func TestCounter(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var steps []time.Duration
		for range 40 {
			steps = append(steps, time.Duration(random.IntN(1<<random.IntN(21)))*time.Millisecond)
		}
		checkCounter(t, steps)
	}
}

// A clock that is put back makes nobody wait for the time that comes twice.
func TestClockPutBack(t *testing.T) {
	const window = 10 * time.Minute
	c := counter{start: epoch}
	for range 5 {
		c.add(epoch, window)
	}
	c.next = epoch.Add(5 * time.Second)
	before := epoch.Add(-24 * time.Hour)
	if n := c.failures(before, window); n != 5 || c.next.After(before) {
		t.Errorf("%d count, and the next may come %v later", n, c.next.Sub(before))
	}
}

// S-20: a table is never larger than its bound, and the one that has failed the longest
// ago leaves.
func TestTableIsBounded(t *testing.T) {
	const bound = 50
	table := newTable[int](bound)
	random := rand.New(rand.NewPCG(3, 4))
	var order []int // the last failure last
	for i := range 5000 {
		k := random.IntN(200)
		table.fail(k, epoch.Add(time.Duration(i)*time.Second), time.Hour)
		for j, o := range order {
			if o == k {
				order = append(order[:j], order[j+1:]...)
				break
			}
		}
		order = append(order, k)
		order = order[max(0, len(order)-bound):]
		if i%7 == 0 {
			table.forget(order[0])
			order = order[1:]
		}
		if len(table.of) != len(order) || table.order.Len() != len(order) {
			t.Fatalf("%d in the table, want %d", len(table.of), len(order))
		}
		for _, k := range order {
			if table.get(k) == nil {
				t.Fatalf("after %d: %d has left too early", i, k)
			}
		}
	}
	if table.evicted == 0 {
		t.Error("none was counted as evicted")
	}
}

func key1(i int) (k key) {
	binary.BigEndian.PutUint64(k[:], uint64(i))
	return k
}

// What is trusted is bounded, for each account by itself: nobody's many addresses push
// out those of another.
func TestTrustIsBounded(t *testing.T) {
	tr := newTrust()
	tr.remember(key1(1), key1(7), epoch)
	for i := range 1000 {
		tr.remember(key1(2), key1(100+i), epoch.Add(time.Duration(i)*time.Second))
	}
	if n := len(tr.names[key1(2)]); n != maxTrustedPerName || len(tr.addresses) != maxTrustedPerName+1 {
		t.Errorf("%d addresses of one account, %d in all", n, len(tr.addresses))
	}
	if !tr.knows(key1(1), key1(7), epoch) || !tr.knows(key1(2), key1(1099), epoch) || tr.knows(key1(2), key1(100), epoch) {
		t.Error("the wrong ones were forgotten")
	}
	for i := range maxTrustedAccounts + 10 {
		tr.remember(key1(10_000+i), key1(8), epoch.Add(time.Hour+time.Duration(i)*time.Second))
	}
	if len(tr.names) != maxTrustedAccounts || tr.knows(key1(1), key1(7), epoch) || tr.knowsAddress(key1(7), epoch) || !tr.knowsAddress(key1(8), epoch) {
		t.Errorf("%d accounts", len(tr.names))
	}
	tr.purge(epoch.Add(1000 * time.Hour))
	if len(tr.names)+len(tr.addresses) != 0 {
		t.Errorf("after all has ended: %d, %d", len(tr.names), len(tr.addresses))
	}
}

// A map of networks finds what a search through all of them finds, the smallest first.
func TestNetworks(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	var n networks[netip.Prefix]
	all := map[netip.Prefix]bool{}
	draw := func() netip.Addr {
		if random.IntN(2) == 0 {
			return netip.AddrFrom4([4]byte{10, byte(random.IntN(2)), byte(random.IntN(4)), byte(random.IntN(4))})
		}
		return netip.AddrFrom16([16]byte{0: 0x20, 1: 0x01, 7: byte(random.IntN(4)), 15: byte(random.IntN(4))})
	}
	for range 4000 {
		a := draw()
		p, err := a.Prefix(random.IntN(a.BitLen() + 1))
		if err != nil {
			t.Fatal(err)
		}
		if random.IntN(3) > 0 {
			n.set(p, p)
			all[p] = true
		} else {
			n.remove(p)
			delete(all, p)
		}
		a = draw()
		found := map[netip.Prefix]bool{}
		last := 200
		n.around(a, func(p netip.Prefix) bool {
			if p.Bits() >= last {
				t.Fatalf("%v after one of %d bits", p, last)
			}
			last = p.Bits()
			found[p] = true
			return true
		})
		for p := range all {
			if p.Contains(a) != found[p] {
				t.Fatalf("%v in %v: %v", a, p, found[p])
			}
		}
		if n.holds(a) != (len(found) > 0) {
			t.Fatalf("%v: %v", a, found)
		}
	}
	if n.holds(netip.Addr{}) {
		t.Error("an address that is none")
	}
}

// Bans are bounded: those that have ended go first, then the ones that end first, and
// those of the operator stay.
func TestBansAreBounded(t *testing.T) {
	g := Open(t.TempDir(), DefaultPolicy(), Options{Now: func() time.Time { return epoch }})
	defer g.Close()
	if err := g.Ban(prefix("198.51.100.0/24"), time.Minute, "test"); err != nil {
		t.Fatal(err)
	}
	p := DefaultPolicy()
	for i := range 2 * maxBans {
		g.mu.Lock()
		b := g.bans.again(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32), reasonAddress, epoch.Add(time.Duration(i)*time.Millisecond), p)
		g.mu.Unlock()
		if b == nil {
			t.Fatalf("ban %d found no room", i)
		}
	}
	kept := g.Bans()
	if len(kept) > maxBans || len(kept) < maxBans-maxBans/16 || g.Stats().Evicted != 2*maxBans+1-len(kept) {
		t.Fatalf("%d bans, %d evicted", len(kept), g.Stats().Evicted)
	}
	// Of those by address the last ones, without a gap, and that of the operator.
	first := 2*maxBans - (len(kept) - 1)
	if kept[len(kept)-1].Network != prefix("198.51.100.0/24") || kept[0].Network.Addr() != netip.AddrFrom4([4]byte{10, 0, byte(first >> 8), byte(first)}) {
		t.Errorf("kept %v … %v", kept[0].Network, kept[len(kept)-1].Network)
	}
	// Only those of the operator: then there is no room, and it is said.
	g.bans = bans{}
	for i := range maxBans {
		if err := g.Ban(netip.PrefixFrom(netip.AddrFrom4([4]byte{11, byte(i >> 16), byte(i >> 8), byte(i)}), 32), time.Hour, "test"); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.Ban(prefix("12.0.0.0/8"), time.Hour, "test"); err == nil {
		t.Error("one more than there is room for")
	}
	if b := g.bans.again(prefix("12.0.0.1/32"), reasonAddress, epoch, p); b != nil {
		t.Errorf("%+v", b)
	}
}

// The operator bans and lifts what he names, and no other.
func TestBanAndUnban(t *testing.T) {
	now := epoch
	var events []Event
	g := Open(t.TempDir(), DefaultPolicy(), Options{Now: func() time.Time { return now }, Observe: func(e Event) { events = append(events, e) }})
	defer g.Close()
	for _, bad := range []struct {
		p netip.Prefix
		d time.Duration
	}{{netip.Prefix{}, time.Hour}, {prefix("192.0.2.0/24"), 0}, {prefix("192.0.2.0/24"), -1}, {prefix("192.0.2.0/24"), 1 << 62}} {
		if err := g.Ban(bad.p, bad.d, "x"); err == nil {
			t.Errorf("%v for %v was taken", bad.p, bad.d)
		}
	}
	if err := g.Ban(prefix("::ffff:192.0.2.9/120"), time.Hour, "spam\nmsg=banned"); err != nil {
		t.Fatal(err)
	}
	for from, want := range map[string]error{"192.0.2.1": ErrBanned, "::ffff:192.0.2.255": ErrBanned, "192.0.3.1": nil} {
		if _, err := g.Admit(remote(from)); err != want {
			t.Errorf("%s: %v", from, err)
		}
	}
	if g.Unban(prefix("192.0.2.1/32")) || g.Unban(netip.Prefix{}) {
		t.Error("lifted what was not banned")
	}
	if !g.Unban(prefix("192.0.2.0/24")) || g.Unban(prefix("192.0.2.0/24")) || len(g.Bans()) != 0 {
		t.Error("not lifted, or twice")
	}
	if err := g.Ban(prefix("192.0.2.1/32"), time.Hour, "x"); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour)
	if _, err := g.Admit(remote("192.0.2.1")); err != nil {
		t.Errorf("after its end: %v", err)
	}
	kinds := ""
	for _, e := range events {
		kinds += fmt.Sprint(e.Kind, " ", e.Network, " ")
	}
	if kinds != "ban 192.0.2.0/24 unban 192.0.2.0/24 ban 192.0.2.1/32 " {
		t.Errorf("told %s", kinds)
	}
}
