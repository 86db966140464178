package layer

import (
	"context"
	"iter"

	"github.com/sealane/sealane/vfs"
)

// readOnly lets nothing through that would change the tree.
type readOnly struct{ inner vfs.FS }

// ReadOnly lets inner be read and nothing else: what would change it is
// vfs.ErrPermission, whatever there is at the path. Uploads that broke off are
// not to be seen, since nobody could continue them.
func ReadOnly(inner vfs.FS) vfs.FS { return &readOnly{inner} }

func (r *readOnly) Caps() vfs.Caps {
	return vfs.Caps{Durability: r.inner.Caps().Durability}
}

func (r *readOnly) entry(e vfs.Entry) vfs.Entry {
	e.Rights &= vfs.FileRead | vfs.DirRead
	return e
}

func (r *readOnly) Stat(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	e, err := r.inner.Stat(ctx, p)
	return r.entry(e), err
}

func (r *readOnly) List(ctx context.Context, p vfs.Path, want vfs.Fields) iter.Seq2[vfs.Entry, error] {
	return func(yield func(vfs.Entry, error) bool) {
		for e, err := range r.inner.List(ctx, p, want) {
			if !yield(r.entry(e), err) {
				return
			}
		}
	}
}

func (r *readOnly) Open(ctx context.Context, p vfs.Path) (vfs.File, error) {
	f, err := r.inner.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	return &entryFile{f, r.entry(f.Entry())}, nil
}

// entryFile is a file whose description a layer has changed.
type entryFile struct {
	inner vfs.File
	entry vfs.Entry
}

func (f *entryFile) Read(b []byte) (int, error) { return f.inner.Read(b) }

func (f *entryFile) Seek(off int64, whence int) (int64, error) { return f.inner.Seek(off, whence) }

func (f *entryFile) Close() error { return f.inner.Close() }

func (f *entryFile) Entry() vfs.Entry { return f.entry }

func (r *readOnly) refuse(ctx context.Context, op string, p vfs.Path) error {
	if err := ctx.Err(); err != nil {
		return fail(op, p, err)
	}
	return fail(op, p, vfs.ErrPermission)
}

func (r *readOnly) Create(ctx context.Context, p vfs.Path, _ vfs.Create) (vfs.Upload, error) {
	return nil, r.refuse(ctx, "create", p)
}

func (r *readOnly) Unfinished(_ context.Context, p vfs.Path) (vfs.Entry, error) {
	return vfs.Entry{}, fail("find an upload of", p, vfs.ErrNotExist)
}

func (r *readOnly) Mkdir(ctx context.Context, p vfs.Path) error {
	return r.refuse(ctx, "make directory", p)
}

func (r *readOnly) Symlink(ctx context.Context, _, p vfs.Path) error {
	return r.refuse(ctx, "link", p)
}

func (r *readOnly) Remove(ctx context.Context, p vfs.Path) error {
	return r.refuse(ctx, "remove", p)
}

func (r *readOnly) Rmdir(ctx context.Context, p vfs.Path) error {
	return r.refuse(ctx, "remove directory", p)
}

func (r *readOnly) Rename(ctx context.Context, from, _ vfs.Path, _ vfs.Rename) error {
	return r.refuse(ctx, "rename", from)
}

func (r *readOnly) SetAttr(ctx context.Context, p vfs.Path, _ vfs.Attr) error {
	return r.refuse(ctx, "set attributes of", p)
}

func (r *readOnly) Hash(ctx context.Context, p vfs.Path, h vfs.Hash, from, to int64) ([]byte, error) {
	return r.inner.Hash(ctx, p, h, from, to)
}

// Space tells the size of the storage, and that nothing of it is free for the
// account.
func (r *readOnly) Space(ctx context.Context, p vfs.Path) (vfs.Space, error) {
	s, err := r.inner.Space(ctx, p)
	s.Free = 0
	return s, err
}

func (r *readOnly) Close() error { return r.inner.Close() }
