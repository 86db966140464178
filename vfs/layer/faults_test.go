package layer_test

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/layer"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

// S-78, S-79: whichever call to the storage fails, the quota never counts less than
// there is, and nothing stays open.
func TestQuotaEachFault(t *testing.T) {
	for _, fault := range []vfstest.Fault{{Err: syscall.EIO}, {Err: vfs.ErrNoSpace, Short: true}} {
		exact, all := 0, 0
		vfstest.EachFault(t, fault, func(t *testing.T, faults *vfstest.Faults) {
			tree := memfs.From(map[string]string{"a": "1234", "b": "12", "d/": ""})
			start, err := layer.Count(t.Context(), tree)
			if err != nil {
				t.Fatal(err)
			}
			b := layer.NewBudget(layer.NewCounter(start), layer.Usage{Bytes: 100, Files: 100})
			quotaScript(t, layer.Quota(faults.Around(tree), b, "a"))
			got, err := layer.Count(t.Context(), tree)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"/a", "/new", "/d/new"} {
				if e, err := tree.Unfinished(t.Context(), path(t, name)); err == nil {
					got.Bytes += e.Size
					got.Files++
				}
			}
			all++
			if u := b.Usage(); got.Bytes > u.Bytes || got.Files > u.Files {
				t.Errorf("%q failed: the tree has %+v, the counter only %+v", faults.Hit(), got, u)
			} else if got == u {
				exact++
			} else if faults.Hit() == "" {
				t.Errorf("without a fault: the tree has %+v, the counter %+v", got, u)
			}
		})
		if exact < all*9/10 {
			t.Errorf("the counter is right after %d of %d faults", exact, all)
		}
	}
}

// quotaScript does one of everything that changes the usage, and goes on after
// errors.
func quotaScript(t *testing.T, f vfs.FS) {
	ctx := t.Context()
	fresh, d := path(t, "/new"), path(t, "/d")
	put(ctx, f, path(t, "/a"), vfs.Create{}, "123")
	put(ctx, f, path(t, "/a"), vfs.Create{Append: true}, "45")
	put(ctx, f, path(t, "/a"), vfs.Create{Offset: 1}, "2345678")
	breakOff(ctx, f, fresh, vfs.Create{}, "1234")
	breakOff(ctx, f, fresh, vfs.Create{Offset: 2}, "345")
	put(ctx, f, fresh, vfs.Create{Append: true}, "6")
	f.Rename(ctx, fresh, path(t, "/b"), vfs.Rename{})
	breakOff(ctx, f, path(t, "/d/new"), vfs.Create{}, "1")
	f.Rename(ctx, d, path(t, "/e"), vfs.Rename{})
	f.Mkdir(ctx, d)
	put(ctx, f, path(t, "/d/x"), vfs.Create{}, "1")
	f.Remove(ctx, path(t, "/d/x"))
	f.Rmdir(ctx, d)
	f.Remove(ctx, path(t, "/a"))
}

func breakOff(ctx context.Context, f vfs.FS, p vfs.Path, how vfs.Create, content string) {
	up, err := f.Create(ctx, p, how)
	if err != nil {
		return
	}
	up.Write([]byte(content))
	up.Abort(vfs.ErrInterrupted)
}

// S-76, S-79: whichever call fails on the way from one storage to another, the file
// is whole on one side at least, the other side has all of it or none, and the
// caller is told.
func TestMountRenameEachFault(t *testing.T) {
	vfstest.EachFault(t, vfstest.Fault{Err: syscall.EIO, Short: true}, func(t *testing.T, faults *vfstest.Faults) {
		source, target := memfs.From(map[string]string{"f": "content"}), memfs.From(map[string]string{"f": "old"})
		m := mount(t, layer.Point{FS: faults.Around(source)}, layer.Point{At: path(t, "/m"), FS: faults.Around(target)})
		err := m.Rename(t.Context(), path(t, "/f"), path(t, "/m/f"), vfs.Rename{})
		left, lerr := get(t.Context(), source, path(t, "/f"))
		came, cerr := get(t.Context(), target, path(t, "/f"))
		switch {
		case cerr != nil || lerr == nil && left != "content" || came != "old" && came != "content":
			t.Errorf("%q failed: source %q, %v; target %q, %v", faults.Hit(), left, lerr, came, cerr)
		case lerr != nil && came != "content":
			t.Errorf("%q failed: the file is lost", faults.Hit())
		case err == nil && (lerr == nil || came != "content"):
			t.Errorf("%q failed: no error, but source %v, target %q", faults.Hit(), lerr, came)
		case err != nil && !errors.Is(err, syscall.EIO):
			t.Errorf("%q failed: %v", faults.Hit(), err)
		}
	})
}
