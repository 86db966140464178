package osfs

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sealane/sealane/vfs"
)

// reflinks is a disk that shares blocks, as far as can be seen.
func reflinks(tr *tracer) Option {
	return func(s *settings) {
		s.method = func(top *dir) method {
			m := findMethod(top)
			m.reflink = true
			return m
		}
		s.calls.clone = func(dst, src *os.File) error {
			b, err := io.ReadAll(io.NewSectionReader(src, 0, 1<<20))
			if err == nil {
				_, err = dst.WriteAt(b, 0)
			}
			return err
		}
		traced(tr)(s)
	}
}

// An append, and an upload that keeps a part, go on in blocks shared with the old
// file, which stays whole until Commit; if that fails on the way, the bytes are
// copied.
func TestReflink(t *testing.T) {
	for n := -1; n < 4; n++ {
		for how, want := range map[vfs.Create]string{
			{Append: true}: "0123456789 new",
			{Offset: 4}:    "0123 new",
		} {
			tr, dir := &tracer{}, t.TempDir()
			must(t, os.WriteFile(filepath.Join(dir, "f"), []byte("0123456789"), 0o644))
			f := mustOpen(t, dir, reflinks(tr))
			tr.arm(n, syscall.EIO)
			up, err := f.Create(t.Context(), mustPath(t, "/f"), how)
			ops := tr.disarm()
			if n == -1 && count(ops, "copy") > 0 {
				t.Errorf("%+v: %q", how, ops)
			}
			if err != nil {
				if tr.failed == "clone" {
					t.Errorf("%+v: %s fails: %v", how, tr.failed, err)
				}
				continue
			}
			io.WriteString(up, " new")
			if got := readFile(t, filepath.Join(dir, "f")); got != "0123456789" {
				t.Errorf("%+v: before Commit the old file is %q", how, got)
			}
			if _, err := up.Commit(t.Context()); err != nil {
				t.Error(err)
			}
			if got := readFile(t, filepath.Join(dir, "f")); got != want {
				t.Errorf("%+v with call %d (%s) failing: %q, want %q", how, n, tr.failed, got, want)
			}
		}
	}
}

// A large file comes out as it went in, at the level where the system is told to
// begin early with writing it.
func TestLargeUpload(t *testing.T) {
	dir := t.TempDir()
	f := mustOpen(t, dir, noSync)
	chunk := strings.Repeat("0123456789abcdef", 1<<14)
	up, err := f.Create(t.Context(), mustPath(t, "/f"), vfs.Create{})
	must(t, err)
	for range 3*writeStep/len(chunk) + 1 {
		_, err := io.WriteString(up, chunk)
		must(t, err)
	}
	e, err := up.Commit(t.Context())
	must(t, err)
	want := strings.Repeat(chunk, 3*writeStep/len(chunk)+1)
	if got := readFile(t, filepath.Join(dir, "f")); got != want || e.Size != int64(len(want)) {
		t.Errorf("%d bytes, and Commit says %d; want %d", len(got), e.Size, len(want))
	}
	for h, n := range map[vfs.Hash]int{vfs.SHA256: 32, vfs.CRC32: 4} {
		if sum, err := f.Hash(t.Context(), mustPath(t, "/f"), h, 0, -1); err != nil || len(sum) != n {
			t.Errorf("%v: %x, %v", h, sum, err)
		}
	}
	if _, err := f.Hash(t.Context(), mustPath(t, "/f"), vfs.MD5, 1, e.Size+1); !errors.Is(err, vfs.ErrOffset) {
		t.Errorf("Hash beyond the end: %v", err)
	}
}
