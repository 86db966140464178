package cli

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/internal/control"
)

// Rates are those since the last look, and what a peer sends cannot drive the terminal (C-16,
// S-37).
func TestSessionTable(t *testing.T) {
	start := time.Unix(1_000_000, 0)
	session := func(moved int64) control.Session {
		return control.Session{
			ID: "1f", Since: start, Began: start.Add(time.Second), Remote: netip.MustParseAddrPort("192.0.2.1:5"),
			Account: "anna", Client: "evil\x1b]52;c;x\a", TLS: "TLS 1.3", Verb: "STOR", Path: "/a\r\n\x1b[2J", Moved: moved, Down: 1000,
		}
	}
	before := control.Sessions{At: start.Add(3 * time.Second), Sessions: []control.Session{session(2000)}}
	now := control.Sessions{At: start.Add(5 * time.Second), Sessions: []control.Session{
		session(8000), {ID: "2e", Since: start, Began: start, Remote: netip.MustParseAddrPort("[2001:db8::1]:6")},
		{ID: "3d", Since: start, Began: start, Account: "bert", Remote: netip.MustParseAddrPort("[2001:db8::1]:7")},
	}}
	for _, c := range []struct {
		before *control.Sessions
		rate   string
	}{{nil, "2.0 kB/s"}, {&before, "3.0 kB/s"}} {
		lines := sessionTable(now, c.before)
		text := strings.Join(lines, "\n")
		if len(lines) != 4 || strings.ContainsAny(text, "\x1b\a\r") {
			t.Errorf("%q", lines)
		}
		for i, want := range []string{"9.0 kB", "login", "idle 5s"} {
			if !strings.Contains(lines[i+1], want) {
				t.Errorf("%q is not in %q", want, lines[i+1])
			}
		}
		if !strings.Contains(lines[1], c.rate) {
			t.Errorf("want a rate of %s: %q", c.rate, lines[1])
		}
	}
	if s := summary(now); !strings.Contains(s, "3 sessions, 1 transfer ") {
		t.Error(s)
	}
}
