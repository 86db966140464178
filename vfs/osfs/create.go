package osfs

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/sealane/sealane/vfs"
)

// Create implements vfs.FS.
func (f *FS) Create(ctx context.Context, p vfs.Path, how vfs.Create) (vfs.Upload, error) {
	up, err := f.create(ctx, p, how)
	if err != nil {
		return nil, f.fail("create", p, err)
	}
	return up, nil
}

// create holds the folder and the directory of p open for the upload.
func (f *FS) create(ctx context.Context, p vfs.Path, how vfs.Create) (vfs.Upload, error) {
	if err := f.mayMake(ctx, p); err != nil {
		return nil, err
	}
	if how.Offset < 0 || how.Append && how.Offset != 0 {
		return nil, vfs.ErrOffset
	}
	if how.Mode&^fs.ModePerm != 0 {
		return nil, vfs.ErrPermission
	}
	if p.IsRoot() {
		return nil, vfs.ErrIsDir
	}
	if err := f.folder.enter(); err != nil {
		return nil, err
	}
	d, err := f.folder.openDir(p.Dir())
	if err != nil {
		f.folder.leave()
		return nil, err
	}
	u := &upload{fs: f, path: p, dir: d, how: how, mode: f.rules.fileMode}
	if how.Mode != 0 {
		u.mode = how.Mode &^ f.rules.umask
	}
	u.old, u.replaces, err = f.target(d, p, how)
	u.mode &^= how.Umask
	if err == nil && u.replaces {
		u.mode = u.old.mode.Perm()
	}
	if err != nil {
		u.discard()
		u.end()
		return nil, err
	}
	if f.rules.Direct {
		return u.inPlace()
	}
	if err := u.begin(ctx); err != nil {
		u.discard()
		u.end()
		return nil, err
	}
	return u, nil
}

// target describes the file that is to be replaced at p in d, if there is one. A
// link is judged by what it points to.
func (f *FS) target(d *dir, p vfs.Path, how vfs.Create) (old info, there bool, err error) {
	old, err = d.stat(p.Base(), false)
	if isNotExist(err) {
		return info{}, false, nil
	}
	if err != nil {
		return info{}, false, err
	}
	if how.Exclusive && !old.mode.IsDir() {
		return info{}, false, vfs.ErrExist
	}
	if old.isLink() {
		old = f.folder.followOr(p, old)
	}
	return old, true, old.regular()
}

// begin opens the file that will be written, with what is kept already in it.
func (u *upload) begin(ctx context.Context) error {
	if u.how.Offset == 0 && !u.how.Append {
		if err := u.open(); err != nil {
			return err
		}
		u.fs.forget(u.path)
		return nil
	}
	broken, is := u.fs.broken(u.path)
	// A file system that was mounted over the directory since has its own files.
	is = is && u.place() != u.dir
	switch {
	case is && u.how.Append && u.replaces:
		return vfs.ErrUnfinished
	case is:
		n := broken.size
		if !u.how.Append {
			n = u.how.Offset
		}
		if n > broken.size {
			return vfs.ErrOffset
		}
		return u.takeUp(n)
	case !u.replaces && u.how.Offset > 0:
		return vfs.ErrOffset
	case !u.replaces:
		return u.open()
	}
	u.builds = true
	return u.copyOld(ctx)
}

// open makes the file to write to: one without a name if the disk can, and else
// one under a hidden name.
func (u *upload) open() (err error) {
	t := u.fs.folder
	if t.method.nameless {
		u.file, err = t.calls.tmpfile(u.dir)
		if !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	u.home = u.place()
	u.temp = tempName()
	if u.file, err = t.calls.create(u.home, u.temp); err != nil {
		u.temp = ""
		return err
	}
	if err := u.lock(); err != nil {
		return err
	}
	// The hidden folder has a group of its own; that of the target's counts.
	if gid, ok := u.dir.inherits(); ok && u.home != u.dir {
		_ = t.calls.chown(u.file, -1, int(gid)) // or the group is that of the process
	}
	return nil
}

// place is where a name for u can be had: in the hidden folder, or in the
// target's own directory if files cannot be moved from there to here.
func (u *upload) place() *dir {
	h, err := u.fs.folder.hiddenDir(true)
	if err != nil || h == nil || !samePlace(h, u.dir) {
		return u.dir
	}
	return h
}

// lock marks the file as in use. Another server that sweeps the folder at this
// moment may be faster; then the name is gone, or the file is locked.
func (u *upload) lock() error {
	if err := u.fs.folder.calls.lock(u.file); errors.Is(err, errLocked) {
		return err // other errors: there are no locks here
	}
	in, err := statFile(u.file, false)
	if err != nil {
		return err
	}
	if named, err := u.home.stat(u.temp, false); err != nil || !sameFile(in, named) {
		return errLocked
	}
	return nil
}

// copyStep is how much is copied between two looks at the context.
const copyStep = 64 << 20

// copyOld begins with the bytes of the committed file. That stays as it is:
// until Commit it is the only one.
func (u *upload) copyOld(ctx context.Context) error {
	src, in, err := u.fs.open(u.path)
	if err != nil {
		return err
	}
	defer src.Close()
	u.old, u.mode = in, in.mode.Perm()
	u.offset = u.how.Offset
	if u.how.Append {
		u.offset = in.size
	}
	if u.offset > in.size {
		return vfs.ErrOffset
	}
	if err := u.open(); err != nil {
		return err
	}
	if u.fs.folder.method.reflink && u.cloneOld(src) == nil {
		return nil
	}
	calls := u.fs.folder.calls
	for n := u.offset; n > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		m, err := calls.copy(u.file, src, min(n, copyStep))
		n -= m
		if errors.Is(err, io.EOF) {
			return vfs.ErrOffset // it shrank under our hands
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// cloneOld shares the blocks of src. After an error nothing is in the file.
func (u *upload) cloneOld(src *os.File) error {
	calls := u.fs.folder.calls
	err := calls.clone(u.file, src)
	if err != nil {
		return err
	}
	if err = u.cut(u.offset); err != nil {
		return errors.Join(err, calls.truncate(u.file, 0))
	}
	return nil
}

// cut makes the file n bytes long, and goes on behind them. A file that is
// shorter already has lost bytes.
func (u *upload) cut(n int64) error {
	in, err := statFile(u.file, false)
	if err != nil {
		return err
	}
	if in.size < n {
		return vfs.ErrOffset
	}
	if in.size > n {
		if err := u.fs.folder.calls.truncate(u.file, n); err != nil {
			return err
		}
	}
	_, err = u.file.Seek(n, io.SeekStart)
	return err
}
