package osfs

import (
	"context"
	"errors"
	"io/fs"

	"github.com/sealane/sealane/vfs"
)

// Mkdir implements vfs.FS.
func (f *FS) Mkdir(ctx context.Context, p vfs.Path) error {
	err := f.mayMake(ctx, p)
	if err == nil && p.IsRoot() {
		err = vfs.ErrExist
	}
	if err == nil {
		err = f.mkdir(p)
	}
	if err != nil {
		return f.fail("make directory", p, err)
	}
	return nil
}

func (f *FS) mkdir(p vfs.Path) error {
	parent, err := f.folder.openDir(p.Dir())
	if err != nil {
		return err
	}
	defer parent.close()
	c := f.changing(parent)
	defer c.end()
	calls := f.folder.calls
	if err := calls.mkdir(parent, p.Base()); err != nil {
		return err
	}
	if err := f.dress(parent, p.Base()); err != nil {
		return errors.Join(err, calls.rmdir(parent, p.Base()))
	}
	return c.sync()
}

// dress gives a new directory its owner and permissions. A setgid bit that it
// has inherited is the will of who set it on its parent.
func (f *FS) dress(parent *dir, name string) error {
	d, err := parent.openDir(name)
	if err != nil {
		return err
	}
	defer d.close()
	return d.dress(f.folder.calls, f.rules)
}

// Remove implements vfs.FS. A link is removed itself. Special files are
// ErrNotRegular: nobody made them over this interface.
func (f *FS) Remove(ctx context.Context, p vfs.Path) error {
	err := f.remove(ctx, p, f.folder.calls.unlink, func(in info) error {
		if in.isLink() {
			return nil
		}
		return in.regular()
	})
	if isNotExist(err) && f.forget(p) {
		return nil
	}
	if err != nil {
		return f.fail("remove", p, err)
	}
	return nil
}

// Rmdir implements vfs.FS. A link to a directory is ErrNotDir.
func (f *FS) Rmdir(ctx context.Context, p vfs.Path) error {
	err := f.remove(ctx, p, f.rmdir, func(in info) error {
		switch {
		case p.IsRoot():
			return vfs.ErrPermission
		case !in.mode.IsDir():
			return vfs.ErrNotDir
		}
		return nil
	})
	if err != nil {
		return f.fail("remove directory", p, err)
	}
	return nil
}

// rmdir tries again if all that is in the directory are files which uploads of
// killed servers have left, and which nobody else can remove.
func (f *FS) rmdir(parent *dir, name string) error {
	err := f.folder.calls.rmdir(parent, name)
	if !errors.Is(f.folder.sentinel(err), vfs.ErrNotEmpty) {
		return err
	}
	d, derr := parent.openDir(name)
	if derr != nil {
		return err
	}
	defer d.close()
	if !f.folder.clear(d) {
		return err
	}
	return f.folder.calls.rmdir(parent, name)
}

// remove deletes p by call if allow has nothing against what it is.
func (f *FS) remove(ctx context.Context, p vfs.Path, call func(*dir, string) error, allow func(info) error) error {
	if err := f.mayFind(ctx, p); err != nil {
		return err
	}
	if err := f.folder.enter(); err != nil {
		return err
	}
	defer f.folder.leave()
	parent, err := f.folder.openDir(p.Dir())
	if err != nil {
		return err
	}
	defer parent.close()
	if p.IsRoot() {
		return allow(parent.self)
	}
	c := f.changing(parent)
	defer c.end()
	if err := f.unlink(parent, p.Base(), call, allow); err != nil {
		return err
	}
	return c.sync()
}

func (f *FS) unlink(parent *dir, name string, call func(*dir, string) error, allow func(info) error) error {
	defer f.folder.lockNames()()
	in, err := parent.stat(name, false)
	if err != nil {
		return err
	}
	if err := allow(in); err != nil {
		return err
	}
	return call(parent, name)
}

// Rename implements vfs.FS. A directory onto an existing file is ErrExist, as is
// anything onto a directory or onto a link to one. A link is moved itself. Of
// two hard links to one file, renaming one to the other leaves both (POSIX).
func (f *FS) Rename(ctx context.Context, from, to vfs.Path, how vfs.Rename) error {
	if err := f.move(ctx, from, to, how); err != nil {
		return f.fail("rename to "+to.String(), from, err)
	}
	return nil
}

func (f *FS) move(ctx context.Context, from, to vfs.Path, how vfs.Rename) error {
	if err := f.mayFind(ctx, from); err != nil {
		return err
	}
	if err := f.mayMake(ctx, to); err != nil {
		return err
	}
	if from.IsRoot() || to.IsRoot() {
		return vfs.ErrPermission
	}
	if err := f.folder.enter(); err != nil {
		return err
	}
	defer f.folder.leave()
	a, err := f.folder.openDir(from.Dir())
	if err != nil {
		return err
	}
	defer a.close()
	source, err := a.stat(from.Base(), false)
	if err != nil || from == to {
		return err
	}
	if source.mode.IsDir() && from.Contains(to) {
		return vfs.ErrBadName
	}
	b, err := f.folder.openDir(to.Dir())
	if err != nil {
		return err
	}
	defer b.close()
	there := f.changing(b)
	defer there.end()
	here := there
	if !sameFile(a.self, b.self) {
		here = f.changing(a)
		defer here.end()
	}
	if err := f.relink(a, from, b, to, how); err != nil {
		return err
	}
	err = there.sync()
	if here != there {
		err = errors.Join(err, here.sync())
	}
	return err
}

func (f *FS) relink(a *dir, from vfs.Path, b *dir, to vfs.Path, how vfs.Rename) error {
	defer f.folder.lockNames()()
	t := f.folder
	source, err := a.stat(from.Base(), false)
	if err != nil {
		return err
	}
	now, err := b.stat(to.Base(), false)
	switch {
	case isNotExist(err):
		if how.Exclusive || source.mode.IsDir() {
			return t.renameNew(a, from.Base(), b, to.Base(), source)
		}
	case err != nil:
		return err
	case sameFile(source, now):
		// On a disk that ignores case: the same entry, to be spelled anew.
	case how.Exclusive:
		return vfs.ErrExist
	default:
		if now.isLink() {
			now = t.followOr(to, now)
		}
		if now.mode.IsDir() || source.mode.IsDir() && now.mode.IsRegular() {
			return vfs.ErrExist
		}
		if err := now.regular(); err != nil {
			return err
		}
	}
	return t.calls.rename(a, from.Base(), b, to.Base())
}

// renameNew is a rename onto a name that must stay free. A directory cannot be
// linked, where that is how it is done; then the look that was taken must do.
func (t *folder) renameNew(a *dir, from string, b *dir, to string, source info) error {
	err := t.calls.renameNew(a, from, b, to)
	if err != nil && source.mode.IsDir() && !errors.Is(err, fs.ErrExist) && errors.Is(err, fs.ErrPermission) {
		return t.calls.rename(a, from, b, to)
	}
	return err
}
