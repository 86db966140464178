package guard

import (
	"errors"
	"os"
	"testing"
	"time"
)

// F-09: a ban that outlives the program ends by the clock of the wall, whatever that says at
// the next start; and a clock that is wrong bans nobody for longer than a ban may last.
func TestF09KeptBansGoByTheWall(t *testing.T) {
	p := DefaultPolicy()
	const long, year = 2 * time.Hour, 8766 * time.Hour
	dir, wall := t.TempDir(), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	g := Open(dir, p, Options{Now: func() time.Time { return wall }})
	network := prefix("203.0.113.7/32")
	g.mu.Lock()
	p.Ban = long
	g.bans.again(network, reasonAddress, wall, p)
	g.mu.Unlock()
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		by     time.Duration
		banned bool
		left   time.Duration
	}{
		{0, true, long},
		{-time.Hour, true, long + time.Hour},
		{long - time.Second, true, time.Second},
		{long, false, 0},
		{24 * time.Hour, false, 0},
		{10 * year, false, 0},
		{-10 * year, true, p.BanMax}, // the clock was or is wrong: no ban is so long
	} {
		next := t.TempDir() // each start finds what the first has kept
		if err := os.CopyFS(next, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		g := Open(next, p, Options{Now: func() time.Time { return wall.Add(row.by) }})
		_, err := g.Admit(remote("203.0.113.7"))
		if banned := errors.Is(err, ErrBanned); banned != row.banned {
			t.Errorf("%v later: %v", row.by, err)
		}
		if b := g.Bans(); row.banned && (len(b) != 1 || b[0].Until.Sub(wall.Add(row.by)) != row.left) || !row.banned && len(b) != 0 {
			t.Errorf("%v later: %+v, want %v left", row.by, b, row.left)
		}
		if _, err := g.Admit(remote("198.51.100.1")); err != nil {
			t.Errorf("%v later, another address: %v", row.by, err)
		}
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	}
}
