package osfs

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/vfs"
)

// D-03: what is written is on the disk before the name is, and the name before
// Commit returns; for each way of storing (D-06) and each level.
func TestOrder(t *testing.T) {
	process := With(Policy{Durability: vfs.DurableProcess})
	for _, test := range []struct {
		name string
		opts []Option
		do   func(t *testing.T, f *FS) error
		want []string
	}{
		{"new", nil, putting("/new", vfs.Create{}),
			[]string{"tmpfile", "write", "chmod", "fsync", "link", "syncDir"}},
		{"new, exclusive", nil, putting("/new", vfs.Create{Exclusive: true}),
			[]string{"tmpfile", "write", "chmod", "fsync", "link", "syncDir"}},
		{"over", nil, putting("/old", vfs.Create{}),
			[]string{"tmpfile", "write", "chmod", "fsync", "lock", "mkdir", "link", "rename", "unlink", "syncDir"}},
		{"append", nil, putting("/old", vfs.Create{Append: true}),
			[]string{"tmpfile", "copy", "write", "chmod", "fsync", "lock", "mkdir", "link", "rename", "unlink", "syncDir"}},
		{"new, process", []Option{process}, putting("/new", vfs.Create{}),
			[]string{"tmpfile", "write", "chmod", "link"}},
		{"over, process", []Option{process}, putting("/old", vfs.Create{}),
			[]string{"tmpfile", "write", "chmod", "lock", "mkdir", "link", "rename", "unlink"}},
		{"new, named", []Option{Named()}, putting("/new", vfs.Create{}),
			[]string{"mkdir", "create", "lock", "unlink", "write", "chmod", "fsync", "renameNew", "unlink", "syncDir"}},
		{"over, named", []Option{Named()}, putting("/old", vfs.Create{}),
			[]string{"mkdir", "create", "lock", "unlink", "write", "chmod", "fsync", "rename", "unlink", "syncDir"}},
		{"over, named, process", []Option{Named(), process}, putting("/old", vfs.Create{}),
			[]string{"mkdir", "create", "lock", "unlink", "write", "chmod", "flush", "rename", "unlink"}},
		{"kept", nil, cutting("/new"),
			[]string{"tmpfile", "write", "mkdir", "fsync", "lock", "link", "rename", "syncDir"}},
		{"kept, process", []Option{process}, cutting("/new"),
			[]string{"tmpfile", "write", "mkdir", "lock", "link", "rename"}},
		{"direct, new", []Option{With(Policy{Direct: true})}, putting("/new", vfs.Create{}),
			[]string{"create", "chmod", "write", "fsync", "syncDir"}},
		{"direct, append", []Option{With(Policy{Direct: true})}, putting("/old", vfs.Create{Append: true}),
			[]string{"write", "fsync"}},
		// D-07.
		{"mkdir", nil, func(t *testing.T, f *FS) error { return f.Mkdir(t.Context(), mustPath(t, "/new")) },
			[]string{"mkdir", "chmod", "syncDir"}},
		{"remove", nil, func(t *testing.T, f *FS) error { return f.Remove(t.Context(), mustPath(t, "/old")) },
			[]string{"unlink", "syncDir"}},
		{"rmdir", nil, func(t *testing.T, f *FS) error { return f.Rmdir(t.Context(), mustPath(t, "/d")) },
			[]string{"rmdir", "syncDir"}},
		{"rename", nil, func(t *testing.T, f *FS) error {
			return f.Rename(t.Context(), mustPath(t, "/old"), mustPath(t, "/d/new"), vfs.Rename{})
		}, []string{"rename", "syncDir", "syncDir"}},
		{"symlink", nil, func(t *testing.T, f *FS) error {
			return f.Symlink(t.Context(), mustPath(t, "/old"), mustPath(t, "/d/new"))
		}, []string{"symlink", "syncDir"}},
		{"rmdir, process", []Option{process}, func(t *testing.T, f *FS) error {
			return f.Rmdir(t.Context(), mustPath(t, "/d"))
		}, []string{"rmdir"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			tr, dir := &tracer{}, t.TempDir()
			must(t, os.WriteFile(filepath.Join(dir, "old"), []byte("old"), 0o644))
			must(t, os.Mkdir(filepath.Join(dir, "d"), 0o755))
			f := mustOpen(t, dir, append(test.opts, noReflink, traced(tr))...)
			if !f.folder.method.nameless && test.want[0] == "tmpfile" {
				t.Skip("this disk has no O_TMPFILE")
			}
			tr.arm(-1, nil)
			must(t, test.do(t, f))
			if diff := cmp.Diff(test.want, tr.disarm()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}
