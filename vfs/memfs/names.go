package memfs

import (
	"context"
	"errors"
	"time"

	"github.com/sealane/sealane/vfs"
)

// Mkdir implements vfs.FS.
func (f *FS) Mkdir(ctx context.Context, p vfs.Path) error {
	if err := f.begin(ctx); err != nil {
		return fail("make directory", p, err)
	}
	defer f.mu.Unlock()
	parent, err := f.parent(p)
	if err == nil && (p.IsRoot() || parent.entries[p.Base()] != nil) {
		err = vfs.ErrExist
	}
	if err != nil {
		return fail("make directory", p, err)
	}
	parent.put(p.Base(), f.newDir())
	return nil
}

// Remove implements vfs.FS.
func (f *FS) Remove(ctx context.Context, p vfs.Path) error {
	err := f.remove(ctx, p, func(n *node) error {
		if n.isDir() {
			return vfs.ErrIsDir
		}
		return nil
	})
	if errors.Is(err, vfs.ErrNotExist) && f.forgetNow(p) {
		return nil
	}
	if err != nil {
		return fail("remove", p, err)
	}
	return nil
}

// Rmdir implements vfs.FS.
func (f *FS) Rmdir(ctx context.Context, p vfs.Path) error {
	err := f.remove(ctx, p, func(n *node) error {
		switch {
		case p.IsRoot():
			return vfs.ErrPermission
		case !n.isDir():
			return vfs.ErrNotDir
		case len(n.entries) > 0:
			return vfs.ErrNotEmpty
		}
		return nil
	})
	if err != nil {
		return fail("remove directory", p, err)
	}
	return nil
}

func (f *FS) remove(ctx context.Context, p vfs.Path, allow func(*node) error) error {
	if err := f.begin(ctx); err != nil {
		return err
	}
	defer f.mu.Unlock()
	n, err := f.find(p)
	if err != nil {
		return err
	}
	if err := allow(n); err != nil {
		return err
	}
	parent, err := f.parent(p)
	if err != nil {
		return err
	}
	f.used -= int64(len(n.data))
	parent.put(p.Base(), nil)
	return nil
}

// Rename implements vfs.FS. A directory onto an existing file is ErrExist.
func (f *FS) Rename(ctx context.Context, from, to vfs.Path, how vfs.Rename) error {
	if err := f.rename(ctx, from, to, how); err != nil {
		return fail("rename to "+to.String(), from, err)
	}
	return nil
}

func (f *FS) rename(ctx context.Context, from, to vfs.Path, how vfs.Rename) error {
	if err := f.begin(ctx); err != nil {
		return err
	}
	defer f.mu.Unlock()
	if from.IsRoot() || to.IsRoot() {
		return vfs.ErrPermission
	}
	source, err := f.find(from)
	if err != nil || from == to {
		return err
	}
	if source.isDir() && from.Contains(to) {
		return vfs.ErrBadName
	}
	parent, err := f.parent(to)
	if err != nil {
		return err
	}
	if old := parent.entries[to.Base()]; old != nil {
		if old.isDir() || source.isDir() || how.Exclusive {
			return vfs.ErrExist
		}
		f.used -= int64(len(old.data))
	}
	oldParent, err := f.parent(from)
	if err != nil {
		return err
	}
	oldParent.put(from.Base(), nil)
	parent.put(to.Base(), source)
	return nil
}

// put sets the entry called name in directory d; nil takes it out.
func (d *node) put(name string, n *node) {
	if n == nil {
		delete(d.entries, name)
	} else {
		d.entries[name] = n
	}
	d.modTime = time.Now()
}
