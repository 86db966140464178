//go:build unix

package osfs_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/osfs"
)

// S-71: a link that leads out, nowhere or to a special file is seen as what it
// is and refused by every method but Remove and Rename, which act on the link.
func TestRefusedLinks(t *testing.T) {
	for name, target := range map[string]string{
		"relative":         "../outside/secret",
		"relative up":      "d/../../outside/secret",
		"absolute":         "/etc/passwd",
		"absolute inside":  "ROOT/d/file",
		"directory":        "../outside",
		"directory/":       "../outside/",
		"root":             "/",
		"parent":           "..",
		"dangling":         "none",
		"dangling middle":  "none/none",
		"dangling outside": "../outside/none",
		"loop":             "link",
		"long loop":        "d/back",
		"proc":             "/proc/self/fd/0",
		"zero":             "/dev/zero",
		"fifo":             "fifo",
		"through a file":   "d/file/x",
	} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			root, outside := filepath.Join(top, "root"), filepath.Join(top, "outside")
			mkdirs(t, root, outside, filepath.Join(root, "d"))
			secret := filepath.Join(outside, "secret")
			writeFile(t, secret, "secret")
			writeFile(t, filepath.Join(root, "d", "file"), "x")
			writeFile(t, filepath.Join(root, "spare"), "x")
			mkfifo(t, filepath.Join(root, "fifo"))
			symlink(t, "../link", filepath.Join(root, "d", "back"))
			target = strings.Replace(target, "ROOT", root, 1)
			symlink(t, target, filepath.Join(root, "link"))
			before, err := os.Stat(outside)
			if err != nil {
				t.Fatal(err)
			}
			f := open(t, root)

			e, err := f.Stat(t.Context(), path(t, "/link"))
			if err != nil || e.Kind != vfs.KindOther || e.Size != 0 {
				t.Errorf("Stat = %+v, %v", e, err)
			}
			for got, err := range f.List(t.Context(), path(t, "/"), vfs.WantAll) {
				if err != nil || got.Name == "link" && got != e {
					t.Errorf("List has %+v, %v; Stat %+v", got, err, e)
				}
			}
			for method, err := range errorsOfAll(t, f, path(t, "/link")) {
				var want error
				switch method {
				case "Stat", "Rename":
					continue
				case "Open", "Create", "Append", "Offset", "SetAttr", "Rename onto":
					want = vfs.ErrNotRegular
				case "Mkdir":
					want = vfs.ErrExist
				case "Remove", "Rmdir": // Rename has moved it
					want = vfs.ErrNotExist
				}
				if err == nil || want != nil && !errors.Is(err, want) {
					t.Errorf("%s: %v, want %v", method, err, want)
				}
			}
			if got, err := os.Readlink(filepath.Join(root, "renamed")); err != nil || got != target {
				t.Errorf("the renamed link points to %q, %v", got, err)
			}
			p := path(t, "/renamed")
			if err := f.Rmdir(t.Context(), p); !errors.Is(err, vfs.ErrNotDir) {
				t.Errorf("Rmdir: %v", err)
			}
			if err := f.Remove(t.Context(), p); err != nil {
				t.Errorf("Remove: %v", err)
			}
			unchanged(t, outside, before)
		})
	}
}

// S-71: the same as the middle part of a path.
func TestRefusedMiddle(t *testing.T) {
	for target, want := range map[string]error{
		"../outside":  vfs.ErrPermission,
		"../outside/": vfs.ErrPermission,
		"..":          vfs.ErrPermission,
		"/":           vfs.ErrPermission,
		"/tmp/":       vfs.ErrPermission,
		"link":        vfs.ErrPermission, // a loop
		"none":        vfs.ErrNotExist,
		"spare":       vfs.ErrNotDir,
		"fifo":        vfs.ErrNotDir,
	} {
		top := t.TempDir()
		root, outside := filepath.Join(top, "root"), filepath.Join(top, "outside")
		mkdirs(t, root, outside)
		writeFile(t, filepath.Join(outside, "secret"), "secret")
		writeFile(t, filepath.Join(root, "spare"), "")
		mkfifo(t, filepath.Join(root, "fifo"))
		symlink(t, target, filepath.Join(root, "link"))
		before, err := os.Stat(outside)
		if err != nil {
			t.Fatal(err)
		}
		f := open(t, root)
		for _, name := range []string{"/link/secret", "/link/new", "/link/outside/secret"} {
			for method, err := range errorsOfAll(t, f, path(t, name)) {
				if !errors.Is(err, want) {
					t.Errorf("%s of %s, link to %q: %v, want %v", method, name, target, err, want)
				}
			}
		}
		unchanged(t, outside, before)
	}
}

// Links that stay inside are followed.
func TestFollowedLinks(t *testing.T) {
	root := t.TempDir()
	mkdirs(t, filepath.Join(root, "d"), filepath.Join(root, "e"))
	writeFile(t, filepath.Join(root, "d", "file"), "12345")
	symlink(t, "d", filepath.Join(root, "dir"))
	symlink(t, "../d/file", filepath.Join(root, "e", "up"))
	f, ctx := open(t, root), t.Context()

	dir, up := path(t, "/dir"), path(t, "/e/up")
	if e, err := f.Stat(ctx, up); err != nil || e.Name != "up" || e.Size != 5 || e.Kind != vfs.KindFile {
		t.Errorf("Stat = %+v, %v", e, err)
	}
	for e, err := range f.List(ctx, path(t, "/e"), vfs.WantAll) {
		if err != nil || e.Name != "up" || e.Kind != vfs.KindFile || e.Size != 5 {
			t.Errorf("List has %+v, %v", e, err)
		}
	}
	for e, err := range f.List(ctx, dir, vfs.WantAll) {
		if err != nil || e.Name != "file" {
			t.Errorf("List has %+v, %v", e, err)
		}
	}
	put(t, f, path(t, "/dir/new"), vfs.Create{}, "")
	if err := f.Mkdir(ctx, path(t, "/dir/sub")); err != nil {
		t.Error(err)
	}
	if got := diskNames(t, filepath.Join(root, "d")); strings.Join(got, " ") != "file new sub" {
		t.Errorf("in the directory: %q", got)
	}
	if _, err := f.Create(ctx, dir, vfs.Create{}); !errors.Is(err, vfs.ErrIsDir) {
		t.Errorf("Create onto a link to a directory: %v", err)
	}
	if err := f.Rename(ctx, path(t, "/d/new"), dir, vfs.Rename{}); !errors.Is(err, vfs.ErrExist) {
		t.Errorf("Rename onto a link to a directory: %v", err)
	}
	if err := f.Rename(ctx, path(t, "/d"), path(t, "/dir/sub/d"), vfs.Rename{}); !errors.Is(err, vfs.ErrBadName) {
		t.Errorf("Rename below itself by way of a link: %v", err)
	}
	// An upload replaces the link, not what it points to.
	put(t, f, up, vfs.Create{Append: true}, "67")
	if info, err := os.Lstat(filepath.Join(root, "e", "up")); err != nil || !info.Mode().IsRegular() || info.Size() != 7 {
		t.Errorf("after the upload the link is %v, %v", info, err)
	}
	if b, err := os.ReadFile(filepath.Join(root, "d", "file")); err != nil || string(b) != "12345" {
		t.Errorf("what it pointed to is %q, %v", b, err)
	}
}

// S-71: the root itself may be a link.
func TestRootIsLink(t *testing.T) {
	top := t.TempDir()
	mkdirs(t, filepath.Join(top, "real"))
	symlink(t, "real", filepath.Join(top, "link"))
	f, err := osfs.Open(filepath.Join(top, "link"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// It was followed once: where it points later does not matter.
	if err := os.Remove(filepath.Join(top, "link")); err != nil {
		t.Fatal(err)
	}
	put(t, f, path(t, "/f"), vfs.Create{}, "")
	if got := diskNames(t, filepath.Join(top, "real")); len(got) != 1 {
		t.Errorf("in the real directory: %q", got)
	}
}

// S-74: a FIFO and a socket are refused at once by everything that would open,
// replace or remove them. A FIFO that was opened in earnest would hang the test.
func TestSpecialFiles(t *testing.T) {
	root := t.TempDir()
	mkfifo(t, filepath.Join(root, "fifo"))
	bindSocket(t, root, "socket")
	writeFile(t, filepath.Join(root, "spare"), "")
	f := open(t, root)
	for _, name := range []string{"fifo", "socket"} {
		p := path(t, name)
		if e, err := f.Stat(t.Context(), p); err != nil || e.Kind != vfs.KindOther {
			t.Errorf("Stat of %s = %+v, %v", name, e, err)
		}
		errs := errorsOfAll(t, f, p)
		for method, want := range map[string]error{
			"List": vfs.ErrNotDir, "Open": vfs.ErrNotRegular, "Create": vfs.ErrNotRegular,
			"Append": vfs.ErrNotRegular, "Offset": vfs.ErrNotRegular, "Mkdir": vfs.ErrExist,
			"SetAttr": vfs.ErrNotRegular, "Rename onto": vfs.ErrNotRegular, "Rename": nil,
		} {
			if !errors.Is(errs[method], want) {
				t.Errorf("%s of %s: %v, want %v", method, name, errs[method], want)
			}
		}
		renamed := path(t, "/renamed")
		if err := f.Rmdir(t.Context(), renamed); !errors.Is(err, vfs.ErrNotDir) {
			t.Errorf("Rmdir of %s: %v", name, err)
		}
		if err := f.Remove(t.Context(), renamed); !errors.Is(err, vfs.ErrNotRegular) {
			t.Errorf("Remove of %s: %v", name, err)
		}
		if err := os.Remove(filepath.Join(root, "renamed")); err != nil {
			t.Fatal(err)
		}
	}
}

// S-74: what turns into a FIFO during an upload is not replaced.
func TestCommitOntoFIFO(t *testing.T) {
	root := t.TempDir()
	f := open(t, root)
	up, err := f.Create(t.Context(), path(t, "/x"), vfs.Create{})
	if err != nil {
		t.Fatal(err)
	}
	mkfifo(t, filepath.Join(root, "x"))
	if _, err := up.Commit(t.Context()); !errors.Is(err, vfs.ErrNotRegular) {
		t.Errorf("Commit: %v", err)
	}
	if got := diskNames(t, root); len(got) != 1 {
		t.Errorf("on the disk: %q", got)
	}
}

// Names that would break the lines of a listing cannot be asked for, and so
// are not shown.
func TestUnspeakableNames(t *testing.T) {
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "good"), "")
	for _, name := range []string{"new\nline", "return\r", "\r\n250 OK"} {
		if err := os.WriteFile(filepath.Join(root, name), nil, 0o644); err != nil {
			t.Skipf("this disk does not hold such names: %v", err)
		}
	}
	f := open(t, root)
	for e, err := range f.List(t.Context(), path(t, "/"), vfs.WantAll) {
		if err != nil || e.Name != "good" {
			t.Errorf("List has %q, %v", e.Name, err)
		}
	}
}

// unchanged tells whether anything came to the outside, which holds "secret".
func unchanged(t *testing.T, outside string, before os.FileInfo) {
	t.Helper()
	now, err := os.Stat(outside)
	if err != nil || !now.ModTime().Equal(before.ModTime()) || now.Mode() != before.Mode() {
		t.Errorf("the outside was touched: %v, %v", now, err)
	}
	if b, err := os.ReadFile(filepath.Join(outside, "secret")); err != nil || string(b) != "secret" {
		t.Errorf("the secret is %q, %v", b, err)
	}
}

func mkdirs(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.Mkdir(name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func symlink(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

func mkfifo(t *testing.T, name string) {
	t.Helper()
	if err := syscall.Mkfifo(name, 0o666); err != nil {
		t.Fatal(err)
	}
}

// bindSocket makes a socket by a short relative name, since the path of one
// holds only some 100 bytes.
func bindSocket(t *testing.T, dir, name string) {
	t.Helper()
	t.Chdir(dir)
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: name}); err != nil {
		t.Fatal(err)
	}
}
