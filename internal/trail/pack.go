package trail

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sealane/sealane/internal/atomicfile"
)

// pack compresses every old file that is not yet. It may be ended by a crash at any
// point: the plain file goes only when the other is whole under its name.
func pack(dir string) error {
	files, err := Files(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if !f.Active && !strings.HasSuffix(f.Name, gzSuffix) {
			if err := packFile(filepath.Join(dir, f.Name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func packFile(name string) error {
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	to := name + gzSuffix
	err = atomicfile.WriteFrom(to, atomicfile.Options{Temp: to + tmpSuffix, Before: adopt}, func(w io.Writer) error {
		z := gzip.NewWriter(w)
		_, err := io.Copy(z, in)
		return errors.Join(err, z.Close())
	})
	if err = errors.Join(err, in.Close()); err != nil {
		return err
	}
	return os.Remove(name)
}

// old is a file that is to be deleted.
type old struct {
	File
	last uint64
}

// overdue lists the old files that the settings let go, the oldest first: those beyond
// keep in number, and of those whose lines are all older than keepFor the oldest one
// only, so that a clock that jumps ahead does not delete a trail.
func overdue(dir string, keep int, keepFor time.Duration, now time.Time) ([]old, error) {
	files, err := Files(dir)
	if err != nil {
		return nil, err
	}
	if n := len(files); n > 0 && files[n-1].Active {
		files = files[:n-1]
	}
	var gone []old
	for i, f := range files {
		beyond := keep > 0 && len(files)-i > keep
		if !beyond && (keepFor <= 0 || i > 0) {
			break
		}
		if !beyond {
			info, err := os.Stat(filepath.Join(dir, f.Name))
			if err != nil || now.Sub(info.ModTime()) < keepFor {
				break
			}
		}
		head, err := lastOf(f)
		if err != nil {
			return gone, err
		}
		gone = append(gone, old{f, head.Seq})
	}
	return gone, nil
}
