package osfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/sealane/sealane/vfs"
)

func openDirect(t *testing.T) (f *FS, dir string) {
	dir = t.TempDir()
	f = mustOpen(t, dir, noSync, With(Policy{Direct: true}))
	if c := f.Caps(); !c.InPlace || c.Resume {
		t.Errorf("Caps = %+v", c)
	}
	return f, dir
}

// Direct: others see the file grow, and an Abort leaves it as it is.
func TestDirect(t *testing.T) {
	f, dir := openDirect(t)
	name := filepath.Join(dir, "f")
	up, err := f.Create(t.Context(), mustPath(t, "/f"), vfs.Create{})
	must(t, err)
	fmt.Fprint(up, "half")
	if got := readFile(t, name); got != "half" {
		t.Errorf("before Commit: %q", got)
	}
	must(t, up.Abort(vfs.ErrInterrupted))
	must(t, up.Abort(nil))
	if _, err := up.Commit(t.Context()); err == nil {
		t.Error("Commit after Abort: no error")
	}
	if got := readFile(t, name); got != "half" {
		t.Errorf("after Abort: %q", got)
	}
	if n := unfinishedSize(t, f, "/f"); n != -1 {
		t.Errorf("Unfinished: %d bytes", n)
	}
	must(t, put(t, f, "/f", vfs.Create{Append: true}, " and half"))
	must(t, put(t, f, "/f", vfs.Create{Offset: 9}, "whole"))
	if got := readFile(t, name); got != "half and whole" {
		t.Errorf("the file is %q", got)
	}
	must(t, put(t, f, "/f", vfs.Create{}, "new"))
	if got := readFile(t, name); got != "new" {
		t.Errorf("the file is %q", got)
	}
	info, err := os.Stat(name)
	if err != nil || hasModes && info.Mode() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if got := onDisk(t, dir); len(got) != 1 {
		t.Errorf("on the disk: %q", got)
	}
	for how, want := range map[vfs.Create]error{
		{Exclusive: true}: vfs.ErrExist, {Offset: 4}: vfs.ErrOffset, {Offset: 1, Append: true}: vfs.ErrOffset,
	} {
		if err := put(t, f, "/f", how, "x"); !errors.Is(err, want) {
			t.Errorf("%+v: %v, want %v", how, err, want)
		}
	}
	if err := put(t, f, "/none", vfs.Create{Offset: 1}, "x"); !errors.Is(err, vfs.ErrOffset) {
		t.Errorf("Offset in nothing: %v", err)
	}
	if got := onDisk(t, dir); len(got) != 1 || readFile(t, name) != "new" {
		t.Errorf("after errors: %q", got)
	}
}

// F-07 for direct uploads: every failing call is told, and leaves no file open.
func TestDirectFaults(t *testing.T) {
	for _, how := range []vfs.Create{{}, {Append: true}, {Offset: 2}} {
		for n := 0; ; n++ {
			tr, dir := &tracer{}, t.TempDir()
			if how != (vfs.Create{}) {
				must(t, os.WriteFile(filepath.Join(dir, "f"), []byte("old"), 0o644))
			}
			f, err := Open(dir, traced(tr), With(Policy{Direct: true}))
			must(t, err)
			handles := openHandles(t)
			tr.arm(n, diskErrors[0])
			err = put(t, f, "/f", how, "content")
			tr.disarm()
			if tr.failed == "" {
				must(t, f.Close())
				break
			}
			if err == nil {
				t.Errorf("%s fails: nobody was told", tr.failed)
			}
			if now := openHandles(t); now > handles {
				t.Errorf("%s fails: %d files open, %d before", tr.failed, now, handles)
			}
			if _, err := os.Stat(filepath.Join(dir, "f")); tr.failed == "chmod" && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s fails: an empty file is left", tr.failed)
			}
			must(t, f.Close())
		}
	}
}
