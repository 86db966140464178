package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/sealane/sealane/internal/atomicfile"
)

// part is a download under way. It lies beside its target as NAME.part, so that
// the target holds the old file or the whole new one, and never half of it.
type part struct {
	root   *os.Root // what confines it: the folder of the target, or one above it
	own    bool     // root is closed with the part
	file   *os.File
	name   string // of the target in root, with "/"
	offset int64  // what was there already
	fresh  bool   // nothing may be at the target
	land   landing
}

// landing is the steps by which a part becomes its target, in their order.
type landing struct {
	sync    func(*os.File) error
	rename  func(root *os.Root, from, to string) error
	syncDir func(root *os.Root, dir string) error
}

func systemLanding() landing {
	return landing{(*os.File).Sync, (*os.Root).Rename, func(root *os.Root, dir string) error { return atomicfile.SyncDir(root.Open, dir) }}
}

const partSuffix = ".part"

// openPart opens the part for target. With resume it goes on from a part that is
// there; else it starts anew. A link at target is followed, as the person has named it.
func openPart(target string, resume bool) (*part, error) {
	target, err := followLink(target)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(filepath.Dir(target))
	if err != nil {
		return nil, err
	}
	p, err := openPartIn(root, filepath.Base(target), resume)
	if err != nil {
		_ = root.Close()
		return nil, err
	}
	p.own = true
	return p, nil
}

// openPartIn is openPart for a name below root, which may come from a server: no link
// at it is followed, and none on the way leads out of root (CVE-2014-4877).
func openPartIn(root *os.Root, target string, resume bool) (*part, error) {
	mode, err := checkTarget(root, target)
	if err != nil {
		return nil, err
	}
	name := target + partSuffix
	flags := os.O_RDWR | os.O_CREATE | os.O_EXCL
	old, err := root.Lstat(name)
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
		if err := root.Remove(name); err != nil {
			return nil, err
		}
	}
	file, err := root.OpenFile(name, flags, mode)
	if err != nil {
		return nil, err
	}
	offset, err := file.Seek(0, io.SeekEnd)
	if now, serr := file.Stat(); err == nil && resume && old != nil && (serr != nil || !os.SameFile(old, now)) {
		err = fmt.Errorf("%s was replaced meanwhile", name)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return &part{root: root, file: file, name: target, offset: offset, land: systemLanding()}, nil
}

// followLink gives where the link at target leads, or target itself.
func followLink(target string) (string, error) {
	info, err := os.Lstat(target)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return target, nil // openPartIn tells what is wrong
	}
	return filepath.EvalSymlinks(target)
}

// checkTarget gives the rights that the new file shall have: those of the old one.
func checkTarget(root *os.Root, target string) (fs.FileMode, error) {
	info, err := root.Lstat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0o666, nil
	case err != nil:
		return 0, err
	case !info.Mode().IsRegular():
		return 0, withHint(fmt.Errorf("%s is not a regular file", target), `use "-" and a redirection to write into a pipe or device`)
	}
	return info.Mode().Perm(), nil
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
	defer p.release()
	name := p.name + partSuffix
	err := p.land.sync(p.file)
	if err = errors.Join(err, p.file.Close()); err != nil {
		return err
	}
	if !modTime.IsZero() {
		if err := p.root.Chtimes(name, time.Time{}, modTime); err != nil {
			return err
		}
	}
	if p.fresh {
		// A folder that does not tell names apart as the server does may have another
		// file of this run there by now.
		if _, err := p.root.Lstat(p.name); err == nil {
			return errTaken
		}
	}
	if err := p.land.rename(p.root, name, p.name); err != nil {
		return err
	}
	return p.land.syncDir(p.root, path.Dir(p.name))
}

// keep leaves the part for a later --resume, and takes it away if it is empty. It
// reports whether something was kept.
func (p *part) keep() bool {
	defer p.release()
	info, err := p.file.Stat()
	if errors.Is(err, os.ErrClosed) { // commit has failed half-way
		return true
	}
	_ = p.land.sync(p.file)
	_ = p.file.Close()
	if err == nil && info.Size() == 0 {
		_ = p.root.Remove(p.name + partSuffix)
		return false
	}
	return err == nil
}

func (p *part) release() {
	if p.own {
		_ = p.root.Close()
	}
}
