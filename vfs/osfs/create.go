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
	u, err := f.begin(ctx, p, how)
	if err != nil {
		return nil, f.fail("create", p, err)
	}
	return u, nil
}

func (f *FS) begin(ctx context.Context, p vfs.Path, how vfs.Create) (*upload, error) {
	if err := mayMake(ctx, p); err != nil {
		return nil, err
	}
	if how.Offset < 0 || how.Append && how.Offset != 0 {
		return nil, vfs.ErrOffset
	}
	if p.IsRoot() {
		return nil, vfs.ErrIsDir
	}
	// The upload holds its directory open, and so finds its own file again even
	// if the directory is renamed meanwhile.
	dir, err := f.openDir(p.Dir())
	if err != nil {
		return nil, err
	}
	old, err := f.target(p)
	if err != nil {
		dir.Close()
		return nil, err
	}
	u := &upload{fs: f, path: p, dir: dir, temp: tempName(), old: old, append: how.Append, mode: 0o666 &^ f.umask}
	if old != nil {
		u.mode = old.Mode().Perm()
	}
	u.file, err = dir.OpenFile(u.temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, tempMode)
	if err != nil {
		dir.Close()
		return nil, err
	}
	if err := u.keep(ctx, how); err != nil {
		return nil, errors.Join(err, u.Abort(err))
	}
	return u, nil
}

// target describes the file that is to be replaced at p, and is nil if there is
// none. A link is judged by what it points to.
func (f *FS) target(p vfs.Path) (fs.FileInfo, error) {
	if _, err := f.root.Lstat(p.Rel()); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	info, err := f.stat(p)
	if err != nil {
		return nil, err
	}
	if err := regular(info); err != nil {
		return nil, err
	}
	return info, nil
}

// keepStep is how much is copied between two looks at the context.
const keepStep = 64 << 20

// keep copies what the upload keeps of the existing file. The old file stays as
// it is: until Commit it is the only one. Where the system can (Linux), the
// bytes do not pass through the process, since os.File.ReadFrom sees to that.
func (u *upload) keep(ctx context.Context, how vfs.Create) error {
	if u.old == nil {
		if how.Offset > 0 {
			return vfs.ErrOffset
		}
		return nil
	}
	if how.Offset == 0 && !how.Append {
		return nil
	}
	src, info, err := u.fs.open(u.path)
	if err != nil {
		return err
	}
	defer src.Close()
	u.old = info
	n := how.Offset
	if how.Append {
		n = info.Size()
	}
	if n > info.Size() {
		return vfs.ErrOffset
	}
	for n > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		m, err := io.CopyN(u.file, src, min(n, keepStep))
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
