package daemon

import (
	"context"
	"iter"

	"github.com/sealane/sealane/vfs"
)

// recordedFS is a tree in which nothing is read or changed unrecorded.
type recordedFS struct {
	inner vfs.FS
	r     *recorder
}

func (f recordedFS) Open(ctx context.Context, p vfs.Path) (vfs.File, error) {
	if err := f.r.down(); err != nil {
		return nil, err
	}
	return f.inner.Open(ctx, p)
}

func (f recordedFS) Create(ctx context.Context, p vfs.Path, how vfs.Create) (vfs.Upload, error) {
	if err := f.r.down(); err != nil {
		return nil, err
	}
	return f.inner.Create(ctx, p, how)
}

func (f recordedFS) Mkdir(ctx context.Context, p vfs.Path) error {
	if err := f.r.down(); err != nil {
		return err
	}
	return f.inner.Mkdir(ctx, p)
}

func (f recordedFS) Symlink(ctx context.Context, target, p vfs.Path) error {
	if err := f.r.down(); err != nil {
		return err
	}
	return f.inner.Symlink(ctx, target, p)
}

func (f recordedFS) Remove(ctx context.Context, p vfs.Path) error {
	if err := f.r.down(); err != nil {
		return err
	}
	return f.inner.Remove(ctx, p)
}

func (f recordedFS) Rmdir(ctx context.Context, p vfs.Path) error {
	if err := f.r.down(); err != nil {
		return err
	}
	return f.inner.Rmdir(ctx, p)
}

func (f recordedFS) Rename(ctx context.Context, from, to vfs.Path, how vfs.Rename) error {
	if err := f.r.down(); err != nil {
		return err
	}
	return f.inner.Rename(ctx, from, to, how)
}

func (f recordedFS) SetAttr(ctx context.Context, p vfs.Path, a vfs.Attr) error {
	if err := f.r.down(); err != nil {
		return err
	}
	return f.inner.SetAttr(ctx, p, a)
}

func (f recordedFS) List(ctx context.Context, p vfs.Path, want vfs.Fields) iter.Seq2[vfs.Entry, error] {
	if err := f.r.down(); err != nil {
		return func(yield func(vfs.Entry, error) bool) { yield(vfs.Entry{}, err) }
	}
	return f.inner.List(ctx, p, want)
}

// What follows tells of the tree, and neither gives out what is in files nor changes anything.

func (f recordedFS) Caps() vfs.Caps { return f.inner.Caps() }

func (f recordedFS) Stat(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	return f.inner.Stat(ctx, p)
}

func (f recordedFS) Unfinished(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	return f.inner.Unfinished(ctx, p)
}

func (f recordedFS) Hash(ctx context.Context, p vfs.Path, h vfs.Hash, from, to int64) ([]byte, error) {
	if err := f.r.down(); err != nil {
		return nil, err
	}
	return f.inner.Hash(ctx, p, h, from, to)
}

func (f recordedFS) Space(ctx context.Context, p vfs.Path) (vfs.Space, error) {
	return f.inner.Space(ctx, p)
}

func (f recordedFS) Close() error { return f.inner.Close() }
