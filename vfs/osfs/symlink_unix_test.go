//go:build unix

package osfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/sealane/sealane/vfs"
)

// S-71: a link is made relative, leads to its target also where the way to it goes
// through another link, and can lead neither out nor into the hidden folder.
func TestSymlink(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	f := mustOpen(t, dir, noSync)
	must(t, os.MkdirAll(filepath.Join(dir, "a", "b"), 0o755))
	must(t, os.Symlink("a/b", filepath.Join(dir, "short")))
	must(t, put(t, f, "/a/file", vfs.Create{}, "12345"))
	for _, test := range []struct{ target, link, text string }{
		{"/a/file", "/one", "a/file"},
		{"/a/file", "/a/two", "file"},
		{"/a/file", "/a/b/three", "../file"},
		{"/a/file", "/short/four", "../file"},
		{"/a", "/a/b/five", "../."},
		{"/", "/a/b/six", "../../."},
		{"/none", "/seven", "none"},
		{"/a/b", "/a/b/eight", "."},
	} {
		p := mustPath(t, test.link)
		must(t, f.Symlink(ctx, mustPath(t, test.target), p))
		real, err := filepath.EvalSymlinks(filepath.Dir(filepath.Join(dir, test.link)))
		must(t, err)
		if got, err := os.Readlink(filepath.Join(real, p.Base())); err != nil || got != test.text {
			t.Errorf("%s -> %s: the link says %q, want %q, %v", test.link, test.target, got, test.text, err)
		}
		want, werr := f.Stat(ctx, mustPath(t, test.target))
		got, err := f.Stat(ctx, p)
		if werr == nil && (err != nil || got.Unique != want.Unique || got.Size != want.Size) {
			t.Errorf("%s leads to %+v, %v", test.link, got, err)
		}
	}
	for _, test := range []struct {
		target, link string
		want         error
	}{
		{"/a/file", "/one", vfs.ErrExist},
		{"/a/file", "/a", vfs.ErrExist},
		{"/a/file", "/", vfs.ErrExist},
		{"/a/file", "/none/x", vfs.ErrNotExist},
		{"/a/file", "/a/file/x", vfs.ErrNotDir},
		{"/.sealane", "/x", vfs.ErrBadName},
		{"/.SeaLane/x", "/x", vfs.ErrBadName},
		{"/a/file", "/.sealane", vfs.ErrBadName},
	} {
		if err := f.Symlink(ctx, mustPath(t, test.target), mustPath(t, test.link)); !errors.Is(err, test.want) {
			t.Errorf("%s -> %s: %v, want %v", test.link, test.target, err, test.want)
		}
	}
}

// S-85: not even a link that a local process has planted leads into the hidden
// folder.
func TestLinkToHidden(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	f := mustOpen(t, dir, noSync)
	must(t, breakOff(t, f, "/cut", vfs.Create{}, "x"))
	must(t, os.Symlink(hiddenName, filepath.Join(dir, "planted")))
	must(t, os.Mkdir(filepath.Join(dir, "d"), 0o755))
	must(t, os.Symlink("../"+hiddenName, filepath.Join(dir, "d", "planted")))
	kept := f.rules.keptName(mustPath(t, "/cut"))
	must(t, os.Symlink(filepath.Join(hiddenName, kept), filepath.Join(dir, "file")))
	p := mustPath(t, "/file")
	if e, err := f.Stat(ctx, p); err != nil || e.Kind != vfs.KindOther || e.Size != 0 {
		t.Errorf("Stat of a link to a kept upload = %+v, %v", e, err)
	}
	for method, err := range map[string]error{
		"Open":    func() error { _, err := f.Open(ctx, p); return err }(),
		"SetAttr": f.SetAttr(ctx, p, vfs.Attr{Mode: new(fs.FileMode(0o666))}),
		"Append":  put(t, f, "/file", vfs.Create{Append: true}, "y"),
	} {
		if !errors.Is(err, vfs.ErrNotRegular) {
			t.Errorf("%s of a link to a kept upload: %v", method, err)
		}
	}
	for _, name := range []string{"/planted", "/d/planted"} {
		for _, err := range f.List(ctx, mustPath(t, name), 0) {
			if !errors.Is(err, vfs.ErrNotExist) {
				t.Errorf("List of %s: %v", name, err)
			}
		}
		p := mustPath(t, name+"/"+kept)
		if _, err := f.Stat(ctx, p); !errors.Is(err, vfs.ErrNotExist) {
			t.Errorf("Stat below %s: %v", name, err)
		}
		if err := f.Remove(ctx, p); !errors.Is(err, vfs.ErrNotExist) {
			t.Errorf("Remove below %s: %v", name, err)
		}
		if _, err := f.Open(ctx, p); !errors.Is(err, vfs.ErrNotExist) {
			t.Errorf("Open below %s: %v", name, err)
		}
	}
}
