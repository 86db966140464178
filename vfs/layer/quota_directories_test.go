package layer

import (
	"context"
	"errors"
	"testing"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/osfs"
)

// between does something the moment after a directory was looked at, once.
type between struct {
	vfs.FS
	dir  string
	then func()
}

func (b *between) Stat(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	e, err := b.FS.Stat(ctx, p)
	if then := b.then; then != nil && p.String() == b.dir {
		b.then = nil
		then()
	}
	return e, err
}

// S-78: who has looked up the directory of a name changes that name, and not one in
// another directory that has come to the same place since: the counter is what is there.
func TestQuotaDirectoryComesBetween(t *testing.T) {
	ctx := t.Context()
	name := func(s string) vfs.Path {
		p, err := vfs.Clean(s)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	store := func(t *testing.T, f vfs.FS, content string, end bool) vfs.Upload {
		up, err := f.Create(ctx, name("/d/f"), vfs.Create{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := up.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
		if end {
			if _, err := up.Commit(ctx); err != nil {
				t.Fatal(err)
			}
		}
		return up
	}
	errs := func(t *testing.T, list ...error) {
		t.Helper()
		if err := errors.Join(list...); err != nil {
			t.Error(err)
		}
	}
	for _, test := range []struct {
		what string
		made bool // the directory, before
		// free reports whether others may do what then does, at that moment.
		free func(b *Budget) bool
		then func(t *testing.T, f vfs.FS) vfs.Upload
		act  func(t *testing.T, f vfs.FS)
	}{
		{"an upload, and the directory is renamed", true, aloneFree, func(t *testing.T, f vfs.FS) vfs.Upload {
			errs(t, f.Rename(ctx, name("/d"), name("/e"), vfs.Rename{}), f.Mkdir(ctx, name("/d")))
			return store(t, f, "content", true)
		}, upload},
		{"an upload, and the directory is removed", true, aloneFree, func(t *testing.T, f vfs.FS) vfs.Upload {
			errs(t, f.Rmdir(ctx, name("/d")), f.Mkdir(ctx, name("/e")), f.Mkdir(ctx, name("/d")))
			return store(t, f, "content", true)
		}, upload},
		{"a removal, and the directory is made", false, sharedFree, func(t *testing.T, f vfs.FS) vfs.Upload {
			errs(t, f.Mkdir(ctx, name("/d")))
			return store(t, f, "content", false)
		}, func(t *testing.T, f vfs.FS) {
			if err := f.Remove(ctx, name("/d/f")); !errors.Is(err, vfs.ErrConflict) {
				t.Errorf("removing a file that is being written in place: %v", err)
			}
		}},
	} {
		t.Run(test.what, func(t *testing.T) {
			tree, err := osfs.Open(t.TempDir(), osfs.With(osfs.Policy{Durability: vfs.DurableProcess, Direct: true}))
			if err != nil {
				t.Fatal(err)
			}
			defer tree.Close()
			b := NewBudget(NewCounter(Usage{}), Usage{Bytes: 1000, Files: 10})
			inner := &between{FS: tree, dir: "/d"}
			f := Quota(inner, b, "a")
			if test.made {
				errs(t, f.Mkdir(ctx, name("/d")))
			}
			var other vfs.Upload
			inner.then = func() {
				if test.free(b) {
					other = test.then(t, f)
				}
			}
			test.act(t, f)
			if other != nil {
				_, _ = other.Commit(ctx)
			}
			if found, err := Count(ctx, tree); found != b.Usage() || err != nil {
				t.Errorf("the tree has %+v, %v; the counter %+v", found, err, b.Usage())
			}
		})
	}
}

// upload writes less than what is there.
func upload(t *testing.T, f vfs.FS) {
	p, err := vfs.Clean("/d/f")
	if err != nil {
		t.Fatal(err)
	}
	up, err := f.Create(t.Context(), p, vfs.Create{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = up.Write([]byte("x"))
	_, commitErr := up.Commit(t.Context())
	t.Log(err, commitErr) // whatever its verdict: it is the count that matters
}

func aloneFree(b *Budget) bool {
	free := b.moves.TryLock()
	if free {
		b.moves.Unlock()
	}
	return free
}

func sharedFree(b *Budget) bool {
	free := b.moves.TryRLock()
	if free {
		b.moves.RUnlock()
	}
	return free
}
