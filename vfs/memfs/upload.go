package memfs

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/sealane/sealane/vfs"
)

// upload gathers the bytes of a file to be. They count as used from the moment
// they are written.
type upload struct {
	fs      *FS
	path    vfs.Path
	data    []byte
	old     *node // the file to be replaced, as it was at the start; nil: none
	oldMod  time.Time
	oldPerm fs.FileMode
	offset  int64
	how     vfs.Create
	builds  bool  // on the committed file old
	err     error // the first failed Write; it makes Commit fail
	done    bool
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
	if how.Mode&^fs.ModePerm != 0 {
		return nil, vfs.ErrPermission
	}
	old, err := f.target(p)
	if err != nil {
		return nil, err
	}
	if old != nil && how.Exclusive {
		return nil, vfs.ErrExist
	}
	u := &upload{fs: f, path: p, old: old, how: how}
	if old != nil {
		u.oldMod, u.oldPerm = old.modTime, old.mode
	}
	kept, err := u.kept()
	if err != nil {
		return nil, err
	}
	f.forget(p) // its bytes are taken over, and not counted twice
	if err := f.reserve(len(kept)); err != nil {
		return nil, err
	}
	u.data = append(u.data, kept...)
	u.offset = int64(len(kept))
	return u, nil
}

// kept gives the bytes that the upload begins with.
func (u *upload) kept() ([]byte, error) {
	broken := u.fs.broken[u.path]
	var there []byte
	switch {
	case u.how.Offset == 0 && !u.how.Append:
		return nil, nil
	case u.how.Append && broken != nil && u.old != nil:
		return nil, vfs.ErrUnfinished
	case broken != nil:
		there = broken.data
	case u.old != nil:
		there, u.builds = u.old.data, true
	}
	if u.how.Append {
		return there, nil
	}
	if u.how.Offset > int64(len(there)) {
		return nil, vfs.ErrOffset
	}
	return there[:u.how.Offset], nil
}

// Offset implements vfs.Upload.
func (u *upload) Offset() int64 { return u.offset }

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
	if u.how.Exclusive && now != nil {
		return nil, vfs.ErrExist
	}
	// What was set meanwhile would be lost.
	if u.how.Append && (now != u.old || now != nil && (!now.modTime.Equal(u.oldMod) || now.mode != u.oldPerm)) {
		return nil, vfs.ErrConflict
	}
	parent, err := u.fs.parent(u.path)
	if err != nil {
		return nil, err
	}
	u.fs.forget(u.path)
	n := u.fs.newFile(u.data)
	if u.how.Mode != 0 {
		n.mode = u.how.Mode
	}
	n.mode &^= u.how.Umask
	if !u.how.ModTime.IsZero() && u.how.Offset == 0 && !u.how.Append {
		n.modTime = u.how.ModTime
	}
	if now != nil {
		u.fs.used -= int64(len(now.data))
		n.mode = now.mode
	}
	parent.put(u.path.Base(), n)
	return n, nil
}

// Abort implements vfs.Upload.
func (u *upload) Abort(cause error) error {
	if u.done {
		return nil
	}
	u.done = true
	u.fs.mu.Lock()
	defer u.fs.mu.Unlock()
	if errors.Is(cause, vfs.ErrInterrupted) && u.err == nil && !u.builds {
		u.fs.keep(u.path, u.data)
		return nil
	}
	u.drop()
	return nil
}

// drop gives back what the upload holds; it needs the lock.
func (u *upload) drop() {
	u.fs.used -= int64(len(u.data))
	u.data = nil
}
