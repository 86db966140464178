package osfs

import (
	"context"
	"errors"
	"io/fs"

	"github.com/sealane/sealane/vfs"
)

// SetAttr implements vfs.FS. A link is followed; one that cannot be followed,
// and a special file, is ErrNotRegular. If the system refuses the last of several
// attributes, the first are put back.
func (f *FS) SetAttr(ctx context.Context, p vfs.Path, a vfs.Attr) error {
	err := f.mayFind(ctx, p)
	if err == nil {
		err = f.setAttr(p, a)
	}
	if err != nil {
		return f.fail("set attributes of", p, err)
	}
	return nil
}

func (f *FS) setAttr(p vfs.Path, a vfs.Attr) error {
	in, err := f.folder.look(p)
	if err != nil {
		return err
	}
	if !in.mode.IsDir() && !in.mode.IsRegular() {
		return vfs.ErrNotRegular
	}
	gid, err := f.allowed(a)
	if err != nil {
		return err
	}
	root, rel := f.folder.root, p.Rel()
	var undo []func() error
	if gid >= 0 {
		if err := root.Chown(rel, -1, gid); err != nil {
			return err
		}
		undo = append(undo, func() error {
			return errors.Join(root.Chown(rel, -1, int(in.owner.GID)), root.Chmod(rel, in.mode))
		})
	}
	if a.Mode != nil {
		if err := root.Chmod(rel, *a.Mode|in.mode&keptBits(in)); err != nil {
			return errors.Join(err, unwind(undo))
		}
		undo = append(undo, func() error { return root.Chmod(rel, in.mode) })
	}
	if !a.ModTime.IsZero() || !a.AccessTime.IsZero() {
		// os: a zero time is left as it is.
		if err := root.Chtimes(rel, a.AccessTime, a.ModTime); err != nil {
			return errors.Join(err, unwind(undo))
		}
	}
	return nil
}

// keptBits are the bits of a mode that SetAttr does not give and does not take:
// those by which an operator has a directory hand on its group or keep its
// entries from others. Of a file it takes setuid and setgid (S-87).
func keptBits(in info) fs.FileMode {
	if in.mode.IsDir() {
		return fs.ModeSetgid | fs.ModeSticky
	}
	return 0
}

// allowed judges all that is asked for before anything is done; gid is -1 if no
// group is to be set.
func (f *FS) allowed(a vfs.Attr) (gid int, err error) {
	if !a.Created.IsZero() {
		return -1, vfs.ErrUnsupported
	}
	if a.Mode != nil {
		if !hasModes {
			return -1, vfs.ErrUnsupported
		}
		if *a.Mode&^fs.ModePerm != 0 {
			return -1, vfs.ErrPermission
		}
	}
	if a.Group == "" {
		return -1, nil
	}
	gid, ok := f.rules.groups[a.Group]
	if !ok {
		return -1, vfs.ErrPermission
	}
	return gid, nil
}

func unwind(undo []func() error) error {
	var err error
	for i := len(undo) - 1; i >= 0; i-- {
		err = errors.Join(err, undo[i]())
	}
	return err
}
