package osfs

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"strings"

	"github.com/sealane/sealane/vfs"
)

// listBatch is how many names of a directory are held at a time.
const listBatch = 256

// List implements vfs.FS.
func (f *FS) List(ctx context.Context, p vfs.Path, _ vfs.Fields) iter.Seq2[vfs.Entry, error] {
	return func(yield func(vfs.Entry, error) bool) {
		if err := f.list(ctx, p, yield); err != nil {
			yield(vfs.Entry{}, f.fail("list", p, err))
		}
	}
}

// list returns nil at the end and when yield has had enough.
func (f *FS) list(ctx context.Context, p vfs.Path, yield func(vfs.Entry, error) bool) error {
	if err := mayFind(ctx, p); err != nil {
		return err
	}
	// Entries are looked up from their own directory: one step each instead of
	// a walk from the root.
	dir, err := f.openDir(p)
	if err != nil {
		return err
	}
	defer dir.Close()
	d, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		names, err := d.Readdirnames(listBatch)
		for _, name := range names {
			e, ok, err := f.lookUp(dir, p, name)
			if err != nil {
				return err
			}
			if ok && !yield(e, nil) {
				return nil
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// lookUp describes one name of directory p; ok is false for a name that is not
// to be listed.
func (f *FS) lookUp(dir *os.Root, p vfs.Path, name string) (e vfs.Entry, ok bool, err error) {
	if isTemp(name) || !nameAllowed(name) || len(name) > vfs.MaxName || strings.ContainsAny(name, "\r\n") {
		return vfs.Entry{}, false, nil
	}
	info, err := dir.Lstat(name)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		// A link may lead up, out of p and still inside the tree.
		if q, jerr := p.Join(name); jerr == nil {
			info, err = f.stat(q)
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return vfs.Entry{}, false, nil // it vanished
	}
	if err != nil {
		return vfs.Entry{}, false, err
	}
	return entry(name, info), true, nil
}
