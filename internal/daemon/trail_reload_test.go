package daemon

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/internal/control"
	"github.com/sealane/sealane/internal/trail"
)

// verifyTrail proves a trail and gives what its transfers name.
func verifyTrail(t *testing.T, dir string) (paths []string) {
	t.Helper()
	r, err := trail.Verify(t.Context(), dir, trail.Expect{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Findings) > 0 || r.Losses > 0 {
		t.Errorf("%s: %+v", dir, r)
	}
	files, err := trail.Files(dir)
	if err == nil {
		_, err = trail.Scan(t.Context(), files, func(l trail.Line, _ []byte) error {
			if l.Event.Kind == "transfer" && l.Event.Verb == "STOR" {
				paths = append(paths, l.Event.Path)
			}
			return nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// A reload takes all of [trail]: another folder, none, and back. A session that was there
// before goes on being recorded, in the trail of the moment; nothing is lost, and nothing
// is there twice.
func TestReloadTrail(t *testing.T) {
	top := t.TempDir()
	one, two := filepath.Join(top, "one"), filepath.Join(top, "two")
	l := startLive(t, func(c *config.Config) { c.Trail.Dir = one })
	s := l.dial()
	put := func(name string) {
		t.Helper()
		if err := send(s, "/"+name, name); err != nil {
			t.Fatal(err)
		}
		if _, err := fetch(s, "/none"); err == nil { // by its answer the transfer is recorded
			t.Fatal("a file that is not there")
		}
	}
	reload := func(change func(*config.Config)) {
		t.Helper()
		if line := l.reload(change); !strings.Contains(line, "settings read again") {
			t.Fatal(line)
		}
	}
	put("a")
	reload(func(c *config.Config) { c.Trail.Dir, c.Trail.Every = two, 3 })
	put("b")
	reload(func(c *config.Config) { c.Trail.File = false })
	put("c")
	reload(func(c *config.Config) { c.Trail.File, c.Trail.Dir = true, one })
	put("d")
	l.close()
	for dir, want := range map[string][]string{one: {"/a", "/d"}, two: {"/b"}} {
		if got := verifyTrail(t, dir); !slices.Equal(got, want) {
			t.Errorf("%s has %q, not %q", dir, got, want)
		}
	}
}

// A trail that cannot be opened refuses the whole reload, before anything changes.
func TestReloadTrailRefused(t *testing.T) {
	l := startLive(t, nil)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	line := l.reload(func(c *config.Config) {
		c.Trail.Dir = filepath.Join(file, "trail")
		c.Accounts = append(c.Accounts, config.Account{Name: "bert", PasswordHash: c.Accounts[0].PasswordHash})
	})
	if !strings.Contains(line, "those before stay") || !strings.Contains(line, "hint=\"make the folder writable") {
		t.Error(line)
	}
	if _, err := l.dialAs("bert"); err == nil {
		t.Error("another setting of the reload counts")
	}
	if err := send(l.dial(), "/a", "a"); err != nil {
		t.Error(err)
	}
	l.close()
	verifyTrail(t, filepath.Join(l.state, trailFolder))
	got := admins(t, filepath.Join(l.state, trailFolder))
	if len(got) != 1 || !strings.HasPrefix(got[0], "signal|reload|||failed|cannot write the trail") {
		t.Errorf("%q", got)
	}
}

// What an administrator does over the socket is recorded with the user that the system says
// he is, and what a program has done to accounts, too; the counts are for a monitor.
func TestControlIsRecorded(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not say who is at the other end")
	}
	l := startLive(t, func(c *config.Config) { c.Control.Socket = filepath.Join(shortDir(t), "s") })
	server := control.NewClient(l.config.Control.Socket)
	defer server.Close()
	ctx := t.Context()
	l.dial()
	list, err := server.Sessions(ctx)
	if err != nil || len(list.Sessions) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := server.Kick(ctx, list.Sessions[0].ID); err != nil {
		t.Fatal(err)
	}
	done := []control.Done{{Action: control.AccountAdd, Object: "bert", Detail: "read-only=true"}}
	if ok, err := server.Record(ctx, done); err != nil || !ok {
		t.Fatal(ok, err)
	}
	stats, err := server.Stats(ctx)
	if err != nil || !stats.Trail.On || !stats.Trail.Healthy || stats.Trail.Lines == 0 || stats.Trail.Lost != 0 {
		t.Errorf("%+v, %v", stats, err)
	}
	if err := server.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	l.close()
	actor := control.Actor(os.Getuid())
	var got []string
	for _, line := range admins(t, filepath.Join(l.state, trailFolder)) {
		rest, mine := strings.CutPrefix(line, actor+"|")
		if !mine {
			t.Errorf("%q is not by %s", line, actor)
		}
		got = append(got, rest)
	}
	want := []string{"kick|" + list.Sessions[0].ID + "||ok|", "account-add|bert|read-only=true|ok|", "reload|||ok|"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}

// shortDir is short: the paths of sockets are.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ctl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
