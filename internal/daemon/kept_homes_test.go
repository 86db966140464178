package daemon

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/auth/password"
	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/auth/store/sqlite"
	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/vfs"
)

// S-23, V-02: whatever an account is called, its home is a folder of its own right below
// the base, that others cannot enter.
func TestHome(t *testing.T) {
	top := t.TempDir()
	base := filepath.Join(top, "homes")
	if err := prepareHomes(base); err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, name := range []string{"anna", "Anna", "...", "..x", "%s", "%2e%2e", "a:b", `"quoted"`, "con", "\xff\xfe", "a b", "~root", "$HOME", strings.Repeat("x", store.MaxName), strings.Repeat("Ä", 100)} {
		dir, err := home(base, name)
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		if other, twice := seen[strings.ToLower(dir)]; twice || filepath.Dir(dir) != base {
			t.Errorf("%q has the home %q, as %q", name, dir, other)
		}
		seen[strings.ToLower(dir)] = name
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
			t.Errorf("%q: %v, %v", name, info, err)
		}
		if again, err := home(base, name); err != nil || again != dir {
			t.Errorf("%q: again %q, %v", name, again, err)
		}
	}
	for _, name := range []string{"", ".", "..", "../x", "a/b", `a\b`, "a\x00b", "a\nb", " x"} {
		if dir, err := home(base, name); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%q has the home %q, %v", name, dir, err)
		}
	}
	if left, err := os.ReadDir(top); err != nil || len(left) != 1 {
		t.Errorf("beside the base: %v, %v", left, err)
	}
	if err := os.Symlink(top, filepath.Join(base, "linked")); err == nil {
		if dir, err := home(base, "linked"); err == nil {
			t.Errorf("a link is taken for a home: %s", dir)
		}
	}
}

// Kept accounts alone are enough for a start: no other account is made; each sees its home,
// and has no more sessions than it may (S-27).
func TestKeptAlone(t *testing.T) {
	hash, err := (password.Params{Memory: 8, Time: 1, Threads: 1}).Hash("x")
	if err != nil {
		t.Fatal(err)
	}
	ctx, state := t.Context(), t.TempDir()
	if list, err := listKept(ctx, state); len(list) > 0 || err != nil {
		t.Errorf("before there are any: %v, %v", list, err)
	}
	all, err := sqlite.Open(ctx, filepath.Join(state, keptFile))
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	err = errors.Join(
		all.PutGroup(ctx, store.Group{Name: "g", Settings: store.Settings{Sessions: new(1), ReadOnly: new(true)}}),
		all.Add(ctx, store.Account{Name: "anna", PasswordHash: hash, Group: "g"}),
		all.Add(ctx, store.Account{Name: "b\u202eob", PasswordHash: hash}),
	)
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{lasting: &lasting{state: state, procs: newProcs()}, config: config.Default(), log: newLogger(io.Discard, config.FormatText)}
	d.config.Homes = filepath.Join(t.TempDir(), "homes")
	if d.listed, err = listKept(ctx, state); err != nil || len(d.listed) != 2 || !d.listed[0].Storage.ReadOnly {
		t.Fatalf("%+v, %v", d.listed, err)
	}
	if got := d.keptNames(); got != `2 kept: anna, "b\u202eob"` {
		t.Errorf("the greeting says %s", got)
	}
	if got := d.someUser(); got != "anna" {
		t.Errorf("the recipes are for %s", got)
	}
	var fresh string
	if d.accounts, fresh, err = accounts(d.config, state, true); err != nil || len(d.accounts) > 0 || fresh != "" {
		t.Errorf("%v, %q, %v", d.accounts, fresh, err)
	}
	d.trees = newTrees(d.config, t.TempDir(), newFolders())
	t.Cleanup(func() { d.discard(nil) })
	if d.book, err = book(ctx, d.accounts, d.trees); err != nil || d.book != nil {
		t.Fatal(err)
	}
	if err := prepareHomes(d.config.Homes); err != nil {
		t.Fatal(err)
	}
	if _, err := d.login(ctx, auth.Credentials{User: "anna", Password: "x"}); !errors.Is(err, auth.ErrDenied) {
		t.Errorf("without a book: %v", err)
	}
	d.kept = d.newKept()
	login := func(name, shown string) (*auth.Grant, error) {
		return d.login(ctx, auth.Credentials{User: name, Password: shown})
	}
	first, err := login("anna", "x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(d.config.Homes, "anna")); err != nil {
		t.Errorf("no home was made: %v", err)
	}
	if _, err := login("anna", "x"); !errors.Is(err, auth.ErrBusy) {
		t.Errorf("one session too many: %v", err)
	}
	if _, err := login("anna", "wrong"); !errors.Is(err, auth.ErrDenied) {
		t.Errorf("who does not know the password is told of the limit: %v", err)
	}
	first.Release()
	again, err := login("anna", "x")
	if err != nil {
		t.Fatalf("after the first has gone: %v", err)
	}
	if p, _ := vfs.Clean("/d"); again.FS.Mkdir(context.Background(), p) == nil {
		t.Error("the group's settings do not count in a home")
	}
	if _, err := login("nobody", "x"); !errors.Is(err, auth.ErrDenied) {
		t.Errorf("nobody: %v", err)
	}
}
