package osfs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/vfs"
)

// noSync is for tests that are not about syncs.
var noSync = traced(&tracer{})

func unfinishedSize(t *testing.T, f *FS, name string) int64 {
	t.Helper()
	e, err := f.Unfinished(t.Context(), mustPath(t, name))
	if errors.Is(err, vfs.ErrNotExist) {
		return -1
	}
	must(t, err)
	return e.Size
}

// An upload that broke off is there after a restart: for its owner, under its
// path, and for nobody else; no listing shows it.
func TestUnfinishedRestart(t *testing.T) {
	for name, opts := range map[string][]Option{"nameless": {noSync}, "named": {noSync, Named()}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			ann := func(o *settings) { o.policy.Owner = "ann" }
			f, err := Open(dir, append(opts, ann)...)
			must(t, err)
			must(t, f.Mkdir(t.Context(), mustPath(t, "/d")))
			must(t, breakOff(t, f, "/d/f", vfs.Create{}, "0123456789"))
			must(t, f.Close())

			f = mustOpen(t, dir, append(opts, ann)...)
			e, err := f.Unfinished(t.Context(), mustPath(t, "/d/f"))
			if err != nil || e.Name != "f" || e.Size != 10 || time.Since(e.ModTime).Abs() > time.Hour || e.Rights&vfs.MayAppend == 0 {
				t.Errorf("Unfinished = %+v, %v", e, err)
			}
			bob, err := f.For(Policy{Owner: "bob"})
			must(t, err)
			if n := unfinishedSize(t, bob, "/d/f"); n != -1 {
				t.Errorf("another owner finds %d bytes", n)
			}
			if err := put(t, bob, "/d/f", vfs.Create{Offset: 4}, "x"); !errors.Is(err, vfs.ErrOffset) {
				t.Errorf("another owner continues it: %v", err)
			}
			if n := unfinishedSize(t, f, "/f"); n != -1 {
				t.Errorf("under another path: %d bytes", n)
			}
			for e, err := range f.List(t.Context(), mustPath(t, "/"), vfs.WantAll) {
				if err != nil || e.Name != "d" {
					t.Errorf("List has %+v, %v", e, err)
				}
			}
			if err := put(t, f, "/d/f", vfs.Create{Offset: 11}, ""); !errors.Is(err, vfs.ErrOffset) {
				t.Errorf("beyond its end: %v", err)
			}
			must(t, put(t, f, "/d/f", vfs.Create{Offset: 4}, "rest"))
			if got := readFile(t, filepath.Join(dir, "d", "f")); got != "0123rest" {
				t.Errorf("the file is %q", got)
			}
			if n := unfinishedSize(t, f, "/d/f"); n != -1 {
				t.Errorf("still %d bytes", n)
			}
			if names := onDisk(t, filepath.Join(dir, hiddenName)); len(names) != 0 {
				t.Errorf("left: %q", names)
			}
			if info, err := os.Stat(filepath.Join(dir, "d", "f")); err != nil || hasModes && info.Mode() != 0o644 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
		})
	}
}

// What is kept is the newer one: Offset means it, also with an older file there,
// and Append does not guess.
func TestUnfinishedOverOld(t *testing.T) {
	dir := t.TempDir()
	f := mustOpen(t, dir, noSync)
	must(t, put(t, f, "/f", vfs.Create{}, "old old old"))
	must(t, breakOff(t, f, "/f", vfs.Create{}, "newer"))
	if err := put(t, f, "/f", vfs.Create{Append: true}, "x"); !errors.Is(err, vfs.ErrUnfinished) {
		t.Errorf("Append: %v", err)
	}
	must(t, breakOff(t, f, "/f", vfs.Create{Offset: 5}, " and"))
	must(t, put(t, f, "/f", vfs.Create{Offset: 9}, " newest"))
	if got := readFile(t, filepath.Join(dir, "f")); got != "newer and newest" {
		t.Errorf("the file is %q", got)
	}
	// What builds on the committed file is not kept: that is there to go on with.
	must(t, breakOff(t, f, "/f", vfs.Create{Offset: 5}, "lost"))
	must(t, breakOff(t, f, "/f", vfs.Create{Append: true}, "lost"))
	if n := unfinishedSize(t, f, "/f"); n != -1 {
		t.Errorf("kept %d bytes that built on a file", n)
	}
	must(t, breakOff(t, f, "/new", vfs.Create{}, "one"))
	must(t, put(t, f, "/new", vfs.Create{Append: true}, ", two"))
	if got := readFile(t, filepath.Join(dir, "new")); got != "one, two" {
		t.Errorf("Append to nothing but an unfinished upload: %q", got)
	}
}

// A new start, a commit and Remove forget it, and so does an Abort for any other
// reason.
func TestUnfinishedForgotten(t *testing.T) {
	for name, do := range map[string]func(f *FS) error{
		"new start": func(f *FS) error {
			up, err := f.Create(t.Context(), mustPath(t, "/f"), vfs.Create{})
			if err != nil {
				return err
			}
			defer up.Abort(nil)
			if n := unfinishedSize(t, f, "/f"); n != -1 {
				t.Errorf("after Create: %d bytes", n)
			}
			return nil
		},
		"commit":   func(f *FS) error { return put(t, f, "/f", vfs.Create{}, "whole") },
		"remove":   func(f *FS) error { return f.Remove(t.Context(), mustPath(t, "/f")) },
		"given up": func(f *FS) error { return abortWith(t, f, errors.New("quota")) },
		"no cause": func(f *FS) error { return abortWith(t, f, nil) },
		"second time": func(f *FS) error {
			must(t, f.Remove(t.Context(), mustPath(t, "/f")))
			if err := f.Remove(t.Context(), mustPath(t, "/f")); !errors.Is(err, vfs.ErrNotExist) {
				t.Errorf("second Remove: %v", err)
			}
			return nil
		},
	} {
		dir := t.TempDir()
		f := mustOpen(t, dir, noSync)
		must(t, breakOff(t, f, "/f", vfs.Create{}, "broken"))
		if err := do(f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if names := onDisk(t, filepath.Join(dir, hiddenName)); len(names) != 0 {
			t.Errorf("%s: left %q", name, names)
		}
	}
}

func abortWith(t *testing.T, f *FS, cause error) error {
	up, err := f.Create(t.Context(), mustPath(t, "/f"), vfs.Create{Offset: 3})
	if err != nil {
		return err
	}
	return up.Abort(cause)
}

// Of two sessions that continue one upload, one has it, and the other finds
// nothing: its only way is a fresh start. Both are whole.
func TestUnfinishedTwoSessions(t *testing.T) {
	dir := t.TempDir()
	f := mustOpen(t, dir, noSync)
	must(t, breakOff(t, f, "/f", vfs.Create{}, "broken"))
	a, err := f.Create(t.Context(), mustPath(t, "/f"), vfs.Create{Append: true})
	must(t, err)
	if n := a.Offset(); n != 6 {
		t.Errorf("Offset = %d", n)
	}
	if n := unfinishedSize(t, f, "/f"); n != -1 {
		t.Errorf("while it is continued: %d bytes", n)
	}
	if err := put(t, f, "/f", vfs.Create{Offset: 6}, "x"); !errors.Is(err, vfs.ErrOffset) {
		t.Errorf("second session: %v", err)
	}
	b, err := f.Create(t.Context(), mustPath(t, "/f"), vfs.Create{})
	must(t, err)
	fmt.Fprint(b, "fresh")
	must(t, b.Abort(fmt.Errorf("lost: %w", vfs.ErrInterrupted)))
	fmt.Fprint(a, " mended")
	if _, err := a.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	if got := readFile(t, filepath.Join(dir, "f")); got != "broken mended" {
		t.Errorf("the file is %q", got)
	}
}

// The bytes that are kept are bounded for each owner: the oldest go first, what is
// larger than all is not kept, and what is in progress does not count.
func TestUnfinishedBytes(t *testing.T) {
	dir := t.TempDir()
	f := mustOpen(t, dir, noSync, With(Policy{Owner: "ann", KeepBytes: 10}))
	bob, err := f.For(Policy{Owner: "bob", KeepBytes: 10})
	must(t, err)
	must(t, breakOff(t, bob, "/of-bob", vfs.Create{}, strings.Repeat("b", 10)))
	progress, err := f.Create(t.Context(), mustPath(t, "/progress"), vfs.Create{})
	must(t, err)
	fmt.Fprint(progress, strings.Repeat("x", 100))
	old := time.Now().Add(-time.Hour)
	for i, name := range []string{"/a", "/b", "/c"} {
		must(t, breakOff(t, f, name, vfs.Create{}, "1234"))
		at := old.Add(time.Duration(i) * time.Minute)
		// The third is in its place already, and pushes the first out.
		if kept := filepath.Join(dir, hiddenName, f.rules.keptName(mustPath(t, name))); name != "/c" {
			must(t, os.Chtimes(kept, at, at))
		}
	}
	for name, want := range map[string]int64{"/a": -1, "/b": 4, "/c": 4} {
		if n := unfinishedSize(t, f, name); n != want {
			t.Errorf("%s: %d, want %d", name, n, want)
		}
	}
	must(t, breakOff(t, f, "/large", vfs.Create{}, strings.Repeat("l", 11)))
	if n := unfinishedSize(t, f, "/large"); n != -1 {
		t.Errorf("one of 11 bytes was kept: %d", n)
	}
	for name, want := range map[string]int64{"/b": 4, "/c": 4} {
		if n := unfinishedSize(t, f, name); n != want {
			t.Errorf("after one that is too large, %s: %d, want %d", name, n, want)
		}
	}
	must(t, progress.Abort(vfs.ErrInterrupted))
	if n := unfinishedSize(t, bob, "/of-bob"); n != 10 {
		t.Errorf("the other owner has %d", n)
	}
	none, err := f.For(Policy{Owner: "eve", KeepBytes: -1})
	must(t, err)
	must(t, breakOff(t, none, "/f", vfs.Create{}, "x"))
	if none.Caps().Resume || unfinishedSize(t, none, "/f") != -1 {
		t.Error("kept for an owner who may keep nothing")
	}
}

// A sweep at Open knows no account yet, and drops nothing for its size; the next one
// does.
func TestUnfinishedBytesAtOpen(t *testing.T) {
	dir := t.TempDir()
	f := mustOpen(t, dir, noSync, With(Policy{Owner: "ann", KeepBytes: 2 * DefaultKeepBytes}))
	must(t, breakOff(t, f, "/f", vfs.Create{}, "x"))
	kept := filepath.Join(dir, hiddenName, f.rules.keptName(mustPath(t, "/f")))
	if err := os.Truncate(kept, DefaultKeepBytes+1); err != nil {
		t.Skipf("this disk does not hold a sparse file of that size: %v", err)
	}
	must(t, f.Close())
	f = mustOpen(t, dir, noSync)
	ann, err := f.For(Policy{Owner: "ann", KeepBytes: 2 * DefaultKeepBytes})
	must(t, err)
	f.folder.sweep()
	if n := unfinishedSize(t, ann, "/f"); n != DefaultKeepBytes+1 {
		t.Errorf("%d bytes are kept", n)
	}
	ann, err = f.For(Policy{Owner: "ann"})
	must(t, err)
	f.folder.sweep()
	if n := unfinishedSize(t, ann, "/f"); n != -1 {
		t.Errorf("with a lower bound %d bytes are kept", n)
	}
}

// The number is bounded too, since empty ones take no bytes.
func TestUnfinishedNumber(t *testing.T) {
	dir := t.TempDir()
	f := mustOpen(t, dir, noSync)
	must(t, breakOff(t, f, "/first", vfs.Create{}, ""))
	hidden := filepath.Join(dir, hiddenName)
	for i := range maxKept + 5 {
		name := f.rules.keptName(mustPath(t, fmt.Sprint("/", i)))
		must(t, os.WriteFile(filepath.Join(hidden, name), nil, 0o600))
	}
	must(t, breakOff(t, f, "/last", vfs.Create{}, ""))
	if names := onDisk(t, hidden); len(names) != maxKept {
		t.Errorf("%d are kept", len(names))
	}
}

// What is too old is not found, and goes with the next sweep: at Open, or while
// the folder is open.
func TestUnfinishedAge(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	clock := func(s *settings) { s.now = func() time.Time { return now } }
	f := mustOpen(t, dir, noSync, clock, KeepFor(time.Hour))
	must(t, breakOff(t, f, "/f", vfs.Create{}, "x"))
	now = now.Add(59 * time.Minute)
	f.folder.sweep()
	if n := unfinishedSize(t, f, "/f"); n != 1 {
		t.Errorf("after 59 minutes: %d", n)
	}
	now = now.Add(2 * time.Minute)
	if n := unfinishedSize(t, f, "/f"); n != -1 {
		t.Errorf("after 61 minutes: %d", n)
	}
	f.folder.sweepLater()
	if names := onDisk(t, filepath.Join(dir, hiddenName)); len(names) != 0 {
		t.Errorf("left: %q", names)
	}
	now = time.Now()
	must(t, breakOff(t, f, "/g", vfs.Create{}, "x"))
	now = now.Add(2 * time.Hour)
	mustOpen(t, dir, noSync, clock, KeepFor(time.Hour))
	if names := onDisk(t, filepath.Join(dir, hiddenName)); len(names) != 0 {
		t.Errorf("left after Open: %q", names)
	}
}
