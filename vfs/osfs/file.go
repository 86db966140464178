package osfs

import (
	"context"
	"errors"
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
	if err := f.mayFind(ctx, p); err != nil {
		return nil, f.fail("open", p, err)
	}
	o, in, err := f.open(p)
	if err != nil {
		return nil, f.fail("open", p, err)
	}
	e := in.entry(p.Base(), vfs.WantAll)
	e.Rights = vfs.RightsOf(e, true)
	return &file{o, e}, nil
}

// open opens the regular file p. What it is, is asked of the descriptor: the
// name may mean something else a moment later.
func (f *FS) open(p vfs.Path) (*os.File, info, error) {
	if p.IsRoot() {
		return nil, info{}, vfs.ErrIsDir
	}
	d, err := f.folder.openDir(p.Dir())
	if err != nil {
		return nil, info{}, err
	}
	defer d.close()
	o, err := d.open(p.Base(), os.O_RDONLY)
	if err != nil {
		o, err = f.openOdd(d, p, err)
	}
	if err != nil {
		return nil, info{}, err
	}
	in, err := statFile(o, true)
	if err == nil {
		err = in.regular()
	}
	if err != nil {
		return nil, info{}, errors.Join(err, o.Close())
	}
	return o, in, nil
}

// openOdd is for what did not open at once: it follows a link. Sockets, and links
// that lead nowhere, fail to open, each in its way.
func (f *FS) openOdd(d *dir, p vfs.Path, failed error) (*os.File, error) {
	in, err := d.stat(p.Base(), false)
	if err != nil {
		return nil, failed
	}
	if in.isLink() {
		in, err = f.folder.followLink(p)
		if err == nil && in.mode.IsRegular() {
			return f.folder.root.OpenFile(p.Rel(), os.O_RDONLY|noWait, 0)
		}
		if err == nil && in.mode.IsDir() {
			return nil, vfs.ErrIsDir
		}
		return nil, vfs.ErrNotRegular
	}
	if !in.mode.IsRegular() && !in.mode.IsDir() {
		return nil, vfs.ErrNotRegular
	}
	return nil, failed
}

// look describes what p leads to, or p itself if it is a link that leads nowhere.
func (t *folder) look(p vfs.Path) (info, error) {
	d, err := t.openDir(p.Dir())
	if err != nil {
		return info{}, err
	}
	defer d.close()
	if p.IsRoot() {
		return d.self, nil
	}
	in, err := d.stat(p.Base(), true)
	if err == nil && in.isLink() {
		in = t.followOr(p, in)
	}
	return in, err
}
