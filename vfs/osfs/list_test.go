package osfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/vfs"
)

// Each field that is wanted is the one that Stat tells; what is not wanted costs
// nothing, and is as Stat tells it or empty.
func TestListFields(t *testing.T) {
	dir := t.TempDir()
	f := mustOpen(t, dir, noSync)
	must(t, put(t, f, "/file", vfs.Create{}, "12345"))
	must(t, f.Mkdir(t.Context(), mustPath(t, "/dir")))
	names := 2
	if hasModes {
		must(t, os.Symlink("file", filepath.Join(dir, "link")))
		must(t, os.Symlink("none", filepath.Join(dir, "dangling")))
		must(t, os.Symlink("dir", filepath.Join(dir, "dirlink")))
		names = 5
	}
	for want := range vfs.WantAll + 1 {
		seen := 0
		for e, err := range f.List(t.Context(), vfs.Path{}, want) {
			must(t, err)
			seen++
			full, err := f.Stat(t.Context(), mustPath(t, e.Name))
			must(t, err)
			if link := e.Name != "file" && e.Name != "dir"; full.Link != link {
				t.Errorf("Stat of %s: %+v", e.Name, full)
			}
			if !want.Has(vfs.WantKind|vfs.WantInfo) && e.Kind == 0 {
				full.Kind = 0
			}
			if want == 0 {
				full.Link = false
			}
			if !want.Has(vfs.WantInfo) {
				full.Size, full.ModTime, full.Mode, full.Owner = e.Size, e.ModTime, e.Mode, e.Owner
			}
			if !want.Has(vfs.WantCreated) {
				full.Created = e.Created
			}
			if !want.Has(vfs.WantUnique) {
				full.Unique = ""
			}
			if !want.Has(vfs.WantRights) {
				full.Rights = 0
			}
			if diff := cmp.Diff(full, e); diff != "" {
				t.Errorf("List with %05b of %s (-Stat +List):\n%s", want, e.Name, diff)
			}
		}
		if seen != names {
			t.Errorf("List with %05b has %d entries", want, seen)
		}
	}
}

// S-82: names alone, and their kinds, cost no call to the system each, and
// listing holds no more for a large directory than for a small one.
func TestListAllocations(t *testing.T) {
	const n = 2000
	dir := t.TempDir()
	for i := range n {
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("file-%04d", i)), nil, 0o644))
	}
	f := mustOpen(t, dir, noSync)
	for want, limit := range map[vfs.Fields]float64{vfs.WantKind: 1.1, vfs.WantInfo: 3.1, vfs.WantAll: 4.1} {
		got := testing.AllocsPerRun(3, func() {
			seen := 0
			for _, err := range f.List(t.Context(), vfs.Path{}, want) {
				if err != nil {
					t.Fatal(err)
				}
				seen++
			}
			if seen != n {
				t.Fatalf("%d entries", seen)
			}
		})
		if got/n > limit && runtime.GOOS == "linux" {
			t.Errorf("%05b: %.2f allocations an entry, want at most %.2f", want, got/n, limit)
		}
	}
}

// Rights say what the system would refuse, as far as that is cheap to know.
func TestRights(t *testing.T) {
	if superuser() {
		t.Skip("the superuser is refused nothing")
	}
	dir := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "closed", "sub"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "closed", "file"), nil, 0o644))
	must(t, os.Chmod(filepath.Join(dir, "closed"), 0o555))
	t.Cleanup(func() { os.Chmod(filepath.Join(dir, "closed"), 0o755) })
	f := mustOpen(t, dir, noSync)
	const within = vfs.MayCreate | vfs.MayMkdir | vfs.MayPurge
	for name, want := range map[string]vfs.Rights{
		"/closed":      vfs.DirWrite &^ within,
		"/closed/file": vfs.FileRead,
		"/closed/sub":  vfs.DirRead | within,
	} {
		e, err := f.Stat(t.Context(), mustPath(t, name))
		if err != nil || e.Rights != want {
			t.Errorf("%s: %016b, want %016b, %v", name, e.Rights, want, err)
		}
	}
	if err := put(t, f, "/closed/new", vfs.Create{}, ""); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Create: %v", err)
	}
}

// Space is that of the disk which a directory is on.
func TestSpace(t *testing.T) {
	f := mustOpen(t, t.TempDir(), noSync)
	s, err := f.Space(t.Context(), vfs.Path{})
	if err != nil || s.Free < 0 || s.Total < s.Free || s.Total == 0 {
		t.Errorf("Space = %+v, %v", s, err)
	}
	if _, err := f.Space(t.Context(), mustPath(t, "/none")); !errors.Is(err, vfs.ErrNotExist) {
		t.Errorf("Space of nothing: %v", err)
	}
}

// A view ends alone; its opener ends all.
func TestViews(t *testing.T) {
	f := mustOpen(t, t.TempDir(), noSync)
	v, err := f.For(Policy{Durability: vfs.DurableProcess})
	must(t, err)
	w, err := f.For(Policy{})
	must(t, err)
	if a, b := v.Caps().Durability, w.Caps().Durability; a != vfs.DurableProcess || b != vfs.DurableFull {
		t.Errorf("Durability %v, %v", a, b)
	}
	must(t, put(t, v, "/f", vfs.Create{}, "x"))
	must(t, v.Close())
	if err := put(t, v, "/f", vfs.Create{}, "x"); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("a closed view: %v", err)
	}
	must(t, put(t, w, "/f", vfs.Create{}, "y"))
	up, err := w.Create(t.Context(), mustPath(t, "/f"), vfs.Create{})
	must(t, err)
	must(t, f.Close())
	must(t, f.Close())
	if err := put(t, w, "/f", vfs.Create{}, "x"); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("a view of a closed folder: %v", err)
	}
	if _, err := up.Commit(t.Context()); err != nil {
		t.Errorf("an upload that had begun: %v", err)
	}
	if _, err := Open(t.TempDir(), With(Policy{Durability: 77})); err == nil {
		t.Error("a durability that is not there: no error")
	}
}
