package trail

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
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
	tmp := name + gzSuffix + tmpSuffix
	err = packInto(tmp, in)
	err = errors.Join(err, in.Close())
	if err == nil {
		err = os.Rename(tmp, name+gzSuffix)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	syncDir(filepath.Dir(name))
	return os.Remove(name)
}

func packInto(tmp string, in io.Reader) error {
	out, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(out)
	_, err = io.Copy(z, in)
	return errors.Join(err, z.Close(), out.Sync(), out.Close(), adopt(tmp))
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
