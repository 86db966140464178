//go:build unix

package osfs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/sealane/sealane/vfs"
)

// D-01, F-24: Open removes what a killed server has left, and leaves alone what
// another server is working with, which holds a lock.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	hidden := filepath.Join(dir, hiddenName)
	must(t, os.Mkdir(hidden, 0o700))
	stray, held := filepath.Join(hidden, tempName()), filepath.Join(hidden, tempName())
	for _, name := range []string{stray, held} {
		must(t, os.WriteFile(name, []byte("x"), 0o600))
	}
	other, err := os.Open(held)
	must(t, err)
	must(t, syscall.Flock(int(other.Fd()), syscall.LOCK_EX))
	mustOpen(t, dir, noSync)
	if got := onDisk(t, hidden); len(got) != 1 || got[0] != filepath.Base(held) {
		t.Errorf("left: %q", got)
	}
	must(t, other.Close()) // its server was killed
	mustOpen(t, dir, noSync)
	if got := onDisk(t, hidden); len(got) != 0 {
		t.Errorf("left: %q", got)
	}
}

// F-24: a second server that opens the folder harms no upload of the first.
func TestSweepSecondServer(t *testing.T) {
	for name, opts := range map[string][]Option{"nameless": {noSync}, "named": {noSync, Named()}} {
		dir := t.TempDir()
		first := mustOpen(t, dir, opts...)
		must(t, breakOff(t, first, "/cut", vfs.Create{}, "broken"))
		fresh, err := first.Create(t.Context(), mustPath(t, "/f"), vfs.Create{})
		must(t, err)
		mended, err := first.Create(t.Context(), mustPath(t, "/cut"), vfs.Create{Offset: 6})
		must(t, err)
		fmt.Fprint(fresh, "fresh")
		fmt.Fprint(mended, " mended")

		second := mustOpen(t, dir, opts...)
		if n := unfinishedSize(t, second, "/cut"); n != -1 {
			t.Errorf("%s: the second server finds %d bytes of what the first continues", name, n)
		}
		for _, up := range []vfs.Upload{fresh, mended} {
			if _, err := up.Commit(t.Context()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if a, b := readFile(t, filepath.Join(dir, "f")), readFile(t, filepath.Join(dir, "cut")); a != "fresh" || b != "broken mended" {
			t.Errorf("%s: %q, %q", name, a, b)
		}
		must(t, breakOff(t, first, "/later", vfs.Create{}, "123"))
		if n := unfinishedSize(t, second, "/later"); n != 3 {
			t.Errorf("%s: the second server finds %d bytes of what the first kept", name, n)
		}
	}
}

// S-77, F-24: of two appends by two servers to one file, neither is lost in
// silence.
func TestAppendsOfTwoServers(t *testing.T) {
	dir := t.TempDir()
	first, second := mustOpen(t, dir, noSync), mustOpen(t, dir, noSync)
	must(t, put(t, first, "/f", vfs.Create{}, "one"))
	a, err := first.Create(t.Context(), mustPath(t, "/f"), vfs.Create{Append: true})
	must(t, err)
	must(t, put(t, second, "/f", vfs.Create{Append: true}, ", two"))
	if _, err := a.Commit(t.Context()); !errors.Is(err, vfs.ErrConflict) {
		t.Errorf("Commit: %v", err)
	}
	if got := readFile(t, filepath.Join(dir, "f")); got != "one, two" {
		t.Errorf("the file is %q", got)
	}
}

// A server that was killed while an upload was continued leaves what the client
// knew of; what came since may not have reached the disk.
func TestSweepTaken(t *testing.T) {
	dir := t.TempDir()
	f := mustOpen(t, dir, noSync)
	must(t, breakOff(t, f, "/cut", vfs.Create{}, "broken off"))
	up, err := f.Create(t.Context(), mustPath(t, "/cut"), vfs.Create{Offset: 6})
	must(t, err)
	fmt.Fprint(up, " and killed")
	killed := up.(*upload) // the kernel closes what it had open
	must(t, killed.file.Close())
	killed.end()

	f = mustOpen(t, dir, noSync)
	if n := unfinishedSize(t, f, "/cut"); n != 6 {
		t.Errorf("%d bytes are kept", n)
	}
	must(t, put(t, f, "/cut", vfs.Create{Offset: 6}, ", mended"))
	if got := readFile(t, filepath.Join(dir, "cut")); got != "broken, mended" {
		t.Errorf("the file is %q", got)
	}
}

// Where uploads have their names in the directory itself, what a killed server
// left there does not keep the directory from being removed.
func TestRmdirWithStray(t *testing.T) {
	dir := t.TempDir()
	f := mustOpen(t, dir, noSync, Named(), NoHidden())
	must(t, os.Mkdir(filepath.Join(dir, "d"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "d", tempName()), nil, 0o600))
	up, err := f.Create(t.Context(), mustPath(t, "/d/f"), vfs.Create{})
	must(t, err)
	if err := f.Rmdir(t.Context(), mustPath(t, "/d")); !errors.Is(err, vfs.ErrNotEmpty) {
		t.Errorf("with an upload in progress: %v", err)
	}
	must(t, up.Abort(nil))
	must(t, f.Rmdir(t.Context(), mustPath(t, "/d")))
}

// A hidden folder that is not ours, or no folder, is not used, and Method says so.
func TestHiddenTaken(t *testing.T) {
	for name, make := range map[string]func(string) error{
		"file":     func(name string) error { return os.WriteFile(name, []byte("mine"), 0o644) },
		"link":     func(name string) error { return os.Symlink("..", name) },
		"dangling": func(name string) error { return os.Symlink("none", name) },
	} {
		dir := t.TempDir()
		must(t, make(filepath.Join(dir, hiddenName)))
		f := mustOpen(t, dir, noSync)
		if f.Caps().Resume || f.folder.method.String() == findMethod(f.folder.top).String() {
			t.Errorf("%s: Resume %v, %s", name, f.Caps().Resume, f.Method())
		}
		must(t, put(t, f, "/f", vfs.Create{}, "one"))
		must(t, put(t, f, "/f", vfs.Create{}, "two"))
		must(t, breakOff(t, f, "/g", vfs.Create{}, "x"))
		if got := onDisk(t, dir); len(got) != 2 || readFile(t, filepath.Join(dir, "f")) != "two" {
			t.Errorf("%s: on the disk: %q", name, got)
		}
	}
}

// Somebody who removes the hidden folder takes what is in it, and no more.
func TestHiddenRemoved(t *testing.T) {
	dir := t.TempDir()
	f := mustOpen(t, dir, noSync)
	must(t, breakOff(t, f, "/cut", vfs.Create{}, "x"))
	must(t, os.RemoveAll(filepath.Join(dir, hiddenName)))
	if n := unfinishedSize(t, f, "/cut"); n != -1 {
		t.Errorf("%d bytes", n)
	}
	must(t, put(t, f, "/f", vfs.Create{}, "one"))
	must(t, put(t, f, "/f", vfs.Create{}, "two"))
	must(t, breakOff(t, f, "/cut", vfs.Create{}, "xy"))
	if n := unfinishedSize(t, f, "/cut"); n != 2 {
		t.Errorf("%d bytes", n)
	}
}

// The hidden folder is closed to other users, whoever made it.
func TestHiddenPrivate(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, hiddenName), 0o755))
	must(t, os.Chmod(filepath.Join(dir, hiddenName), 0o777))
	f := mustOpen(t, dir, noSync)
	if info, err := os.Stat(filepath.Join(dir, hiddenName)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	foreign := *f.folder.top
	foreign.self.owner.UID++
	if err := foreign.private(); !errors.Is(err, errForeign) {
		t.Errorf("of another user: %v", err)
	}
}

// F-24: another server that sweeps between the making of a name and its lock wins;
// the upload says so at once rather than at its end.
func TestSweptTooSoon(t *testing.T) {
	dir := t.TempDir()
	for _, lock := range []func(f *os.File) error{
		func(*os.File) error { return errLocked },
		func(f *os.File) error { return os.Remove(filepath.Join(dir, hiddenName, f.Name())) },
	} {
		f := mustOpen(t, dir, noSync, Named(), func(s *settings) { s.calls.lock = lock })
		if err := put(t, f, "/f", vfs.Create{}, "x"); !errors.Is(err, errLocked) {
			t.Errorf("put: %v", err)
		}
		if got := onDisk(t, filepath.Join(dir, hiddenName)); len(got) != 0 {
			t.Errorf("left: %q", got)
		}
	}
}
