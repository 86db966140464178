package layer_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/layer"
	"github.com/sealane/sealane/vfs/memfs"
)

// Every operation is told once, when it ends, with what became of it.
func TestObserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		var told []layer.Operation
		f := layer.Observe(memfs.From(map[string]string{"f": "content", "d/": ""}), func(_ context.Context, o layer.Operation) {
			told = append(told, o)
		})
		p, d, q := path(t, "/f"), path(t, "/d"), path(t, "/q")
		errLost := errors.New("lost")
		upload := func(how vfs.Create, end func(vfs.Upload)) func() {
			return func() {
				up, err := f.Create(ctx, q, how)
				if err != nil {
					return
				}
				io.WriteString(up, "1234")
				time.Sleep(time.Second)
				end(up)
				up.Abort(nil)
			}
		}
		for _, step := range []struct {
			do   func()
			want layer.Operation
		}{
			{func() { f.Stat(ctx, p) }, layer.Operation{Op: layer.OpStat, Path: p}},
			{func() { f.Stat(ctx, q) }, layer.Operation{Op: layer.OpStat, Path: q, Err: vfs.ErrNotExist}},
			{func() {
				for range f.List(ctx, vfs.Path{}, vfs.WantAll) {
				}
			}, layer.Operation{Op: layer.OpList, Count: 2}},
			{func() {
				for range f.List(ctx, vfs.Path{}, vfs.WantAll) {
					break
				}
			}, layer.Operation{Op: layer.OpList, Count: 1}},
			{func() {
				for range f.List(ctx, p, vfs.WantAll) {
				}
			}, layer.Operation{Op: layer.OpList, Path: p, Err: vfs.ErrNotDir}},
			{func() {
				file, err := f.Open(ctx, p)
				if err != nil {
					t.Fatal(err)
				}
				io.ReadAll(file)
				time.Sleep(time.Minute)
				file.Close()
				file.Close()
			}, layer.Operation{Op: layer.OpRead, Path: p, Bytes: 7, Size: 7, Took: time.Minute}},
			{func() { f.Open(ctx, d) }, layer.Operation{Op: layer.OpRead, Path: d, Err: vfs.ErrIsDir}},
			{upload(vfs.Create{}, func(up vfs.Upload) { up.Commit(ctx) }), layer.Operation{Op: layer.OpWrite, Path: q, Bytes: 4, Size: 4, Took: time.Second}},
			{upload(vfs.Create{Append: true}, func(up vfs.Upload) { up.Commit(ctx) }), layer.Operation{Op: layer.OpWrite, Path: q, How: vfs.Create{Append: true}, Bytes: 4, Size: 8, Took: time.Second}},
			{upload(vfs.Create{}, func(up vfs.Upload) { up.Abort(errLost) }), layer.Operation{Op: layer.OpWrite, Path: q, Bytes: 4, Took: time.Second, Err: errLost}},
			{upload(vfs.Create{}, func(vfs.Upload) {}), layer.Operation{Op: layer.OpWrite, Path: q, Bytes: 4, Took: time.Second, Err: layer.ErrAborted}},
			{upload(vfs.Create{Exclusive: true}, func(vfs.Upload) {}), layer.Operation{Op: layer.OpWrite, Path: q, How: vfs.Create{Exclusive: true}, Err: vfs.ErrExist}},
			{func() { f.Unfinished(ctx, p) }, layer.Operation{Op: layer.OpUnfinished, Path: p, Err: vfs.ErrNotExist}},
			{func() { f.Mkdir(ctx, d) }, layer.Operation{Op: layer.OpMkdir, Path: d, Err: vfs.ErrExist}},
			{func() { f.Symlink(ctx, p, q) }, layer.Operation{Op: layer.OpSymlink, Path: q, To: p, Err: vfs.ErrUnsupported}},
			{func() { f.SetAttr(ctx, p, vfs.Attr{}) }, layer.Operation{Op: layer.OpSetAttr, Path: p}},
			{func() { f.Hash(ctx, p, vfs.MD5, 0, -1) }, layer.Operation{Op: layer.OpHash, Path: p}},
			{func() { f.Space(ctx, d) }, layer.Operation{Op: layer.OpSpace, Path: d}},
			{func() { f.Rename(ctx, p, q, vfs.Rename{}) }, layer.Operation{Op: layer.OpRename, Path: p, To: q}},
			{func() { f.Remove(ctx, q) }, layer.Operation{Op: layer.OpRemove, Path: q}},
			{func() { f.Rmdir(ctx, d) }, layer.Operation{Op: layer.OpRmdir, Path: d}},
		} {
			told = nil
			step.want.Began = time.Now()
			step.do()
			same := []cmp.Option{cmpopts.EquateErrors(), cmp.Comparer(func(a, b vfs.Path) bool { return a == b })}
			if diff := cmp.Diff([]layer.Operation{step.want}, told, same...); diff != "" {
				t.Errorf("%v (-want +got):\n%s", step.want.Op, diff)
			}
		}
	})
}

// What a Read met is told, though Close went well.
func TestObserveTellsBrokenReads(t *testing.T) {
	errDisk := errors.New("disk")
	var told layer.Operation
	f := layer.Observe(broken{memfs.New(), errDisk}, func(_ context.Context, o layer.Operation) { told = o })
	if _, err := get(t.Context(), f, path(t, "/f")); !errors.Is(err, errDisk) {
		t.Fatal(err)
	}
	if told.Op != layer.OpRead || !errors.Is(told.Err, errDisk) || told.Op.String() != "read" {
		t.Errorf("told %+v", told)
	}
}

// broken is a storage whose files cannot be read.
type broken struct {
	vfs.FS
	err error
}

func (b broken) Open(context.Context, vfs.Path) (vfs.File, error) { return blankFile{b}, nil }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
