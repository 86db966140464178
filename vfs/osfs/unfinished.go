package osfs

import (
	"context"

	"github.com/sealane/sealane/vfs"
)

func (f *FS) Symlink(_ context.Context, _, p vfs.Path) error {
	return f.fail("link", p, vfs.ErrUnsupported)
}

func (f *FS) Unfinished(_ context.Context, p vfs.Path) (vfs.Entry, error) {
	return vfs.Entry{}, f.fail("find an upload of", p, vfs.ErrNotExist)
}

func (f *FS) Hash(ctx context.Context, p vfs.Path, h vfs.Hash, from, to int64) ([]byte, error) {
	file, err := f.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return vfs.HashFile(ctx, file, h, from, to)
}

func (f *FS) Space(context.Context, vfs.Path) (vfs.Space, error) {
	return vfs.Space{Free: -1, Total: -1}, nil
}

func (u *upload) Offset() int64 { return 0 }
