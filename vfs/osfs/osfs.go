package osfs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/sealane/sealane/vfs"
)

// FS is a folder of the operating system. Make one with Open.
type FS struct {
	root   *os.Root
	escape error // what os.Root says of a path that leads out of it
	umask  fs.FileMode

	// names makes looking at a target and renaming over it one step among the
	// users of this FS. Nothing slow (no sync, no copy) is done under it.
	names sync.Mutex
}

var _ vfs.FS = (*FS)(nil)

// An Option changes how an FS behaves.
type Option func(*FS)

// Umask sets the permission bits that new files and directories do not get; the
// default is 0022. The umask of the process is applied to directories as well.
func Umask(mask fs.FileMode) Option {
	return func(f *FS) { f.umask = mask.Perm() }
}

// Open opens the directory dir, which must exist, as a tree of its own.
func Open(dir string, opts ...Option) (*FS, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("osfs: cannot open the folder: %w", err)
	}
	f := &FS{root: root, umask: 0o022}
	for _, o := range opts {
		o(f)
	}
	// The os package has no name for this error, and matching its text would
	// break in silence; so it is asked for once.
	_, err = root.Lstat("..")
	var pe *fs.PathError
	if !errors.As(err, &pe) {
		root.Close()
		return nil, fmt.Errorf("osfs: os.Root does not hold %q: %v", dir, err)
	}
	f.escape = pe.Err
	return f, nil
}

// Caps implements vfs.FS.
func (f *FS) Caps() vfs.Caps {
	return vfs.Caps{Write: true, SetModTime: true, Durability: vfs.DurableFull}
}

// Close implements vfs.FS.
func (f *FS) Close() error { return f.root.Close() }

// Stat implements vfs.FS. A link that cannot be followed is KindOther.
func (f *FS) Stat(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	if err := mayFind(ctx, p); err != nil {
		return vfs.Entry{}, f.fail("stat", p, err)
	}
	info, err := f.stat(p)
	if err != nil {
		return vfs.Entry{}, f.fail("stat", p, err)
	}
	return entry(p.Base(), info), nil
}

// SetAttr implements vfs.FS. A link is followed; one that cannot be followed,
// and a special file, is ErrNotRegular.
func (f *FS) SetAttr(ctx context.Context, p vfs.Path, a vfs.Attr) error {
	if err := mayFind(ctx, p); err != nil {
		return f.fail("set attributes of", p, err)
	}
	info, err := f.stat(p)
	switch {
	case err != nil:
	case !info.IsDir() && !info.Mode().IsRegular():
		err = vfs.ErrNotRegular
	case !a.ModTime.IsZero():
		// os: a zero time is left as it is.
		err = f.root.Chtimes(p.Rel(), time.Time{}, a.ModTime)
	}
	if err != nil {
		return f.fail("set attributes of", p, err)
	}
	return nil
}

// stat follows the link at p if it can, and else describes the link itself.
func (f *FS) stat(p vfs.Path) (fs.FileInfo, error) {
	info, err := f.root.Stat(p.Rel())
	if err == nil {
		return info, nil
	}
	link, lerr := f.root.Lstat(p.Rel())
	if lerr == nil && link.Mode()&fs.ModeSymlink != 0 {
		return link, nil
	}
	return nil, err
}

// openDir opens directory p as a root of its own. It looks first, because
// Root.OpenRoot opens without O_DIRECTORY and so waits forever at a FIFO.
func (f *FS) openDir(p vfs.Path) (*os.Root, error) {
	info, err := f.root.Stat(p.Rel())
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, vfs.ErrNotDir
	}
	return f.root.OpenRoot(p.Rel())
}

// syncDir makes the names in directory p survive a power cut.
func (f *FS) syncDir(p vfs.Path) error {
	dir, err := f.openDir(p)
	if err != nil {
		return err
	}
	defer dir.Close()
	return syncRoot(dir)
}

func entry(name string, info fs.FileInfo) vfs.Entry {
	e := vfs.Entry{
		Name:    name,
		Kind:    vfs.KindOther,
		ModTime: info.ModTime(),
		Mode:    info.Mode(),
		Unique:  unique(info),
	}
	switch {
	case info.IsDir():
		e.Kind = vfs.KindDir
	case info.Mode().IsRegular():
		e.Kind = vfs.KindFile
		e.Size = info.Size()
	}
	e.Rights = vfs.RightsOf(e, true)
	return e
}
