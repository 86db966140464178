package osfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/sealane/sealane/vfs"
)

// faultCase is something that is done while one call to the system fails.
type faultCase struct {
	name string
	do   func(t *testing.T, f *FS) error
	file string // what it changes
	good string // what that holds if it has worked
}

var faultCases = []faultCase{
	{"new", putting("/new", vfs.Create{}), "new", "content"},
	{"exclusive", putting("/new", vfs.Create{Exclusive: true}), "new", "content"},
	{"over", putting("/old", vfs.Create{}), "old", "content"},
	{"append", putting("/old", vfs.Create{Append: true}), "old", "oldcontent"},
	{"offset", putting("/old", vfs.Create{Offset: 1}), "old", "ocontent"},
	{"continue", putting("/cut", vfs.Create{Offset: 2}), "cut", "brcontent"},
	{"break off", cutting("/new"), "new", "nothing"},
	{"break off again", func(t *testing.T, f *FS) error {
		return breakOff(t, f, "/cut", vfs.Create{Offset: 2}, "content")
	}, "cut", "nothing"},
	{"remove", func(t *testing.T, f *FS) error { return f.Remove(t.Context(), mustPath(t, "/old")) }, "old", "nothing"},
	{"rename", func(t *testing.T, f *FS) error {
		return f.Rename(t.Context(), mustPath(t, "/other"), mustPath(t, "/old"), vfs.Rename{})
	}, "old", "other"},
	{"rename, exclusive", func(t *testing.T, f *FS) error {
		return f.Rename(t.Context(), mustPath(t, "/old"), mustPath(t, "/new"), vfs.Rename{Exclusive: true})
	}, "new", "old"},
	{"mkdir", func(t *testing.T, f *FS) error { return f.Mkdir(t.Context(), mustPath(t, "/new")) }, "old", "old"},
}

// D-04, F-07, S-79: whatever call to the disk fails, and with whatever error, the
// caller is told, the old file or the new one is there as a whole, nothing is left
// behind, no sync is tried twice, and the next upload is fine.
func TestFaults(t *testing.T) {
	for name, opts := range map[string][]Option{
		"default":  nil,
		"named":    {Named()},
		"nohidden": {Named(), NoHidden()},
		"process":  {With(Policy{Durability: vfs.DurableProcess})},
		"owned":    {With(Policy{UID: new(uint32(os.Getuid())), GID: new(uint32(os.Getgid()))})},
	} {
		for _, c := range faultCases {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				for n := 0; faultAt(t, c, opts, faultErrors(name), n); n++ {
					if n == 100 {
						t.Fatal("it never ends")
					}
				}
			})
		}
	}
}

// faultErrors are all for the common way, and one for the others.
func faultErrors(name string) []error {
	if name == "default" {
		return diskErrors
	}
	return diskErrors[:1]
}

// faultAt has call n fail with each error, and reports whether there is a call n.
func faultAt(t *testing.T, c faultCase, opts []Option, errs []error, n int) (there bool) {
	for _, diskError := range errs {
		tr, dir := &tracer{}, t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, "old"), []byte("old"), 0o644))
		must(t, os.WriteFile(filepath.Join(dir, "other"), []byte("other"), 0o644))
		f, err := Open(dir, append(opts, noReflink, traced(tr))...)
		must(t, err)
		must(t, breakOff(t, f, "/cut", vfs.Create{}, "broken"))
		if _, err := f.Unfinished(t.Context(), mustPath(t, "/cut")); err != nil && strings.HasPrefix(c.file, "cut") {
			must(t, f.Close())
			return false // nothing is kept on such a disk
		}
		before, handles := readFile(t, filepath.Join(dir, c.file)), openHandles(t)

		tr.arm(n, diskError)
		err = c.do(t, f)
		ops := tr.disarm()
		what := fmt.Sprintf("call %d (%s) fails with %v", n, tr.failed, diskError)
		f.checkFault(t, what, c, tr.failed, err, before)
		for _, op := range []string{"fsync", "syncDir"} {
			if limit := 1 + strings.Count(c.name, "rename"); count(ops, op) > limit {
				t.Errorf("%s: %d times %s: %q", what, count(ops, op), op, ops)
			}
		}
		if now := openHandles(t); now > handles {
			t.Errorf("%s: %d files open, %d before", what, now, handles)
		}
		must(t, put(t, f, "/next", vfs.Create{}, "fine"))
		if got := readFile(t, filepath.Join(dir, "next")); got != "fine" {
			t.Errorf("%s: the next upload is %q", what, got)
		}
		must(t, f.Close())
		noStrays(t, what, dir, tr.failed)
		there = tr.failed != ""
	}
	return there
}

// checkFault looks at what came of one failure.
func (f *FS) checkFault(t *testing.T, what string, c faultCase, failed string, err error, before string) {
	t.Helper()
	now := readFile(t, filepath.Join(f.folder.root.Name(), c.file))
	switch {
	case err == nil && now != c.good:
		t.Errorf("%s: no error, and %s holds %q, want %q", what, c.file, now, c.good)
	case err != nil && failed == "":
		t.Errorf("without a failure: %v", err)
	case err != nil && failed == "syncDir" && (now == before || now == c.good):
		// The change was made, and may be lost: the disk is failing.
	case err != nil && now != before:
		t.Errorf("%s: %v, and yet %s holds %q", what, err, c.file, now)
	}
	// These are what makes a change last or whole: their failure is never hidden.
	if err == nil && slices.Contains([]string{"write", "copy", "fsync", "syncDir", "chown", "rename"}, failed) {
		t.Errorf("%s: nobody was told", what)
	}
}

// noStrays demands that nothing is left but files that are meant to be, once a
// folder has been opened again. What could not be removed because that was the
// call to fail, is removed then.
func noStrays(t *testing.T, what, dir, failed string) {
	t.Helper()
	left := func() (names []string) {
		for _, d := range []string{dir, filepath.Join(dir, hiddenName)} {
			for _, name := range onDisk(t, d) {
				_, _, taken := isTaken(name)
				if name != hiddenName && isHidden(name) || taken {
					names = append(names, name)
				}
			}
		}
		return names
	}
	if names := left(); len(names) > 0 && failed != "unlink" {
		t.Errorf("%s: left on the disk: %q", what, names)
	}
	mustOpen(t, dir).Close()
	for _, name := range left() {
		if _, err := os.Stat(filepath.Join(dir, name)); errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: even a sweep left %q", what, name)
		}
	}
}

func count(ops []string, op string) (n int) {
	for _, o := range ops {
		if o == op {
			n++
		}
	}
	return n
}

// openHandles is how many files the process has open; 0 where nobody tells.
func openHandles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	must(t, err)
	return len(entries)
}

// S-79: every answer of a full or broken disk comes out as the sentinel that the
// reply is chosen by.
func TestFaultSentinels(t *testing.T) {
	for errno, want := range map[syscall.Errno]error{
		syscall.ENOSPC: vfs.ErrNoSpace, syscall.EDQUOT: vfs.ErrQuota, syscall.EROFS: vfs.ErrPermission,
	} {
		for n := range 4 {
			tr := &tracer{}
			f := mustOpen(t, t.TempDir(), Named(), traced(tr))
			must(t, put(t, f, "/first", vfs.Create{}, ""))
			tr.arm(n, errno)
			err := put(t, f, "/new", vfs.Create{}, "x")
			if tr.failed != "lock" && tr.failed != "unlink" && !errors.Is(err, want) {
				t.Errorf("%s fails with %v: %v, want %v", tr.failed, errno, err, want)
			}
		}
	}
}
