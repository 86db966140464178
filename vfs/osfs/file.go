package osfs

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/sealane/sealane/vfs"
)

// file hides all of *os.File but reading.
type file struct {
	f     *os.File
	entry vfs.Entry
}

func (f *file) Read(b []byte) (int, error)                { return f.f.Read(b) }
func (f *file) Seek(off int64, whence int) (int64, error) { return f.f.Seek(off, whence) }
func (f *file) Close() error                              { return f.f.Close() }
func (f *file) Entry() vfs.Entry                          { return f.entry }

// Open implements vfs.FS.
func (f *FS) Open(ctx context.Context, p vfs.Path) (vfs.File, error) {
	if err := mayFind(ctx, p); err != nil {
		return nil, f.fail("open", p, err)
	}
	o, info, err := f.open(p)
	if err != nil {
		return nil, f.fail("open", p, err)
	}
	return &file{o, entry(p.Base(), info)}, nil
}

// open opens the regular file p. What it is, is asked of the descriptor: the
// name may mean something else a moment later.
func (f *FS) open(p vfs.Path) (*os.File, fs.FileInfo, error) {
	o, err := f.root.OpenFile(p.Rel(), readFlags, 0)
	if err != nil {
		// Sockets, and links that lead nowhere, fail to open, each in its way.
		if info, serr := f.stat(p); serr == nil && !info.Mode().IsRegular() && !info.IsDir() {
			return nil, nil, vfs.ErrNotRegular
		}
		return nil, nil, err
	}
	info, err := o.Stat()
	if err == nil {
		err = regular(info)
	}
	if err != nil {
		return nil, nil, errors.Join(err, o.Close())
	}
	return o, info, nil
}

// regular is nil for a regular file, and says what else it is.
func regular(info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return vfs.ErrIsDir
	case !info.Mode().IsRegular():
		return vfs.ErrNotRegular
	}
	return nil
}
