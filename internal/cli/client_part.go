package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// part is a download under way. It lies beside its target as NAME.part, so that
// the target holds the old file or the whole new one, and never half of it.
type part struct {
	file   *os.File
	target string
	offset int64 // what was there already
}

// openPart opens the part for target. With resume it goes on from a part that is
// there; else it starts anew.
func openPart(target string, resume bool) (*part, error) {
	target, mode, err := checkTarget(target)
	if err != nil {
		return nil, err
	}
	name := target + ".part"
	flags := os.O_RDWR | os.O_CREATE | os.O_EXCL
	old, err := os.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case !old.Mode().IsRegular():
		return nil, withHint(fmt.Errorf("%s is in the way: it is not a regular file", name), "move it away")
	case resume:
		flags = os.O_RDWR
	default:
		// Removed and made anew, so that nobody else's link is written through.
		if err := os.Remove(name); err != nil {
			return nil, err
		}
	}
	file, err := os.OpenFile(name, flags, mode)
	if err != nil {
		return nil, err
	}
	offset, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return &part{file: file, target: target, offset: offset}, nil
}

// checkTarget follows a link at target, and gives the rights that the new file
// shall have: those of the old one.
func checkTarget(target string) (string, fs.FileMode, error) {
	info, err := os.Lstat(target)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if target, err = filepath.EvalSymlinks(target); err != nil {
			return "", 0, err
		}
		info, err = os.Stat(target)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return target, 0o666, nil
	case err != nil:
		return "", 0, err
	case !info.Mode().IsRegular():
		return "", 0, withHint(fmt.Errorf("%s is not a regular file", target), `use "-" and a redirection to write into a pipe or device`)
	}
	return target, info.Mode().Perm(), nil
}

// restart forgets what was there already.
func (p *part) restart() error {
	p.offset = 0
	if err := p.file.Truncate(0); err != nil {
		return err
	}
	_, err := p.file.Seek(0, io.SeekStart)
	return err
}

// commit makes the part the target, in one step, and returns when that would
// survive a power cut.
func (p *part) commit(modTime time.Time) error {
	name := p.file.Name()
	err := p.file.Sync()
	if err = errors.Join(err, p.file.Close()); err != nil {
		return err
	}
	if !modTime.IsZero() {
		if err := os.Chtimes(name, time.Time{}, modTime); err != nil {
			return err
		}
	}
	if err := os.Rename(name, p.target); err != nil {
		return err
	}
	return syncDir(filepath.Dir(p.target))
}

// keep leaves the part for a later --resume, and takes it away if it is empty. It
// reports whether something was kept.
func (p *part) keep() bool {
	info, err := p.file.Stat()
	_ = p.file.Sync()
	_ = p.file.Close()
	if err == nil && info.Size() == 0 {
		_ = os.Remove(p.file.Name())
		return false
	}
	return err == nil
}

// syncDir makes a rename in dir survive a power cut. Windows has no such call:
// NTFS logs the rename itself.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
