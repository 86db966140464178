package memfs

import (
	"context"
	"io/fs"

	"github.com/sealane/sealane/vfs"
)

// SetAttr implements vfs.FS. A mode is kept and shown, and forbids nothing; an
// AccessTime is taken, and there is nobody who could read it.
func (f *FS) SetAttr(ctx context.Context, p vfs.Path, a vfs.Attr) error {
	if err := f.begin(ctx); err != nil {
		return fail("set attributes of", p, err)
	}
	defer f.mu.Unlock()
	n, err := f.find(p)
	if err != nil {
		return fail("set attributes of", p, err)
	}
	switch {
	case a.Group != "":
		return fail("set attributes of", p, vfs.ErrUnsupported)
	case a.Mode != nil && *a.Mode&^fs.ModePerm != 0:
		return fail("set attributes of", p, vfs.ErrPermission)
	case a.Mode != nil:
		n.mode = *a.Mode
	}
	if !a.ModTime.IsZero() {
		n.modTime = a.ModTime
	}
	if !a.Created.IsZero() {
		n.created = a.Created
	}
	return nil
}
