package osfs_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/osfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

// S-85: an upload in progress cannot be seen, guessed or touched, wherever it is
// kept.
func TestTempNames(t *testing.T) {
	for name, opts := range map[string][]osfs.Option{
		"hidden folder":     {osfs.Named()},
		"beside its target": {osfs.Named(), osfs.NoHidden()},
		"without any name":  nil,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			f := open(t, dir, opts...)
			a, err := f.Create(t.Context(), path(t, "/a"), vfs.Create{})
			if err != nil {
				t.Fatal(err)
			}
			defer a.Abort(nil)
			b, err := f.Create(t.Context(), path(t, "/a"), vfs.Create{})
			if err != nil {
				t.Fatal(err)
			}
			defer b.Abort(nil)
			temps := diskNames(t, dir)
			switch {
			case name == "beside its target" && (len(temps) != 2 || temps[0] == temps[1]),
				name == "hidden folder" && len(temps) != 1,
				name == "without any name" && runtime.GOOS == "linux" && len(temps) != 0:
				t.Fatalf("on the disk: %q", temps)
			}
			wantUnseen(t, f, temps)
			if err := errors.Join(a.Abort(nil), b.Abort(nil)); err != nil {
				t.Error(err)
			}
			for _, name := range diskNames(t, dir) {
				if strings.HasSuffix(name, ".part") {
					t.Errorf("left on the disk: %q", name)
				}
			}
			if _, err := os.Stat(filepath.Join(dir, ".sealane")); err == nil {
				if got := diskNames(t, filepath.Join(dir, ".sealane")); len(got) != 0 {
					t.Errorf("left in the hidden folder: %q", got)
				}
			}
		})
	}
}

// wantUnseen demands that no spelling of a hidden name leads anywhere.
func wantUnseen(t *testing.T, f vfs.FS, names []string) {
	t.Helper()
	if tree, err := vfstest.Tree(t.Context(), f); err != nil || len(tree) != 0 {
		t.Errorf("seen: %q, %v", tree, err)
	}
	put(t, f, path(t, "/spare"), vfs.Create{}, "")
	for _, name := range slices.Concat(names, []string{
		".sealane", ".SEALANE", ".SeaLane", ".\u017fealane", ".sealane/x", ".sealane/",
		".sealane-.part", ".SEALANE-X.PART", ".\u017fealane-x.part", ".sealane-x.part/x",
	}) {
		for method, err := range errorsOfAll(t, f, path(t, name)) {
			want := vfs.ErrNotExist
			switch method {
			case "Create", "Append", "Offset", "Mkdir", "Rename onto":
				want = vfs.ErrBadName
			}
			if !errors.Is(err, want) {
				t.Errorf("%s of %q: %v, want %v", method, name, err, want)
			}
		}
	}
	if err := f.Rename(t.Context(), path(t, "/spare"), path(t, "/.sealane-notes"), vfs.Rename{}); err != nil {
		t.Errorf("a name that only looks alike: %v", err)
	}
}
