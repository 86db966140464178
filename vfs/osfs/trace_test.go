package osfs

import (
	"io/fs"
	"os"
	"sync"
	"syscall"
	"testing"

	"github.com/sealane/sealane/vfs"
)

// tracer notes every call to the system that changes the disk, and makes one of
// them fail.
type tracer struct {
	mu     sync.Mutex
	armed  bool
	ops    []string
	failAt int // the call that fails; -1: none
	err    error
	failed string // which one it was
}

// arm begins to count, and has call n fail with err.
func (tr *tracer) arm(n int, err error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.armed, tr.ops, tr.failAt, tr.err, tr.failed = true, nil, n, err, ""
}

func (tr *tracer) disarm() (ops []string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.armed = false
	return tr.ops
}

func (tr *tracer) step(op string) error {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if !tr.armed {
		return nil
	}
	tr.ops = append(tr.ops, op)
	if len(tr.ops)-1 != tr.failAt {
		return nil
	}
	tr.failed = op
	return tr.err
}

// traced is an option that puts tr between a folder and the system. Syncs only
// look as if.
func traced(tr *tracer) Option {
	return func(s *settings) {
		c := s.calls
		s.calls = calls{
			tmpfile: func(d *dir) (*os.File, error) {
				if err := tr.step("tmpfile"); err != nil {
					return nil, err
				}
				return c.tmpfile(d)
			},
			create: func(d *dir, name string) (*os.File, error) {
				if err := tr.step("create"); err != nil {
					return nil, err
				}
				return c.create(d, name)
			},
			openWrite: func(d *dir, name string) (*os.File, error) {
				if err := tr.step("open"); err != nil {
					return nil, err
				}
				return c.openWrite(d, name)
			},
			lock: func(f *os.File) error { return first(tr.step("lock"), func() error { return c.lock(f) }) },
			write: func(f *os.File, b []byte) (int, error) {
				if err := tr.step("write"); err != nil {
					n, _ := c.write(f, b[:len(b)/2]) // a short write
					return n, err
				}
				return c.write(f, b)
			},
			truncate: func(f *os.File, n int64) error {
				return first(tr.step("truncate"), func() error { return c.truncate(f, n) })
			},
			clone: func(dst, src *os.File) error {
				return first(tr.step("clone"), func() error { return c.clone(dst, src) })
			},
			copy: func(dst, src *os.File, n int64) (int64, error) {
				if err := tr.step("copy"); err != nil {
					m, _ := c.copy(dst, src, n/2)
					return m, err
				}
				return c.copy(dst, src, n)
			},
			chmod: func(f *os.File, m fs.FileMode) error {
				return first(tr.step("chmod"), func() error { return c.chmod(f, m) })
			},
			chown: func(f *os.File, uid, gid int) error {
				return first(tr.step("chown"), func() error { return c.chown(f, uid, gid) })
			},
			fsync: func(*os.File) error { return tr.step("fsync") },
			flush: func(f *os.File) error { return first(tr.step("flush"), func() error { return c.flush(f) }) },
			linkFile: func(f *os.File, way linkWay, d *dir, name string) error {
				return first(tr.step("link"), func() error { return c.linkFile(f, way, d, name) })
			},
			rename: func(from *dir, a string, to *dir, b string) error {
				return first(tr.step("rename"), func() error { return c.rename(from, a, to, b) })
			},
			renameNew: func(from *dir, a string, to *dir, b string) error {
				return first(tr.step("renameNew"), func() error { return c.renameNew(from, a, to, b) })
			},
			unlink: func(d *dir, name string) error {
				return first(tr.step("unlink"), func() error { return c.unlink(d, name) })
			},
			rmdir: func(d *dir, name string) error {
				return first(tr.step("rmdir"), func() error { return c.rmdir(d, name) })
			},
			mkdir: func(d *dir, name string) error {
				return first(tr.step("mkdir"), func() error { return c.mkdir(d, name) })
			},
			symlink: func(d *dir, text, name string) error {
				return first(tr.step("symlink"), func() error { return c.symlink(d, text, name) })
			},
			syncDir: func(*dir) error { return tr.step("syncDir") },
		}
	}
}

func first(err error, call func() error) error {
	if err != nil {
		return err
	}
	return call()
}

// diskErrors are what a disk says that fails.
var diskErrors = []error{syscall.EIO, syscall.ENOSPC, syscall.EDQUOT, syscall.EINTR}

func mustOpen(t testing.TB, dir string, opts ...Option) *FS {
	t.Helper()
	f, err := Open(dir, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func mustPath(t testing.TB, s string) vfs.Path {
	t.Helper()
	p, err := vfs.Clean(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// put uploads content, and says how that went.
func put(t testing.TB, f *FS, name string, how vfs.Create, content string) error {
	t.Helper()
	up, err := f.Create(t.Context(), mustPath(t, name), how)
	if err != nil {
		return err
	}
	if _, err := up.Write([]byte(content)); err != nil {
		up.Abort(err)
		return err
	}
	_, err = up.Commit(t.Context())
	return err
}

// breakOff uploads content and has the connection break then.
func breakOff(t testing.TB, f *FS, name string, how vfs.Create, content string) error {
	t.Helper()
	up, err := f.Create(t.Context(), mustPath(t, name), how)
	if err != nil {
		return err
	}
	if _, err := up.Write([]byte(content)); err != nil {
		up.Abort(err)
		return err
	}
	return up.Abort(vfs.ErrInterrupted)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// onDisk are the names in a directory, as the system sees them; none if it is not
// there.
func onDisk(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func readFile(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		return "nothing"
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func putting(name string, how vfs.Create) func(*testing.T, *FS) error {
	return func(t *testing.T, f *FS) error { return put(t, f, name, how, "content") }
}

func cutting(name string) func(*testing.T, *FS) error {
	return func(t *testing.T, f *FS) error { return breakOff(t, f, name, vfs.Create{}, "content") }
}

// noReflink has the bytes copied on every disk.
func noReflink(s *settings) {
	find := s.method
	s.method = func(top *dir) method {
		m := find(top)
		m.reflink = false
		return m
	}
}
