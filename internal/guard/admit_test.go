package guard

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
)

// V-17, V-35, V-41: connections that do not log in are bounded, of an address and of
// all; those that have logged in before find room that strangers cannot take.
func TestHandshakes(t *testing.T) {
	p := DefaultPolicy()
	p.Handshakes, p.HandshakesPerAddress = 20, 4
	bubble(t, p, func(t *testing.T, h *house) {
		h.pass("198.51.100.1", "anna")
		var release []func()
		for i := range 5 {
			for j := range 5 {
				done, err := h.Admit(remote(fmt.Sprintf("127.0.0.%d", i+1)))
				want := error(nil)
				if i < 5 && j == 4 {
					want = ErrCrowd
				}
				if i == 4 && j == 4 {
					want = ErrHandshakes
				}
				if !errors.Is(err, want) {
					t.Fatalf("%d of address %d: %v, want %v", j, i, err, want)
				}
				if err == nil {
					release = append(release, done)
				}
			}
		}
		if err := h.enters("127.0.0.99"); !errors.Is(err, ErrHandshakes) {
			t.Errorf("a stranger, when all places are taken: %v", err)
		}
		for range p.HandshakesPerAddress {
			done, err := h.Admit(remote("198.51.100.1"))
			if err != nil {
				t.Fatalf("one that logged in before: %v", err)
			}
			release = append(release, done)
		}
		if err := h.enters("198.51.100.1"); !errors.Is(err, ErrCrowd) {
			t.Errorf("one more of it: %v", err)
		}
		for _, done := range release {
			done()
			done() // at the login, and at the end
		}
		if s := h.Stats(); s.Handshakes != 0 || len(h.open) != 0 {
			t.Errorf("left behind: %+v, %v", s, h.open)
		}
		if err := h.enters("127.0.0.99"); err != nil {
			t.Error(err)
		}
	})
}

// S-27, V-17: the limits are exact, whoever comes and goes at once, and nothing is
// counted when all have gone.
func TestHandshakesRace(t *testing.T) {
	p := DefaultPolicy()
	p.Handshakes, p.HandshakesPerAddress = 10, 4
	g := Open(t.TempDir(), p, Options{})
	defer g.Close()
	var mu sync.Mutex
	now, total := map[netip.Addr]int{}, 0
	var all sync.WaitGroup
	for w := range 32 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(7, uint64(w)))
			for range 300 {
				from := netip.AddrFrom4([4]byte{127, 0, 0, byte(random.IntN(6))})
				mu.Lock() // or what is measured would not be what was admitted
				release, err := g.Admit(netip.AddrPortFrom(from, 1))
				want := error(nil)
				if total >= p.Handshakes {
					want = ErrHandshakes
				} else if now[from] >= p.HandshakesPerAddress {
					want = ErrCrowd
				}
				if err != want {
					t.Errorf("%v, want %v", err, want)
				}
				if err == nil {
					now[from]++
					total++
				}
				mu.Unlock()
				if err != nil {
					continue
				}
				mu.Lock()
				release()
				now[from]--
				total--
				mu.Unlock()
				release()
			}
		})
	}
	all.Wait()
	if s := g.Stats(); s.Handshakes != 0 || len(g.open) != 0 {
		t.Errorf("left behind: %+v, %v", s, g.open)
	}
}

// Connections of networks without addresses are counted together, and not banned.
func TestNoAddress(t *testing.T) {
	p := DefaultPolicy()
	p.HandshakesPerAddress = 1
	bubble(t, p, func(t *testing.T, h *house) {
		for range 2 {
			if _, err := h.Admit(netip.AddrPort{}); err != nil {
				t.Error(err)
			}
		}
		for range 2 * p.Failures {
			if err := h.tryFromNowhere(); err == nil {
				t.Error("a wrong password was right")
			}
		}
		if s := h.Stats(); s.Banned != 0 || s.Addresses+s.Networks != 0 || s.Names != 1 || s.Handshakes != 2 {
			t.Errorf("%+v", s)
		}
	})
}
