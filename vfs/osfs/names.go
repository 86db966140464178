package osfs

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/sealane/sealane/vfs"
)

// Mkdir implements vfs.FS.
func (f *FS) Mkdir(ctx context.Context, p vfs.Path) error {
	if err := mayMake(ctx, p); err != nil {
		return f.fail("make directory", p, err)
	}
	if p.IsRoot() {
		return f.fail("make directory", p, vfs.ErrExist)
	}
	err := f.root.Mkdir(p.Rel(), 0o777&^f.umask)
	if err == nil {
		err = f.syncDir(p.Dir())
	}
	if err != nil {
		return f.fail("make directory", p, err)
	}
	return nil
}

// Remove implements vfs.FS. A link is removed itself. Special files are
// ErrNotRegular: nobody made them over this interface.
func (f *FS) Remove(ctx context.Context, p vfs.Path) error {
	err := f.remove(ctx, p, func(info fs.FileInfo) error {
		if info.Mode()&fs.ModeSymlink != 0 {
			return nil
		}
		return regular(info)
	})
	if err != nil {
		return f.fail("remove", p, err)
	}
	return nil
}

// Rmdir implements vfs.FS. A link to a directory is ErrNotDir.
func (f *FS) Rmdir(ctx context.Context, p vfs.Path) error {
	err := f.remove(ctx, p, func(info fs.FileInfo) error {
		switch {
		case p.IsRoot():
			return vfs.ErrPermission
		case !info.IsDir():
			return vfs.ErrNotDir
		}
		return nil
	})
	if err != nil {
		return f.fail("remove directory", p, err)
	}
	return nil
}

// remove deletes p if allow has nothing against what it is.
func (f *FS) remove(ctx context.Context, p vfs.Path, allow func(fs.FileInfo) error) error {
	if err := mayFind(ctx, p); err != nil {
		return err
	}
	if err := f.unlink(p, allow); err != nil {
		return err
	}
	return f.syncDir(p.Dir())
}

func (f *FS) unlink(p vfs.Path, allow func(fs.FileInfo) error) error {
	f.names.Lock()
	defer f.names.Unlock()
	info, err := f.root.Lstat(p.Rel())
	if err != nil {
		return err
	}
	if err := allow(info); err != nil {
		return err
	}
	return f.root.Remove(p.Rel())
}

// Rename implements vfs.FS. A directory onto an existing file is ErrExist, as is
// anything onto a directory or onto a link to one. A link is moved itself. Of
// two hard links to one file, renaming one to the other leaves both (POSIX).
func (f *FS) Rename(ctx context.Context, from, to vfs.Path, _ vfs.Rename) error {
	if err := f.move(ctx, from, to); err != nil {
		return f.fail("rename to "+to.String(), from, err)
	}
	return nil
}

func (f *FS) move(ctx context.Context, from, to vfs.Path) error {
	if err := mayFind(ctx, from); err != nil {
		return err
	}
	if err := mayMake(ctx, to); err != nil {
		return err
	}
	if from.IsRoot() || to.IsRoot() {
		return vfs.ErrPermission
	}
	if err := f.relink(from, to); err != nil || from == to {
		return err
	}
	err := f.syncDir(to.Dir())
	if from.Dir() != to.Dir() {
		err = errors.Join(err, f.syncDir(from.Dir()))
	}
	return err
}

func (f *FS) relink(from, to vfs.Path) error {
	f.names.Lock()
	defer f.names.Unlock()
	source, err := f.root.Lstat(from.Rel())
	if err != nil || from == to {
		return err
	}
	if source.IsDir() && from.Contains(to) {
		return vfs.ErrBadName
	}
	if now, err := f.root.Lstat(to.Rel()); err == nil && os.SameFile(source, now) {
		// On a disk that ignores case: the same entry, to be spelled anew.
		return f.root.Rename(from.Rel(), to.Rel())
	}
	old, err := f.target(to)
	if errors.Is(err, vfs.ErrIsDir) || err == nil && old != nil && source.IsDir() {
		return vfs.ErrExist
	}
	if err != nil {
		return err
	}
	return f.root.Rename(from.Rel(), to.Rel())
}
