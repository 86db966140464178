package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"

	"github.com/sealane/sealane/vfs"
)

// allNames is a folder of this machine that is copied from. Its listings end with an error
// where a name had to be left out because no path of FTP can hold it, with a line end for
// example, as those of a server do: else a file would be missing and nobody told.
type allNames struct {
	vfs.FS
	folder *os.Root // the same one
}

// List implements vfs.FS.
func (a allNames) List(ctx context.Context, p vfs.Path, want vfs.Fields) iter.Seq2[vfs.Entry, error] {
	return func(yield func(vfs.Entry, error) bool) {
		for e, err := range a.FS.List(ctx, p, want) {
			if !yield(e, err) || err != nil {
				return
			}
		}
		if err := a.left(p); err != nil {
			yield(vfs.Entry{}, err)
		}
	}
}

// left tells of the names that List leaves out.
func (a allNames) left(p vfs.Path) error {
	dir, err := a.folder.Open(p.Rel())
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it is gone
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	count, first := 0, ""
	for {
		names, err := dir.Readdirnames(256)
		for _, name := range names {
			if _, err := p.Join(name); err != nil {
				if count++; count == 1 {
					first = name
				}
			}
		}
		if err != nil || len(names) == 0 {
			break // of a folder that was listed to its end a moment ago
		}
	}
	if count == 0 {
		return nil
	}
	return fmt.Errorf("%w: FTP has no way to write %d of the names here, the first is %q", vfs.ErrBadName, count, first)
}
