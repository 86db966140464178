package memfs

import (
	"bytes"
	"context"
	"io/fs"

	"github.com/sealane/sealane/vfs"
)

// file reads one version of a file, whatever becomes of its name.
type file struct {
	r      *bytes.Reader
	entry  vfs.Entry
	closed bool
}

// Open implements vfs.FS.
func (f *FS) Open(ctx context.Context, p vfs.Path) (vfs.File, error) {
	if err := f.begin(ctx); err != nil {
		return nil, fail("open", p, err)
	}
	defer f.mu.Unlock()
	n, err := f.find(p)
	if err == nil && n.isDir() {
		err = vfs.ErrIsDir
	}
	if err != nil {
		return nil, fail("open", p, err)
	}
	return &file{r: bytes.NewReader(n.data), entry: n.entry(p.Base())}, nil
}

func (f *file) Read(b []byte) (int, error) {
	if f.closed {
		return 0, fs.ErrClosed
	}
	return f.r.Read(b)
}

func (f *file) Seek(off int64, whence int) (int64, error) {
	if f.closed {
		return 0, fs.ErrClosed
	}
	return f.r.Seek(off, whence)
}

func (f *file) Close() error {
	if f.closed {
		return fs.ErrClosed
	}
	f.closed = true
	return nil
}

func (f *file) Entry() vfs.Entry { return f.entry }
