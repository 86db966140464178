package osfs

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/sealane/sealane/vfs"
)

// upload is a file on its way to its name.
type upload struct {
	fs   *FS
	path vfs.Path
	how  vfs.Create
	dir  *dir // the directory of path

	file *os.File
	home *dir   // where the file has its name until Commit; nil: it has none
	temp string // its name there; "": none

	mode     fs.FileMode // what the file gets in the end
	old      info        // the file to be replaced, as it was at the start
	replaces bool        // there is an old file
	builds   bool        // on the bytes of the old file
	offset   int64       // how many bytes were kept
	size     int64       // bytes written since
	started  int64       // how many of those are on their way to the disk
	err      error       // the first failed Write; it makes Commit fail
	done     bool
}

// Offset implements vfs.Upload.
func (u *upload) Offset() int64 { return u.offset }

// writeStep is how many bytes are gathered before the system is told to begin
// with writing them to the disk.
const writeStep = 8 << 20

// Write implements vfs.Upload.
func (u *upload) Write(b []byte) (int, error) {
	if u.done {
		return 0, u.fs.fail("write", u.path, fs.ErrClosed)
	}
	n, err := u.fs.folder.calls.write(u.file, b)
	u.size += int64(n)
	if err != nil {
		err = u.fs.fail("write", u.path, err)
		if u.err == nil {
			u.err = err
		}
		return n, err
	}
	if u.fs.rules.full && u.size-u.started >= writeStep {
		writeBack(u.file, u.offset+u.started, u.size-u.started)
		u.started = u.size
	}
	return n, nil
}

// Commit implements vfs.Upload.
func (u *upload) Commit(ctx context.Context) (vfs.Entry, error) {
	if u.done {
		return vfs.Entry{}, u.fs.fail("commit", u.path, fs.ErrClosed)
	}
	u.done = true
	defer u.end()
	in, err := u.finish(ctx)
	c := u.fs.changing(u.dir)
	defer c.end()
	if err == nil {
		err = u.publish()
	}
	if err != nil {
		return vfs.Entry{}, u.fs.fail("commit", u.path, errors.Join(err, u.discard()))
	}
	u.file.Close() // what could fail here has been asked for by finish
	u.fs.forget(u.path)
	// A sync that failed is final: after it the kernel may have dropped the
	// pages, and a second one would report success.
	if err := c.sync(); err != nil {
		return vfs.Entry{}, u.fs.fail("commit", u.path, err)
	}
	return u.dir.withRights(in.entry(u.path.Base(), vfs.WantAll), true), nil
}

// finish makes the file whole: its owner, its permissions, and all its bytes on
// the disk, in this order, so that the one sync covers them all.
func (u *upload) finish(ctx context.Context) (info, error) {
	if err := ctx.Err(); err != nil {
		return info{}, err
	}
	if u.err != nil {
		return info{}, u.err
	}
	if err := u.dress(); err != nil {
		return info{}, err
	}
	calls := u.fs.folder.calls
	if u.fs.rules.full {
		if err := calls.fsync(u.file); err != nil {
			return info{}, err
		}
	} else if u.temp != "" {
		if err := calls.flush(u.file); err != nil {
			return info{}, err
		}
	}
	in, err := statFile(u.file, true)
	if err != nil {
		return info{}, err
	}
	return in, ctx.Err()
}

// dress gives the file its owner and permissions.
func (u *upload) dress() error {
	calls, r := u.fs.folder.calls, u.fs.rules
	if r.uid >= 0 || r.gid >= 0 {
		if err := calls.chown(u.file, r.uid, r.gid); err != nil {
			return err
		}
	}
	err := calls.chmod(u.file, u.mode)
	if err != nil {
		// Disks without permissions (vfat) refuse, and have given the file a mode
		// of their own already.
		if in, serr := statFile(u.file, false); serr == nil && in.mode.Perm() != tempMode {
			return nil
		}
	}
	return err
}

// Abort implements vfs.Upload.
func (u *upload) Abort(cause error) error {
	if u.done {
		return nil
	}
	u.done = true
	defer u.end()
	if errors.Is(cause, vfs.ErrInterrupted) && u.err == nil && !u.builds && u.fs.resumes() {
		if err := u.keep(); err != nil {
			return u.fs.fail("keep", u.path, errors.Join(err, u.discard()))
		}
		return nil
	}
	if err := u.discard(); err != nil {
		return u.fs.fail("abort", u.path, err)
	}
	return nil
}

// discard closes the file and takes its name away. It may be called at any stage.
func (u *upload) discard() error {
	var err error
	if u.temp != "" {
		err = u.fs.folder.calls.unlink(u.home, u.temp)
		if isNotExist(err) {
			err = nil
		}
		u.temp = ""
	}
	if u.file != nil {
		u.file.Close() // what it held is thrown away
	}
	return err
}

// end gives back what every upload holds.
func (u *upload) end() {
	u.dir.close()
	u.fs.folder.leave()
}
