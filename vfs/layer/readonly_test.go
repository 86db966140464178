package layer_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/layer"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

// change is one way to change a tree that has the file /d/f, the directories /d and
// /d/empty and nothing at /d/new; what it needs and makes is for the tests of who
// may do it.
type change struct {
	name string
	do   func(ctx context.Context, f vfs.FS) error
	need layer.Allow // all of these, on the storage that memfs is
}

func changes(t testing.TB) []change {
	file, fresh, dir, empty := path(t, "/d/f"), path(t, "/d/new"), path(t, "/d"), path(t, "/d/empty")
	upload := func(p vfs.Path, how vfs.Create) func(context.Context, vfs.FS) error {
		return func(ctx context.Context, f vfs.FS) error { return put(ctx, f, p, how, "new") }
	}
	rename := func(from, to vfs.Path, how vfs.Rename) func(context.Context, vfs.FS) error {
		return func(ctx context.Context, f vfs.FS) error { return f.Rename(ctx, from, to, how) }
	}
	return []change{
		{"upload", upload(fresh, vfs.Create{}), layer.AllowUpload},
		{"upload by APPE", upload(fresh, vfs.Create{Append: true}), layer.AllowUpload},
		{"upload, exclusive", upload(fresh, vfs.Create{Exclusive: true}), layer.AllowUpload},
		{"overwrite", upload(file, vfs.Create{}), layer.AllowOverwrite},
		{"overwrite behind REST", upload(file, vfs.Create{Offset: 1}), layer.AllowOverwrite},
		{"append", upload(file, vfs.Create{Append: true}), layer.AllowAppend},
		{"remove", func(ctx context.Context, f vfs.FS) error { return f.Remove(ctx, file) }, layer.AllowDelete},
		{"rmdir", func(ctx context.Context, f vfs.FS) error { return f.Rmdir(ctx, empty) }, layer.AllowRmdir},
		{"mkdir", func(ctx context.Context, f vfs.FS) error { return f.Mkdir(ctx, fresh) }, layer.AllowMkdir},
		{"rename", rename(file, fresh, vfs.Rename{}), layer.AllowRename | layer.AllowUpload},
		{"rename, exclusive", rename(file, fresh, vfs.Rename{Exclusive: true}), layer.AllowRename | layer.AllowUpload},
		{"rename over a file", rename(file, path(t, "/d/g"), vfs.Rename{}), layer.AllowRename | layer.AllowOverwrite},
		{"rename a directory", rename(empty, fresh, vfs.Rename{}), layer.AllowRenameDir | layer.AllowMkdir},
		{"rename the directory of it all", rename(dir, path(t, "/e"), vfs.Rename{}), layer.AllowRenameDir | layer.AllowMkdir},
		{"set the time", func(ctx context.Context, f vfs.FS) error {
			return f.SetAttr(ctx, file, vfs.Attr{ModTime: time.Unix(1, 0)})
		}, layer.AllowAttr},
	}
}

func sample() vfs.FS {
	return memfs.From(map[string]string{"d/f": "content", "d/g": "other", "d/empty/": ""})
}

// S-73: what only reads changes nothing, whatever is asked of it.
func TestReadOnly(t *testing.T) {
	ctx := t.Context()
	inner := sample()
	f := layer.ReadOnly(inner)
	before, err := vfstest.Tree(ctx, f)
	if err != nil || len(before) != 4 {
		t.Fatalf("%d entries, %v", len(before), err)
	}
	for _, c := range changes(t) {
		wantErr(t, c.name, c.do(ctx, f), vfs.ErrPermission)
	}
	wantErr(t, "link", f.Symlink(ctx, path(t, "/d/f"), path(t, "/l")), vfs.ErrPermission)
	after, err := vfstest.Tree(ctx, inner)
	if diff := cmp.Diff(before, after); diff != "" || err != nil {
		t.Errorf("%v (-before +after):\n%s", err, diff)
	}
	if c := f.Caps(); c != (vfs.Caps{}) {
		t.Errorf("Caps %+v", c)
	}
	if e, err := f.Stat(ctx, path(t, "/d")); e.Rights != vfs.DirRead || err != nil {
		t.Errorf("rights to a directory %b, %v", e.Rights, err)
	}
	for e, err := range f.List(ctx, path(t, "/d"), vfs.WantAll) {
		if err != nil || e.Rights != vfs.FileRead && e.Rights != vfs.DirRead {
			t.Errorf("listed %+v, %v", e, err)
		}
	}
	if s, err := f.Space(ctx, vfs.Path{}); s.Free != 0 || err != nil {
		t.Errorf("space %+v, %v", s, err)
	}
	if sum, err := f.Hash(ctx, path(t, "/d/f"), vfs.CRC32, 0, -1); len(sum) != 4 || err != nil {
		t.Errorf("hash %x, %v", sum, err)
	}
	up, err := inner.Create(ctx, path(t, "/d/part"), vfs.Create{})
	if err != nil {
		t.Fatal(err)
	}
	if err := up.Abort(vfs.ErrInterrupted); err != nil {
		t.Fatal(err)
	}
	_, err = f.Unfinished(ctx, path(t, "/d/part"))
	wantErr(t, "unfinished", err, vfs.ErrNotExist)
}
