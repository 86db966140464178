package memfs

import (
	"context"
	"io/fs"

	"github.com/sealane/sealane/vfs"
)

// upload gathers the bytes of a file to be. They count as used from the moment
// they are written.
type upload struct {
	fs     *FS
	path   vfs.Path
	data   []byte
	old    *node // the file to be replaced, as it was at the start; nil: none
	append bool
	err    error // the first failed Write; it makes Commit fail
	done   bool
}

// Create implements vfs.FS.
func (f *FS) Create(ctx context.Context, p vfs.Path, how vfs.Create) (vfs.Upload, error) {
	if err := f.begin(ctx); err != nil {
		return nil, fail("create", p, err)
	}
	defer f.mu.Unlock()
	u, err := f.create(p, how)
	if err != nil {
		return nil, fail("create", p, err)
	}
	return u, nil
}

func (f *FS) create(p vfs.Path, how vfs.Create) (*upload, error) {
	if how.Offset < 0 || how.Append && how.Offset != 0 {
		return nil, vfs.ErrOffset
	}
	old, err := f.target(p)
	if err != nil {
		return nil, err
	}
	u := &upload{fs: f, path: p, old: old, append: how.Append}
	var kept []byte
	if old != nil {
		kept = old.data
	}
	if how.Offset > int64(len(kept)) {
		return nil, vfs.ErrOffset
	}
	if !how.Append {
		kept = kept[:how.Offset]
	}
	if err := f.reserve(len(kept)); err != nil {
		return nil, err
	}
	u.data = append(u.data, kept...)
	return u, nil
}

// target finds the file that an upload to p would replace; nil if there is none.
func (f *FS) target(p vfs.Path) (*node, error) {
	if p.IsRoot() {
		return nil, vfs.ErrIsDir
	}
	parent, err := f.parent(p)
	if err != nil {
		return nil, err
	}
	n := parent.entries[p.Base()]
	if n != nil && n.isDir() {
		return nil, vfs.ErrIsDir
	}
	return n, nil
}

// reserve needs the lock.
func (f *FS) reserve(n int) error {
	if f.limit > 0 && int64(n) > f.limit-f.used {
		return vfs.ErrNoSpace
	}
	f.used += int64(n)
	return nil
}

// Write implements vfs.Upload.
func (u *upload) Write(b []byte) (int, error) {
	if u.done {
		return 0, fail("write", u.path, fs.ErrClosed)
	}
	u.fs.mu.Lock()
	err := u.fs.reserve(len(b))
	u.fs.mu.Unlock()
	if err != nil {
		err = fail("write", u.path, err)
		if u.err == nil {
			u.err = err
		}
		return 0, err
	}
	u.data = append(u.data, b...)
	return len(b), nil
}

// Commit implements vfs.Upload.
func (u *upload) Commit(ctx context.Context) (vfs.Entry, error) {
	if u.done {
		return vfs.Entry{}, fail("commit", u.path, fs.ErrClosed)
	}
	u.done = true
	u.fs.mu.Lock()
	defer u.fs.mu.Unlock()
	n, err := u.publish(ctx)
	if err != nil {
		u.drop()
		return vfs.Entry{}, fail("commit", u.path, err)
	}
	return n.entry(u.path.Base()), nil
}

func (u *upload) publish(ctx context.Context) (*node, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if u.err != nil {
		return nil, u.err
	}
	now, err := u.fs.target(u.path)
	if err != nil {
		return nil, err
	}
	if u.append && now != u.old {
		return nil, vfs.ErrConflict
	}
	parent, err := u.fs.parent(u.path)
	if err != nil {
		return nil, err
	}
	if now != nil {
		u.fs.used -= int64(len(now.data))
	}
	n := u.fs.newFile(u.data)
	parent.put(u.path.Base(), n)
	return n, nil
}

// Abort implements vfs.Upload.
func (u *upload) Abort(error) error {
	if u.done {
		return nil
	}
	u.done = true
	u.fs.mu.Lock()
	defer u.fs.mu.Unlock()
	u.drop()
	return nil
}

// drop gives back what the upload holds; it needs the lock.
func (u *upload) drop() {
	u.fs.used -= int64(len(u.data))
	u.data = nil
}
