package daemon

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/internal/control"
	"github.com/sealane/sealane/internal/trail"
)

// F-11: the trail is on a disk of its own that is full. The service goes on, a monitor
// sees it, what is lost is counted, and recorded when there is room again; the trail can be
// proven.
func TestF11TrailOnAFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("no disk can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	dir := filepath.Join(disk, "trail")
	l := startLive(t, func(c *config.Config) {
		c.Trail.Dir, c.Control.Socket = dir, filepath.Join(shortDir(t), "s")
	})
	server := control.NewClient(l.config.Control.Socket)
	defer server.Close()
	s := l.dial()
	state := func() control.Trail {
		stats, err := server.Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return stats.Trail
	}
	if !state().Healthy {
		t.Fatalf("%+v", state())
	}
	filler, err := os.Create(filepath.Join(disk, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 4096)
	for err == nil {
		_, err = filler.Write(block)
	}
	if err := filler.Close(); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	sent := 0
	for round := 0; state().Lost == 0; round++ {
		var done []control.Done
		for range 400 {
			done = append(done, control.Done{Action: control.AccountSet, Object: fmt.Sprint(sent), Detail: strings.Repeat("x", 400)})
			sent++
		}
		if _, err := server.Record(t.Context(), done); err != nil {
			t.Fatal(err)
		}
		if round%5 == 0 {
			if err := send(s, fmt.Sprintf("/%d", round), "the service goes on"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if now := state(); now.Healthy || now.Error == "" {
		t.Errorf("on a full disk: %+v", now)
	}
	// Another folder that is full is refused, and one that is not takes what waits.
	if line := l.reload(func(c *config.Config) { c.Trail.Dir = filepath.Join(disk, "other") }); !strings.Contains(line, "those before stay") {
		t.Error(line)
	}
	other := filepath.Join(t.TempDir(), "trail")
	if line := l.reload(func(c *config.Config) { c.Trail.Dir = other }); !strings.Contains(line, "settings read again") {
		t.Error(line)
	}
	for !state().Healthy {
		runtime.Gosched()
	}
	lost := state().Lost
	l.close()
	if err := os.Remove(filler.Name()); err != nil {
		t.Fatal(err)
	}
	there := 0
	for _, d := range []string{dir, other} {
		r, err := trail.Verify(t.Context(), d, trail.Expect{})
		if err != nil || len(r.Findings) > 0 {
			t.Errorf("%s: %+v, %v", d, r, err)
		}
		if d == other && r.Losses != lost {
			t.Errorf("%d are recorded as lost, %d were", r.Losses, lost)
		}
		for _, a := range admins(t, d) {
			if strings.Contains(a, "|"+control.AccountSet+"|") {
				there++
			}
		}
	}
	if missing := sent - there; missing <= 0 || int64(missing) > lost {
		t.Errorf("%d of %d are there, %d lost", there, sent, lost)
	}
}
