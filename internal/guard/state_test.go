package guard

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealane/sealane/auth"
)

func (h *house) tryFromNowhere() error {
	_, err := h.login(h.t.Context(), auth.Credentials{User: "anna", Password: "wrong"})
	return err
}

// again opens what a guard has kept, as another start of the program does.
func again(t *testing.T, dir string, p Policy) (*Guard, *strings.Builder) {
	t.Helper()
	var log strings.Builder
	g := Open(dir, p, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	t.Cleanup(func() { g.Close() })
	return g, &log
}

// Bans and trusted addresses outlive the program, with how often a ban was; and neither
// names nor the addresses of who logged in are in the files.
func TestStateIsKept(t *testing.T) {
	p := DefaultPolicy()
	bubble(t, p, func(t *testing.T, h *house) {
		h.pass("198.51.100.1", "anna")
		for i := range 2 * p.Failures {
			if i == p.Failures {
				time.Sleep(p.Ban)
			}
			h.fail("203.0.113.7", fmt.Sprint("name", i))
		}
		if err := h.Ban(prefix("2001:db8::/32"), time.Hour, "by hand"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(saveDelay + time.Second) // written without Close
		data, err := os.ReadFile(filepath.Join(h.dir, stateFile))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"anna", "198.51"} {
			if strings.Contains(string(data), secret) {
				t.Errorf("%q is in %s", secret, data)
			}
		}
		g, log := again(t, h.dir, p)
		if log.Len() > 0 {
			t.Error(log)
		}
		if n := len(g.Bans()); n != 2 {
			t.Fatalf("%d bans", n)
		}
		if b := g.Bans()[0]; b.Network != prefix("203.0.113.7/32") || b.Times != 2 || !b.Until.Equal(h.Bans()[0].Until) || b.Manual || b.Reason != reasonAddress {
			t.Errorf("%+v", b)
		}
		if b := g.Bans()[1]; b.Network != prefix("2001:db8::/32") || !b.Manual || b.Reason != "by hand" {
			t.Errorf("%+v", b)
		}
		since := time.Now().Add(-p.Trust)
		if !g.trusted.knows(g.nameKey("anna"), g.addressKey(prefix("198.51.100.1/32")), since) ||
			!g.trusted.knowsAddress(g.addressKey(prefix("198.51.100.1/32")), since) || len(g.trusted.names) != 1 {
			t.Errorf("trusted: %v", g.trusted)
		}
		time.Sleep(p.Trust + p.BanMax + time.Hour)
		g, _ = again(t, h.dir, p)
		if len(g.bans.of)+len(g.trusted.names)+len(g.trusted.addresses) != 0 {
			t.Errorf("after all has ended: %v, %v", g.bans.of, g.trusted)
		}
	})
}

// What cannot be read is set aside and told of, and the guard goes on without it.
func TestBrokenState(t *testing.T) {
	for _, text := range []string{
		"", "{", "null", "[]", "{}", `{"version":2}`, `{"version":1}x`, `{"version":1,"more":1}`, "\x00\xff",
		`{"version":1,"bans":[{"network":"","times":1}]}`, `{"version":1,"bans":[{"network":"10.0.0.1/8","times":1}]}`,
		`{"version":1,"bans":[{"network":"10.0.0.0/8","times":-1}]}`, `{"version":1,"bans":[{"network":"10.0.0.0/8"`,
		`{"version":1,"trusted":[{"name":"anna","addresses":{}}]}`,
		`{"version":1,"trusted":[{"name":"00112233445566778899aabbccddeeff","addresses":{"00":1}}]}`,
	} {
		dir := t.TempDir()
		name := filepath.Join(dir, stateFile)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		g, log := again(t, dir, DefaultPolicy())
		if aside, err := os.ReadFile(name + broken); err != nil || string(aside) != text {
			t.Errorf("%q: set aside %q, %v", text, aside, err)
		}
		if !strings.Contains(log.String(), "begins anew") || len(g.Bans()) != 0 {
			t.Errorf("%q: %s", text, log)
		}
		if err := g.Ban(prefix("10.0.0.0/8"), time.Hour, "x"); err != nil {
			t.Error(err)
		}
		if err := g.Close(); err != nil {
			t.Error(err)
		}
		if g, log := again(t, dir, DefaultPolicy()); len(g.Bans()) != 1 || log.Len() > 0 {
			t.Errorf("%q: and then %v, %s", text, g.Bans(), log)
		}
	}
}

// Without the key of the hashes bans are kept and nobody is trusted; a folder that
// cannot be written keeps nothing and stops nothing.
func TestBrokenKey(t *testing.T) {
	for _, text := range []string{"", "short", strings.Repeat("x", secretLen+1)} {
		dir := t.TempDir()
		g, _ := again(t, dir, DefaultPolicy())
		g.succeeded(g.begin(auth.Credentials{User: "anna", Remote: remote("192.0.2.1")}))
		if err := errors.Join(g.Ban(prefix("10.0.0.0/8"), time.Hour, "x"), g.Close(), os.WriteFile(filepath.Join(dir, secretFile), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
		g, log := again(t, dir, DefaultPolicy())
		if len(g.Bans()) != 1 || len(g.trusted.names) != 0 || !strings.Contains(log.String(), "makes another") || len(g.secret) != secretLen {
			t.Errorf("%q: %v, %v, %s", text, g.Bans(), g.trusted.names, log)
		}
	}
	dir := filepath.Join(t.TempDir(), "missing")
	g, log := again(t, dir, DefaultPolicy())
	if err := g.Ban(prefix("10.0.0.0/8"), time.Hour, "x"); err != nil {
		t.Error(err)
	}
	if _, err := g.Admit(remote("10.1.1.1")); err != ErrBanned {
		t.Error(err)
	}
	if err := g.Close(); err == nil || !strings.Contains(log.String(), "not kept") {
		t.Errorf("%v, %s", err, log)
	}
}

// The state that many attackers leave is written once in a while, not for each.
func TestSavesAreRare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var saves int
		var s saver
		s.start(func() error { saves++; return nil })
		for range 100 {
			s.wake()
			time.Sleep(saveDelay / 50)
		}
		synctest.Wait()
		if saves != 1 && saves != 2 {
			t.Errorf("%d saves in %v", saves, 2*saveDelay)
		}
		s.end()
		s.wake() // of nobody any more
		s.end()
	})
}

// V-61: whatever stands in the file, it is data: it cannot make more bans or trust than
// there is room for, nor longer ones.
func FuzzState(f *testing.F) {
	good, err := json.Marshal(state{
		Version: 1,
		Bans: []Ban{{Network: prefix("10.0.0.0/8"), Since: epoch, Until: epoch.Add(time.Hour), Times: 2, Reason: "x"},
			{Network: prefix("2001:db8::/64"), Until: epoch.AddDate(2000, 0, 0), Times: 1 << 30}},
		Trusted: []trustedState{{Name: strings.Repeat("0a", 16), Addresses: map[string]int64{strings.Repeat("0b", 16): 1 << 62, strings.Repeat("0c", 16): epoch.Unix()}}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := decodeState(data)
		if err != nil {
			return
		}
		p := DefaultPolicy()
		g := &Guard{now: func() time.Time { return epoch }, trusted: newTrust(),
			addresses: newTable[netip.Prefix](9), networks: newTable[netip.Prefix](9), names: newTable[key](9)}
		g.rules.Store(&rules{Policy: p})
		g.restore(s)
		for _, b := range g.Bans() {
			if b.Until.After(epoch.Add(maxManual)) || !b.Manual && b.Until.After(epoch.Add(p.BanMax)) || b.Network != b.Network.Masked() {
				t.Errorf("%+v", b)
			}
		}
		if len(g.trusted.names) > maxTrustedAccounts || len(g.bans.of) > maxBans {
			t.Errorf("%d trusted, %d bans", len(g.trusted.names), len(g.bans.of))
		}
		for _, places := range g.trusted.names {
			for _, at := range places {
				if at.last.After(epoch) {
					t.Errorf("trusted from %v", at.last)
				}
			}
		}
		// Times of any size: the next ban is in its bounds.
		for network := range g.bans.of {
			if b := g.bans.again(network, "x", epoch.Add(p.BanMax), p); b != nil && b.Until.Sub(b.Since) > p.BanMax {
				t.Errorf("%+v", b)
			}
		}
		if _, err := json.Marshal(g.snapshot()); err != nil {
			t.Error(err)
		}
	})
}
