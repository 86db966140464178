//go:build !linux

package osfs

import (
	"errors"
	"io"
	"io/fs"

	"github.com/sealane/sealane/vfs"
)

// listBatch is how many names of a directory are held at a time.
const listBatch = 256

// read gives the names in the directory with what it says of their kind.
func (l *listing) read(yield func(string, vfs.Kind) bool) {
	d, err := l.dir.reader()
	if err != nil {
		l.err = err
		return
	}
	defer d.Close()
	for {
		entries, err := d.ReadDir(listBatch)
		for _, e := range entries {
			if !yield(e.Name(), modeKind(e.Type())) {
				return
			}
		}
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			l.err = err
			return
		}
	}
}

func modeKind(m fs.FileMode) vfs.Kind {
	switch {
	case m.IsRegular():
		return vfs.KindFile
	case m.IsDir():
		return vfs.KindDir
	case m&fs.ModeSymlink != 0:
		return kindLink
	}
	return vfs.KindOther
}
