package osfs

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/sealane/sealane/vfs"
)

// tempMode keeps an upload in progress from other users of the machine.
const tempMode = 0o600

// upload is a hidden file on its way to its name.
type upload struct {
	fs     *FS
	path   vfs.Path
	dir    *os.Root // the directory of path
	temp   string   // the hidden name in dir
	file   *os.File
	mode   fs.FileMode // what the file gets in the end
	old    fs.FileInfo // the file to be replaced, as it was at the start; nil: none
	append bool
	err    error // the first failed Write; it makes Commit fail
	done   bool
}

// Write implements vfs.Upload.
func (u *upload) Write(b []byte) (int, error) {
	if u.done {
		return 0, u.fs.fail("write", u.path, fs.ErrClosed)
	}
	n, err := u.file.Write(b)
	if err != nil {
		err = u.fs.fail("write", u.path, err)
		if u.err == nil {
			u.err = err
		}
	}
	return n, err
}

// Commit implements vfs.Upload.
func (u *upload) Commit(ctx context.Context) (vfs.Entry, error) {
	if u.done {
		return vfs.Entry{}, u.fs.fail("commit", u.path, fs.ErrClosed)
	}
	info, err := u.finish(ctx)
	if err == nil {
		err = u.publish()
	}
	if err != nil {
		return vfs.Entry{}, u.fs.fail("commit", u.path, errors.Join(err, u.Abort(err)))
	}
	u.done = true
	// A sync that failed is final: after it the kernel may have dropped the
	// pages, and a second one would report success.
	if err := errors.Join(syncRoot(u.dir), u.dir.Close()); err != nil {
		return vfs.Entry{}, u.fs.fail("commit", u.path, err)
	}
	return entry(u.path.Base(), info), nil
}

// finish brings the hidden file to the disk, whole and with its final mode.
func (u *upload) finish(ctx context.Context) (fs.FileInfo, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if u.err != nil {
		return nil, u.err
	}
	if err := u.file.Chmod(u.mode); err != nil {
		// Disks without permissions (vfat) refuse, and have given the file a
		// mode of their own already.
		if info, serr := u.file.Stat(); serr != nil || info.Mode().Perm() == tempMode {
			return nil, err
		}
	}
	if err := u.file.Sync(); err != nil {
		return nil, err
	}
	info, err := u.file.Stat()
	if err != nil {
		return nil, err
	}
	// Network file systems report some errors of writing only here.
	if err := u.file.Close(); err != nil {
		return nil, err
	}
	return info, ctx.Err()
}

// publish gives the hidden file its name.
func (u *upload) publish() error {
	name := u.path.Base()
	u.fs.names.Lock()
	defer u.fs.names.Unlock()
	now, err := u.dir.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		now = nil
	case err != nil:
		return err
	case now.Mode()&fs.ModeSymlink != 0:
		if u.append {
			if now, err = u.fs.root.Stat(u.path.Rel()); err != nil {
				return vfs.ErrConflict
			}
		}
	default:
		if err := regular(now); err != nil {
			return err
		}
	}
	if u.append && !sameVersion(u.old, now) {
		return vfs.ErrConflict
	}
	return u.dir.Rename(u.temp, name)
}

// sameVersion reports whether a and b describe the same bytes, as far as the
// system tells; two nils do.
func sameVersion(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// Abort implements vfs.Upload.
func (u *upload) Abort(error) error {
	if u.done {
		return nil
	}
	u.done = true
	u.file.Close() // Commit may have closed it; what it held is thrown away
	err := errors.Join(u.dir.Remove(u.temp), u.dir.Close())
	if err != nil {
		return u.fs.fail("abort", u.path, err)
	}
	return nil
}
