package vfstest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/osfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

// agreeNames are few, so that operations meet each other.
var agreeNames = []string{"/", "/a", "/b", "/a/a", "/a/b", "/b/a", "/a/a/b", "/b/a/a"}

// FuzzAgree runs the same operations on a disk and in memory: every verdict and
// the tree that comes of it must be the same. Each three bytes are an operation
// and its names.
func FuzzAgree(f *testing.F) {
	f.Add([]byte("\x00\x01\x00\x01\x03\x00\x04\x01\x02\x05\x01\x00\x03\x02\x00"))
	f.Add([]byte("\x01\x01\x00\x02\x01\x03\x00\x01\x00\x04\x01\x01\x04\x01\x02\x01\x02\x00"))
	f.Add([]byte("\x00\x01\x00\x00\x03\x00\x01\x06\x00\x04\x01\x06\x04\x03\x02\x05\x01\x00\x06\x01\x00"))
	f.Add([]byte("\x01\x01\x05\x08\x01\x01\x08\x02\x02\x09\x01\x00\x07\x01\x00\x0a\x02\x09"))
	f.Fuzz(func(t *testing.T, ops []byte) {
		disk, err := osfs.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer disk.Close()
		memory := memfs.New()
		ops = ops[:min(len(ops), 3*32)]
		for ; len(ops) >= 3; ops = ops[3:] {
			onDisk := apply(t.Context(), disk, ops[0], ops[1], ops[2])
			inMemory := apply(t.Context(), memory, ops[0], ops[1], ops[2])
			if onDisk != inMemory {
				t.Fatalf("operation %v: disk %q, memory %q", ops[:3], onDisk, inMemory)
			}
		}
		want, merr := vfstest.Tree(t.Context(), memory)
		got, derr := vfstest.Tree(t.Context(), disk)
		if diff := cmp.Diff(want, got); diff != "" || merr != nil || derr != nil {
			t.Errorf("%v, %v (-memory +disk):\n%s", merr, derr, diff)
		}
	})
}

// apply does one operation and puts its outcome into words.
func apply(ctx context.Context, f vfs.FS, op, x, y byte) string {
	p, err := vfs.Clean(agreeNames[int(x)%len(agreeNames)])
	if err != nil {
		return err.Error()
	}
	q, err := vfs.Clean(agreeNames[int(y)%len(agreeNames)])
	if err != nil {
		return err.Error()
	}
	var e vfs.Entry
	switch op % 9 {
	case 0:
		err = f.Mkdir(ctx, p)
	case 1:
		e, err = upload(ctx, f, p, vfs.Create{}, fmt.Sprint(y))
	case 2:
		e, err = upload(ctx, f, p, vfs.Create{Append: true}, fmt.Sprint(y))
	case 3:
		e, err = upload(ctx, f, p, vfs.Create{Offset: int64(y % 8)}, "kept")
	case 4:
		err = f.Rename(ctx, p, q, vfs.Rename{})
	case 5:
		err = f.Remove(ctx, p)
	case 6:
		err = f.Rmdir(ctx, p)
	case 7:
		e, err = f.Stat(ctx, p)
	case 8:
		var file vfs.File
		if file, err = f.Open(ctx, p); err == nil {
			e = file.Entry()
			err = file.Close()
		}
	}
	for _, s := range []error{
		vfs.ErrNotExist, vfs.ErrExist, vfs.ErrPermission, vfs.ErrBadName, vfs.ErrIsDir,
		vfs.ErrNotDir, vfs.ErrNotEmpty, vfs.ErrOffset,
	} {
		if errors.Is(err, s) {
			err = s
		}
	}
	return fmt.Sprint(e.Name, " ", e.Kind, " ", e.Size, " ", err)
}

func upload(ctx context.Context, f vfs.FS, p vfs.Path, how vfs.Create, content string) (vfs.Entry, error) {
	up, err := f.Create(ctx, p, how)
	if err != nil {
		return vfs.Entry{}, err
	}
	if _, err := io.WriteString(up, content); err != nil {
		return vfs.Entry{}, errors.Join(err, up.Abort(err))
	}
	return up.Commit(ctx)
}
