package guard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealane/sealane/auth"
)

// house is a guard with two accounts behind it, of which it counts the hashes. It lives
// in a bubble, so that a delay costs no time and is exact.
type house struct {
	*Guard
	t      *testing.T
	login  auth.Login
	mu     sync.Mutex
	hashed map[string]int // by name
	log    *strings.Builder
	events []Event
}

// disabled is an account whose password is right and of no use.
const disabled = "disabled"

func build(t *testing.T, p Policy) *house {
	h := &house{t: t, hashed: map[string]int{}, log: &strings.Builder{}}
	h.Guard = Open(t.TempDir(), p, Options{
		Logger: slog.New(slog.NewTextHandler(h.log, nil)),
		Observe: func(e Event) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.events = append(h.events, e)
		},
	})
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	h.login = h.Login(h.judge)
	return h
}

// judge logs in who gives the name as the password.
func (h *house) judge(ctx context.Context, c auth.Credentials) (*auth.Grant, error) {
	known := c.User == "anna" || c.User == "bob" || c.User == disabled
	if c.NoPassword {
		if known {
			return &auth.Grant{Account: c.User}, nil
		}
		return nil, auth.ErrPassword
	}
	done, err := h.Turn(ctx)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	h.hashed[c.User]++
	h.mu.Unlock()
	right := known && c.Password == c.User
	done(right)
	if !right || c.User == disabled {
		return nil, fmt.Errorf("%w: for a test", auth.ErrDenied)
	}
	return &auth.Grant{Account: c.User}, nil
}

func (h *house) hashes(name string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.hashed[name]
}

// try logs in, and says how long it took.
func (h *house) try(from, name, password string) (time.Duration, error) {
	began := time.Now()
	_, err := h.login(context.Background(), auth.Credentials{User: name, Password: password, Remote: remote(from)})
	return time.Since(began), err
}

func (h *house) fail(from, name string) time.Duration {
	h.t.Helper()
	took, err := h.try(from, name, "wrong")
	if !errors.Is(err, auth.ErrDenied) {
		h.t.Fatalf("%s as %s: %v", from, name, err)
	}
	return took
}

// pass logs in with the right password.
func (h *house) pass(from, name string) time.Duration {
	h.t.Helper()
	took, err := h.try(from, name, name)
	if err != nil {
		h.t.Fatalf("%s as %s: %v", from, name, err)
	}
	return took
}

// enters reports whether a connection is let in, and gives the place back.
func (h *house) enters(from string) error {
	release, err := h.Admit(remote(from))
	if err == nil {
		release()
	}
	return err
}

func remote(s string) netip.AddrPort { return netip.AddrPortFrom(netip.MustParseAddr(s), 40000) }

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// bubble runs a test in which time costs nothing.
func bubble(t *testing.T, p Policy, f func(t *testing.T, h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, build(t, p)) })
}

// S-20, V-56: from one address, each try waits longer than the one before, and a ban
// ends them. The next ban is twice as long, up to the longest, and after a long peace
// it is short again.
func TestS20OneAddress(t *testing.T) {
	bubble(t, DefaultPolicy(), func(t *testing.T, h *house) {
		p := DefaultPolicy()
		const from = "203.0.113.7"
		long := p.Ban
		for round := range 9 {
			var before, total time.Duration
			for i := range p.Failures {
				if err := h.enters(from); err != nil {
					t.Fatalf("round %d, before failure %d: %v", round, i, err)
				}
				took := h.fail(from, fmt.Sprint("name", round, i)) // of a name each, so that it is the address that counts
				if took < before || i > freeOfAddress && took == 0 || took > p.DelayMax {
					t.Errorf("round %d, failure %d: held for %v after %v", round, i, took, before)
				}
				before = took
				total += took
			}
			if total == 0 {
				t.Error("nothing was delayed")
			}
			if err := h.enters(from); !errors.Is(err, ErrBanned) || Rule(err) != "ban" {
				t.Errorf("round %d: enters with %v", round, err)
			}
			hashes := h.hashes("anna")
			if _, err := h.try(from, "anna", "anna"); !errors.Is(err, ErrBanned) || !errors.Is(err, auth.ErrDenied) {
				t.Errorf("round %d: a session that was open logs in with %v", round, err)
			}
			if h.hashes("anna") != hashes {
				t.Error("a banned address has cost a hash")
			}
			b := h.Bans()
			if len(b) != 1 || b[0].Network != prefix(from+"/32") || b[0].Until.Sub(b[0].Since) != long || b[0].Times != round+1 {
				t.Fatalf("round %d: %+v, want %v", round, b, long)
			}
			if err := h.enters("203.0.113.8"); err != nil {
				t.Errorf("its neighbour: %v", err)
			}
			time.Sleep(long)
			long = min(2*long, p.BanMax)
		}
		time.Sleep(p.BanMax)
		for i := range p.Failures {
			h.fail(from, fmt.Sprint("last", i))
		}
		if b := h.Bans(); len(b) != 1 || b[0].Times != 1 || b[0].Until.Sub(b[0].Since) != p.Ban {
			t.Errorf("after a long peace: %+v", b)
		}
		if !strings.Contains(h.log.String(), `msg=banned network=203.0.113.7/32 until=2000-01-`) || len(h.events) != 10 || h.events[0].Failures != p.Failures {
			t.Errorf("told: %d events, log:\n%s", len(h.events), h.log)
		}
	})
}

// S-20: from 1000 addresses for one account, hardly any guess is looked at; the right
// password from an address that logged in before waits for nothing, all the time, and
// opens no door for the others.
func TestS20ThousandAddresses(t *testing.T) {
	p := DefaultPolicy()
	bubble(t, p, func(t *testing.T, h *house) {
		const trusted = "198.51.100.1"
		h.pass(trusted, "anna")
		own := 1
		const rounds = 5
		began := time.Now()
		for round := range rounds {
			var all sync.WaitGroup
			for i := range 1000 {
				all.Go(func() {
					from := fmt.Sprintf("127.%d.%d.1", i/250, i%250)
					if took, err := h.try(from, "anna", "guess"); !errors.Is(err, auth.ErrDenied) || took > p.patience() {
						t.Errorf("round %d, %s: %v after %v", round, from, err, took)
					}
				})
			}
			synctest.Wait()
			for range 3 {
				if took := h.pass(trusted, "anna"); took != 0 {
					t.Errorf("round %d: the trusted address waited for %v", round, took)
				}
				own++
			}
			all.Wait()
			if took := h.pass(trusted, "anna"); took != 0 {
				t.Errorf("after round %d: the trusted address waited for %v", round, took)
			}
			own++
		}
		// One at once for each that is free, the ones while delays grow, then one in DelayMax.
		most := freeOfName + 6 + int(time.Since(began)/p.DelayMax)
		if guesses := h.hashes("anna") - own; guesses > most || guesses < freeOfName {
			t.Errorf("%d guesses were looked at, want %d at most", guesses, most)
		}
		if s := h.Stats(); s.LoginsHeld == 0 || s.Banned != 0 || s.Names != 1 || s.Addresses > 1000 {
			t.Errorf("%+v", s)
		}
		// The others are slow still.
		if took := h.fail("127.9.9.1", "anna"); took == 0 {
			t.Error("logins of the owner have freed strangers from their delay")
		}
		// Another account, and another address of the same owner.
		if took := h.pass("127.9.8.1", "bob"); took != 0 {
			t.Errorf("another account waits for %v", took)
		}
		time.Sleep(2 * p.Window)
		if took := h.pass("198.51.100.99", "anna"); took != 0 {
			t.Errorf("after the attack a new address waits for %v", took)
		}
	})
}

// Trust is of one address with one account, and for its time.
func TestTrustIsNarrow(t *testing.T) {
	p := DefaultPolicy()
	p.Failures, p.NetworkFailures = 1000, 1000
	bubble(t, p, func(t *testing.T, h *house) {
		h.pass("192.0.2.1", "anna")
		h.pass("192.0.2.2", "bob")
		hurt := func() {
			for i := range 12 {
				h.fail(fmt.Sprintf("127.0.%d.1", i), "anna")
			}
		}
		hurt()
		if took := h.pass("192.0.2.1", "anna"); took != 0 {
			t.Errorf("the trusted one waits for %v", took)
		}
		if took := h.fail("192.0.2.2", "anna"); took == 0 {
			t.Error("an address that another account trusts is free of delay")
		}
		time.Sleep(p.Trust + time.Second)
		hurt()
		if took := h.fail("192.0.2.1", "anna"); took == 0 {
			t.Error("trust does not end")
		}
	})
}

// A ban of a network is not for those in it that logged in before; each failure of
// theirs counts, for their own address.
func TestNetworkBan(t *testing.T) {
	p := DefaultPolicy()
	bubble(t, p, func(t *testing.T, h *house) {
		h.pass("203.0.113.200", "bob")
		for i := range p.NetworkFailures {
			h.fail(fmt.Sprint("203.0.113.", i/5), fmt.Sprint("name", i))
			time.Sleep(p.Window / time.Duration(2*p.NetworkFailures))
		}
		if b := h.Bans(); len(b) != 1 || b[0].Network != prefix("203.0.113.0/24") {
			t.Fatalf("%+v", b)
		}
		if err := h.enters("203.0.113.201"); !errors.Is(err, ErrBanned) {
			t.Errorf("a stranger in the network: %v", err)
		}
		if err := h.enters("203.0.114.1"); err != nil {
			t.Errorf("outside of the network: %v", err)
		}
		if err := h.enters("203.0.113.200"); err != nil {
			t.Errorf("one that logged in before: %v", err)
		}
		if took := h.pass("203.0.113.200", "bob"); took != 0 {
			t.Errorf("it waits for %v", took)
		}
		if _, err := h.try("203.0.113.200", "anna", "anna"); !errors.Is(err, ErrBanned) {
			t.Errorf("it tries another account: %v", err)
		}
		for range p.Failures {
			h.fail("203.0.113.200", "bob")
		}
		if err := h.enters("203.0.113.200"); !errors.Is(err, ErrBanned) {
			t.Errorf("after failures of its own: %v", err)
		}
	})
}

// S-20: who has an IPv6 network has one address as far as this goes, and the one around
// it is a network.
func TestS20IPv6(t *testing.T) {
	p := DefaultPolicy()
	p.NetworkFailures = 15
	bubble(t, p, func(t *testing.T, h *house) {
		for i := range p.Failures {
			h.fail(fmt.Sprintf("2001:db8:1:2::%x", i+1), fmt.Sprint("name", i))
		}
		if err := h.enters("2001:db8:1:2:ffff::"); !errors.Is(err, ErrBanned) {
			t.Errorf("the same /64: %v", err)
		}
		if err := h.enters("2001:db8:1:3::1"); err != nil {
			t.Errorf("another /64: %v", err)
		}
		for i := range p.NetworkFailures - p.Failures {
			h.fail(fmt.Sprintf("2001:db8:1:%x::1", i+10), fmt.Sprint("other", i))
		}
		if err := h.enters("2001:db8:1:ffff::1"); !errors.Is(err, ErrBanned) {
			t.Errorf("the same /48: %v", err)
		}
		if err := h.enters("2001:db8:2::1"); err != nil {
			t.Errorf("another /48: %v", err)
		}
		// IPv4 by way of an IPv6 socket is IPv4.
		for i := range p.Failures {
			h.fail("::ffff:192.0.2.7", fmt.Sprint("mapped", i))
		}
		if err := h.enters("192.0.2.7"); !errors.Is(err, ErrBanned) {
			t.Errorf("v4-mapped: %v", err)
		}
	})
}

// S-21, S-22: whatever the name is, known, unknown or disabled, and whatever the
// password, the same history gives the same waits, the same number of hashes and
// the same kind of answer, also where the guard holds a try back.
func TestS21NoOracle(t *testing.T) {
	type step struct {
		took   time.Duration
		hashes int
		held   bool
	}
	history := func(name, password string) (out []step) {
		bubble(t, DefaultPolicy(), func(t *testing.T, h *house) {
			for i := range 40 { // strangers, one after the other
				before := h.hashes(name)
				took, err := h.try(fmt.Sprintf("127.0.%d.1", i), name, password)
				if !errors.Is(err, auth.ErrDenied) {
					t.Fatalf("%s: %v", name, err)
				}
				out = append(out, step{took, h.hashes(name) - before, errors.Is(err, ErrHeld)})
			}
			var all sync.WaitGroup
			for i := range 40 { // and at once
				all.Go(func() {
					_, err := h.try(fmt.Sprintf("127.1.%d.1", i), name, password)
					if !errors.Is(err, auth.ErrDenied) {
						t.Errorf("%s: %v", name, err)
					}
				})
			}
			all.Wait()
			out = append(out, step{hashes: h.hashes(name), took: time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))})
		})
		return out
	}
	want := history("anna", "wrong")
	for _, c := range [][2]string{{"nobody", "wrong"}, {"", ""}, {disabled, "wrong"}, {disabled, disabled}, {"\x00%s", "anna"}} {
		got := history(c[0], c[1])
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%q with %q, step %d: %+v, want %+v", c[0], c[1], i, got[i], want[i])
			}
		}
	}
}

// A held try costs no place among the hashes, and ends when its session does.
func TestDelayCanBeCut(t *testing.T) {
	bubble(t, DefaultPolicy(), func(t *testing.T, h *house) {
		for i := range 8 {
			h.fail("192.0.2.1", fmt.Sprint("name", i))
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			_, err := h.login(ctx, auth.Credentials{User: "anna", Password: "anna", Remote: remote("192.0.2.1")})
			ended <- err
		}()
		synctest.Wait()
		if s := h.Stats(); s.HashesRunning != 0 || s.HashesWaiting != 0 {
			t.Errorf("%+v", s)
		}
		cancel()
		if err := <-ended; !errors.Is(err, auth.ErrBusy) || errors.Is(err, auth.ErrDenied) {
			t.Error(err)
		}
		if h.hashes("anna") != 0 {
			t.Error("it was hashed")
		}
	})
}

// What was counted was a failure: a login that could not be judged is none.
func TestOnlyDenialsCount(t *testing.T) {
	bubble(t, DefaultPolicy(), func(t *testing.T, h *house) {
		for _, err := range []error{auth.ErrBusy, errors.New("the disk"), fmt.Errorf("%w: %w", auth.ErrDenied, ErrBanned)} {
			login := h.Login(func(context.Context, auth.Credentials) (*auth.Grant, error) { return nil, err })
			for range 30 {
				_, got := login(t.Context(), auth.Credentials{User: "anna", Remote: remote("192.0.2.1")})
				if got != err {
					t.Fatalf("%v, want %v", got, err)
				}
			}
		}
		if s := h.Stats(); s.Failures != 0 {
			t.Errorf("%d failures", s.Failures)
		}
	})
}

// A certificate cannot be guessed: it is not delayed, its refusal is no failure, and it
// makes its address trusted.
func TestCertificates(t *testing.T) {
	bubble(t, DefaultPolicy(), func(t *testing.T, h *house) {
		ask := func(name string) error {
			_, err := h.login(t.Context(), auth.Credentials{User: name, NoPassword: true, Remote: remote("192.0.2.1")})
			return err
		}
		for range 30 {
			if err := ask("nobody"); !errors.Is(err, auth.ErrPassword) {
				t.Fatal(err)
			}
		}
		if err := ask("anna"); err != nil {
			t.Fatal(err)
		}
		for i := range 12 {
			h.fail(fmt.Sprintf("127.0.%d.1", i), "anna")
		}
		if took := h.pass("192.0.2.1", "anna"); took != 0 {
			t.Errorf("it waits for %v", took)
		}
		if err := h.Ban(prefix("192.0.2.0/24"), time.Hour, "test"); err != nil {
			t.Fatal(err)
		}
		if err := ask("anna"); !errors.Is(err, ErrBanned) {
			t.Errorf("banned, by certificate: %v", err)
		}
	})
}

// Networks that are allowed are never banned, delayed or refused; those that are
// denied do not come in.
func TestAllowAndDeny(t *testing.T) {
	p := DefaultPolicy()
	p.Allow = []netip.Prefix{prefix("10.0.0.0/8"), prefix("2001:db8:1::/48")}
	p.Deny = []netip.Prefix{prefix("10.66.0.0/16"), prefix("198.51.100.0/24"), prefix("::/0")}
	p.Handshakes, p.HandshakesPerAddress = 1, 1
	bubble(t, p, func(t *testing.T, h *house) {
		for range 100 {
			if took := h.fail("10.66.1.1", "anna"); took != 0 {
				t.Fatalf("held for %v", took)
			}
		}
		if err := h.Ban(prefix("10.0.0.0/7"), time.Hour, "test"); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := h.Admit(remote("10.66.1.1")); err != nil { // and none is given back
				t.Error(err)
			}
		}
		for from, want := range map[string]error{
			"198.51.100.1": ErrDenied, "2001:db8:2::1": ErrDenied, "2001:db8:1::1": nil, "11.0.0.1": ErrBanned, "::ffff:10.1.1.1": nil,
			"192.0.2.1": ErrHandshakes,
		} {
			if err := h.enters(from); err != want {
				t.Errorf("%s: %v, want %v", from, err, want)
			}
		}
		s := h.Stats()
		if s.Failures != 0 || s.RefusedDenied != 2 || s.RefusedBanned != 1 || s.RefusedHandshakes != 1 || s.Handshakes != 3 {
			t.Errorf("%+v", s)
		}
		p.Allow, p.Deny = nil, nil // settings are read again
		h.Change(p)
		if err := h.enters("198.51.100.1"); err != ErrHandshakes {
			t.Errorf("after the change: %v", err)
		}
		if err := h.enters("10.1.1.1"); err != ErrBanned {
			t.Errorf("after the change: %v", err)
		}
	})
}
