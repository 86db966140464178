package layer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/sealane/sealane/vfs"
)

const virtualMode = fs.ModeDir | 0o755

func (m *mount) Create(ctx context.Context, p vfs.Path, how vfs.Create) (vfs.Upload, error) {
	if err := m.notVirtual(ctx, p, vfs.ErrIsDir); err != nil {
		return nil, fail("create", p, err)
	}
	pt, rel, err := m.lookUpNew(ctx, p)
	if err != nil {
		return nil, fail("create", p, err)
	}
	up, err := pt.FS.Create(ctx, rel, how)
	if err != nil {
		return nil, err
	}
	return &mountUpload{m, pt, p, up}, nil
}

// mountUpload describes what it made as it is seen in the whole tree.
type mountUpload struct {
	m     *mount
	point *point
	path  vfs.Path
	inner vfs.Upload
}

func (u *mountUpload) Write(b []byte) (int, error) { return u.inner.Write(b) }

func (u *mountUpload) Offset() int64 { return u.inner.Offset() }

func (u *mountUpload) Commit(ctx context.Context) (vfs.Entry, error) {
	e, err := u.inner.Commit(ctx)
	if err != nil {
		return e, err
	}
	return u.m.entry(u.point, u.path, e), nil
}

func (u *mountUpload) Abort(cause error) error { return u.inner.Abort(cause) }

func (m *mount) Unfinished(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	err := m.notVirtual(ctx, p, vfs.ErrNotExist)
	var pt *point
	var rel vfs.Path
	if err == nil {
		pt, rel, err = m.lookUp(ctx, p)
	}
	if err != nil {
		return vfs.Entry{}, fail("find an upload of", p, err)
	}
	e, err := pt.FS.Unfinished(ctx, rel)
	if err != nil {
		return e, err
	}
	return m.entry(pt, p, e), nil
}

func (m *mount) Mkdir(ctx context.Context, p vfs.Path) error {
	if err := m.notVirtual(ctx, p, vfs.ErrExist); err != nil {
		return fail("make directory", p, err)
	}
	pt, rel, err := m.lookUpNew(ctx, p)
	if err != nil {
		return fail("make directory", p, err)
	}
	return pt.FS.Mkdir(ctx, rel)
}

func (m *mount) Symlink(ctx context.Context, target, p vfs.Path) error {
	if err := m.notVirtual(ctx, p, vfs.ErrExist); err != nil {
		return fail("link", p, err)
	}
	pt, rel, err := m.lookUpNew(ctx, p)
	if err != nil {
		return fail("link", p, err)
	}
	there, to := m.find(target)
	// A directory above a mount point is not what the storage would take it for.
	if there != pt || m.nodes[target] != nil {
		return fail("link", p, vfs.ErrUnsupported)
	}
	return pt.FS.Symlink(ctx, to, rel)
}

func (m *mount) Remove(ctx context.Context, p vfs.Path) error {
	if err := m.notVirtual(ctx, p, vfs.ErrIsDir); err != nil {
		return fail("remove", p, err)
	}
	pt, rel, err := m.lookUp(ctx, p)
	if err != nil {
		return fail("remove", p, err)
	}
	return pt.FS.Remove(ctx, rel)
}

func (m *mount) Rmdir(ctx context.Context, p vfs.Path) error {
	if err := m.notVirtual(ctx, p, vfs.ErrPermission); err != nil {
		return fail("remove directory", p, err)
	}
	pt, rel, err := m.lookUp(ctx, p)
	if err != nil {
		return fail("remove directory", p, err)
	}
	return pt.FS.Rmdir(ctx, rel)
}

func (m *mount) Rename(ctx context.Context, from, to vfs.Path, how vfs.Rename) error {
	err := m.notVirtual(ctx, from, vfs.ErrPermission)
	if err == nil {
		err = m.notVirtual(ctx, to, vfs.ErrPermission)
	}
	if err != nil {
		return fail("rename to "+to.String(), from, err)
	}
	source, rel, err := m.lookUp(ctx, from)
	if err != nil {
		return fail("rename", from, err)
	}
	// The source is looked at before the target is judged, as everywhere.
	target, there := m.find(to)
	if source == target {
		if _, _, err := m.lookUpNew(ctx, to); err != nil && from != to {
			return fail("rename to "+to.String(), from, err)
		}
		return source.FS.Rename(ctx, rel, there, how)
	}
	e, err := source.FS.Stat(ctx, rel)
	if err != nil {
		return err
	}
	if target, there, err = m.lookUpNew(ctx, to); err == nil {
		err = movable(ctx, e, target.FS, there)
	}
	if err == nil {
		err = move(ctx, source.FS, rel, target.FS, there, how)
	}
	if err != nil {
		return fail("rename to "+to.String(), from, err)
	}
	return nil
}

// movable refuses before anything is copied what cannot come to a good end.
func movable(ctx context.Context, e vfs.Entry, target vfs.FS, there vfs.Path) error {
	old, err := target.Stat(ctx, there)
	switch {
	case err == nil && (old.IsDir() || e.IsDir()):
		return vfs.ErrExist
	case err != nil && !errors.Is(err, vfs.ErrNotExist):
		return err
	case e.Kind != vfs.KindFile:
		return vfs.ErrUnsupported
	case e.Rights&vfs.MayDelete == 0 || e.Rights&vfs.MayRead == 0:
		return vfs.ErrPermission
	}
	return nil
}

// moveStep is how much is copied between two looks at the context.
const moveStep = 128 << 10

// move makes a file of one storage one of another.
func move(ctx context.Context, source vfs.FS, from vfs.Path, target vfs.FS, to vfs.Path, how vfs.Rename) error {
	src, err := source.Open(ctx, from)
	if err != nil {
		return err
	}
	defer src.Close()
	up, err := target.Create(ctx, to, vfs.Create{Exclusive: how.Exclusive})
	if errors.Is(err, vfs.ErrIsDir) {
		return vfs.ErrExist // as renaming onto a directory is
	}
	if err != nil {
		return err
	}
	n, err := copyFile(ctx, up, src)
	if size := src.Entry().Size; err == nil && n != size {
		err = fmt.Errorf("%w: read %d bytes of %d", vfs.ErrConflict, n, size)
	}
	if err != nil {
		return errors.Join(err, up.Abort(err))
	}
	if _, err := up.Commit(ctx); err != nil {
		return err
	}
	if target.Caps().SetModTime {
		// A file without its old time is better than none.
		target.SetAttr(ctx, to, vfs.Attr{ModTime: src.Entry().ModTime})
	}
	if err := removeSame(ctx, source, from, src.Entry()); err != nil {
		return fmt.Errorf("the copy is at its new name, but the source is still there too: %w", err)
	}
	return nil
}

func copyFile(ctx context.Context, up vfs.Upload, src vfs.File) (int64, error) {
	buf := make([]byte, min(moveStep, max(1, src.Entry().Size)))
	var n int64
	for {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		k, err := src.Read(buf)
		if k > 0 {
			if _, werr := up.Write(buf[:k]); werr != nil {
				return n, werr
			}
			n += int64(k)
		}
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// removeSame removes a file if it is still the one that was copied.
func removeSame(ctx context.Context, f vfs.FS, p vfs.Path, e vfs.Entry) error {
	now, err := f.Stat(ctx, p)
	if err != nil {
		return err
	}
	if now.Unique != e.Unique || now.Size != e.Size || !now.ModTime.Equal(e.ModTime) {
		return vfs.ErrConflict
	}
	return f.Remove(ctx, p)
}
