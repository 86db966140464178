package osfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sealane/sealane/vfs"
)

// exercise uploads in every way, and demands that all is well and nothing left.
// It reports whether an upload that broke off was kept.
func exercise(t *testing.T, f *FS, dir string) (kept bool) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Join(dir, "d"), 0o755))
	must(t, put(t, f, "/d/f", vfs.Create{}, "one"))
	must(t, put(t, f, "/d/f", vfs.Create{}, "two"))
	must(t, put(t, f, "/d/f", vfs.Create{Append: true}, ", three"))
	must(t, put(t, f, "/d/f", vfs.Create{Offset: 4}, " four"))
	if got := readFile(t, filepath.Join(dir, "d", "f")); got != "two, four" {
		t.Errorf("the file is %q", got)
	}
	if err := put(t, f, "/d/f", vfs.Create{Exclusive: true}, "x"); !errors.Is(err, vfs.ErrExist) {
		t.Errorf("Exclusive: %v", err)
	}
	must(t, put(t, f, "/d/only", vfs.Create{Exclusive: true}, "only"))
	must(t, breakOff(t, f, "/d/cut", vfs.Create{}, "broken"))
	if kept = unfinishedSize(t, f, "/d/cut") == 6; kept {
		must(t, put(t, f, "/d/cut", vfs.Create{Append: true}, ", mended"))
		must(t, f.Remove(t.Context(), mustPath(t, "/d/cut")))
	}
	for _, name := range []string{"/d/f", "/d/only"} {
		must(t, f.Remove(t.Context(), mustPath(t, name)))
	}
	for _, d := range []string{filepath.Join(dir, "d"), filepath.Join(dir, hiddenName)} {
		if names := onDisk(t, d); len(names) != 0 {
			t.Errorf("left in %s: %q", d, names)
		}
	}
	return kept
}

// D-06: what the disk cannot do is done in another way, which Open finds out and
// Method tells.
func TestFallbacks(t *testing.T) {
	lacking := func(change func(*method)) Option {
		return func(s *settings) {
			s.method = func(top *dir) method {
				m := findMethod(top)
				change(&m)
				return m
			}
		}
	}
	for name, test := range map[string]struct {
		opts []Option
		says string
		kept bool
	}{
		"as it is":       {nil, "", true},
		"no O_TMPFILE":   {[]Option{Named()}, "named temporary file + rename", true},
		"no reflink":     {[]Option{noReflink}, "no reflink", true},
		"false reflink":  {[]Option{lacking(func(m *method) { m.reflink = true })}, ", reflink", true},
		"nothing hidden": {[]Option{NoHidden()}, "unusable .sealane", false},
		"no O_TMPFILE in a folder mounted below": {[]Option{func(s *settings) {
			s.calls.tmpfile = func(*dir) (*os.File, error) { return nil, errors.ErrUnsupported }
		}}, "", true},
		"no renameat2": {[]Option{Named(), func(s *settings) { s.calls.renameNew = linkAndUnlink }}, "", true},
		"no hard links": {[]Option{Named(), func(s *settings) {
			s.calls.renameNew = func(*dir, string, *dir, string) error { return syscall.EPERM }
		}}, "", true},
		"no locks": {[]Option{Named(), func(s *settings) {
			s.calls.lock = func(*os.File) error { return syscall.ENOLCK }
		}}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			f := mustOpen(t, dir, append([]Option{noSync}, test.opts...)...)
			if !strings.Contains(f.Method(), test.says) {
				t.Errorf("Method = %q", f.Method())
			}
			if kept := exercise(t, f, dir); kept != test.kept {
				t.Errorf("an upload that broke off was kept: %v, want %v", kept, test.kept)
			}
		})
	}
}

// Without /proc a descriptor is linked by itself, which takes a privilege.
func TestLinkWithoutProc(t *testing.T) {
	dir := t.TempDir()
	f := mustOpen(t, dir, noSync)
	file, err := f.folder.top.tmpfile()
	if err != nil {
		t.Skip("no O_TMPFILE here")
	}
	defer file.Close()
	err = linkFile(file, linkEmptyPath, f.folder.top, "x")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("this process may not")
	}
	must(t, err)
	f.folder.method.link = linkEmptyPath
	exercise(t, f, dir)
}

// A directory on another mount than the hidden folder has its temporary names in
// itself, and what breaks off there is dropped.
func TestOtherMount(t *testing.T) {
	for name, opts := range map[string][]Option{"nameless": {noSync}, "named": {noSync, Named()}} {
		dir := t.TempDir()
		f := mustOpen(t, dir, opts...)
		h, err := f.folder.hiddenDir(true)
		must(t, err)
		must(t, breakOff(t, f, "/before", vfs.Create{}, "x"))
		h.self.mount++
		if err := put(t, f, "/before", vfs.Create{Offset: 1}, ""); !errors.Is(err, vfs.ErrOffset) {
			t.Errorf("%s: what broke off before the mount: %v", name, err)
		}
		must(t, os.Remove(filepath.Join(dir, hiddenName, f.rules.keptName(mustPath(t, "/before")))))
		if exercise(t, f, dir) {
			t.Errorf("%s: kept", name)
		}
	}
	// The system may know of a border that nothing shows, as that of a project
	// with a quota.
	top := t.TempDir()
	f := mustOpen(t, top, noSync, func(s *settings) {
		link := s.calls.linkFile
		s.calls.linkFile = func(file *os.File, way linkWay, d *dir, name string) error {
			if d.f.Name() == hiddenName {
				return syscall.EXDEV
			}
			return link(file, way, d, name)
		}
	})
	must(t, put(t, f, "/f", vfs.Create{}, "one"))
	must(t, put(t, f, "/f", vfs.Create{}, "two"))
	if got := onDisk(t, top); len(got) != 2 || readFile(t, filepath.Join(top, "f")) != "two" {
		t.Errorf("on the disk: %q", got)
	}
}

// Disks without permissions refuse to set them, and that is no failure; one that
// has them and refuses is.
func TestChmodRefused(t *testing.T) {
	for mode, want := range map[fs.FileMode]error{0o755: nil, tempMode: fs.ErrPermission} {
		f := mustOpen(t, t.TempDir(), noSync, func(s *settings) {
			s.calls.chmod = func(file *os.File, _ fs.FileMode) error {
				return errors.Join(syscall.EPERM, file.Chmod(mode))
			}
		})
		if err := put(t, f, "/f", vfs.Create{}, ""); !errors.Is(err, want) {
			t.Errorf("a disk that has %v: %v, want %v", mode, err, want)
		}
	}
}
