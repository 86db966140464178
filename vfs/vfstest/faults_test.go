package vfstest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

// faults are what disks and their drivers say when they fail.
var faults = map[string]vfstest.Fault{
	"EIO":            {Err: syscall.EIO},
	"EINTR":          {Err: syscall.EINTR},
	"NoSpace":        {Err: vfs.ErrNoSpace},
	"short, NoSpace": {Err: vfs.ErrNoSpace, Short: true},
}

// F-07: whatever call fails, the caller is told so with that very error, nothing
// stays open, and every file is one whole version.
func TestEachFault(t *testing.T) {
	files := map[string]string{"old": "old content", "d/": "", "d/f": "1", "e/": "", "big": string(make([]byte, 100_000))}
	after := map[string]string{"old": "old content, and more", "d/": "", "d/f": "new", "e/": "", "moved": files["big"]}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vfstest.EachFault(t, fault, func(t *testing.T, f *vfstest.Faults) {
				tree := memfs.From(files)
				err := script(t.Context(), f.Around(tree))
				if f.Hit() != "" && !errors.Is(err, fault.Err) || f.Hit() == "" && err != nil {
					t.Errorf("%q failed, and the caller was told: %v", f.Hit(), err)
				}
				got, terr := vfstest.Tree(t.Context(), tree)
				if terr != nil {
					t.Fatal(terr)
				}
				if f.Hit() == "" {
					if diff := cmp.Diff(after, got); diff != "" {
						t.Errorf("without a fault (-want +got):\n%s", diff)
					}
				}
				for name, content := range got {
					if before, now := files[name], after[name]; content != before && content != now {
						t.Errorf("%q failed, and %s holds %d bytes that nobody wrote", f.Hit(), name, len(content))
					}
				}
			})
		})
	}
}

// script does one of everything, and gives all errors.
func script(ctx context.Context, f vfs.FS) (err error) {
	note := func(step error) { err = errors.Join(err, step) }
	p := func(name string) vfs.Path {
		p, err := vfs.Clean(name)
		note(err)
		return p
	}
	_, uerr := upload(ctx, f, p("/d/f"), vfs.Create{}, "new")
	note(uerr)
	_, uerr = upload(ctx, f, p("/old"), vfs.Create{Append: true}, ", and more")
	note(uerr)
	note(f.Mkdir(ctx, p("/e/sub")))
	note(f.Rmdir(ctx, p("/e/sub")))
	if up, cerr := f.Create(ctx, p("/lost"), vfs.Create{}); cerr != nil {
		note(cerr)
	} else {
		_, werr := io.WriteString(up, "lost")
		note(werr)
		note(up.Abort(vfs.ErrInterrupted))
		_, serr := f.Unfinished(ctx, p("/lost"))
		note(serr)
		note(f.Remove(ctx, p("/lost")))
	}
	note(f.Rename(ctx, p("/big"), p("/moved"), vfs.Rename{Exclusive: true}))
	for _, name := range []string{"/moved", "/big"} {
		if _, herr := f.Hash(ctx, p(name), vfs.CRC32, 0, -1); !errors.Is(herr, vfs.ErrNotExist) {
			note(herr)
		}
	}
	_, serr := f.Space(ctx, vfs.Path{})
	note(serr)
	note(f.SetAttr(ctx, p("/d"), vfs.Attr{}))
	if serr := f.Symlink(ctx, p("/d"), p("/link")); !errors.Is(serr, vfs.ErrUnsupported) {
		note(serr)
	}
	_, terr := vfstest.Tree(ctx, f)
	note(terr)
	if file, oerr := f.Open(ctx, p("/old")); oerr != nil {
		note(oerr)
	} else {
		_, herr := vfs.HashFile(ctx, file, vfs.SHA1, 1, -1)
		note(herr)
		note(file.Close())
	}
	return err
}

// Short writes and reads move half of what was asked for; all else nothing.
func TestShort(t *testing.T) {
	tree := memfs.From(map[string]string{"f": "0123456789"})
	f := vfstest.NewFaults(1, vfstest.Fault{Err: syscall.EIO, Short: true})
	file, err := f.Around(tree).Open(t.Context(), path(t, "/f"))
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 8)
	if n, err := file.Read(b); n != 4 || !errors.Is(err, syscall.EIO) || string(b[:n]) != "0123" {
		t.Errorf("Read = %d, %v with %q", n, err, b)
	}
	if f.Hit() != "Read /f" || fmt.Sprint(f.Open()) != "[file /f]" {
		t.Errorf("hit %q, open %q", f.Hit(), f.Open())
	}
	if err := file.Close(); err != nil || len(f.Open()) != 0 {
		t.Errorf("Close: %v; open %q", err, f.Open())
	}
	f = vfstest.NewFaults(1, vfstest.Fault{Err: syscall.EIO, Short: true})
	up, err := f.Around(tree).Create(t.Context(), path(t, "/new"), vfs.Create{})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.WriteString(up, "01234567"); n != 4 || !errors.Is(err, syscall.EIO) {
		t.Errorf("Write = %d, %v", n, err)
	}
	if e, err := up.Commit(t.Context()); e.Size != 4 || err != nil || len(f.Open()) != 0 {
		t.Errorf("Commit = %+v, %v; open %q", e, err, f.Open())
	}
}

// The tree with no fault passes the suite: it is a vfs.FS like any other.
func TestSuiteAround(t *testing.T) {
	vfstest.Run(t, func(*testing.T) vfs.FS {
		return vfstest.NewFaults(-1, vfstest.Fault{}).Around(memfs.New())
	})
}

func path(t *testing.T, s string) vfs.Path {
	t.Helper()
	p, err := vfs.Clean(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
