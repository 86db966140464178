package osfs

import (
	"errors"
	"io/fs"
	"iter"
	"os"
	"path"

	"golang.org/x/sys/windows"
)

// dir is a directory by its path in the folder: what is done to a name in it
// goes through os.Root each time.
type dir struct {
	root *os.Root
	rel  string
	self info
}

func openDir(root *os.Root, rel string) (*dir, error) {
	fi, err := root.Stat(rel)
	if err != nil {
		return nil, err
	}
	if !fi.IsDir() {
		return nil, windows.ERROR_DIRECTORY
	}
	return &dir{root, rel, fromFileInfo(fi)}, nil
}

func (d *dir) name(name string) string { return path.Join(d.rel, name) }

func (d *dir) openDir(name string) (*dir, error) {
	in, err := d.stat(name, false)
	if err != nil {
		return nil, err
	}
	if !in.mode.IsDir() {
		return nil, windows.ERROR_DIRECTORY
	}
	return &dir{d.root, d.name(name), in}, nil
}

func (d *dir) close() error { return nil }

func (d *dir) open(name string, flags int) (*os.File, error) {
	return d.root.OpenFile(d.name(name), flags, 0)
}

func (d *dir) reader() (*os.File, error) { return d.root.Open(d.rel) }

func (d *dir) create(name string) (*os.File, error) {
	return d.root.OpenFile(d.name(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, tempMode)
}

func (d *dir) mkdir(name string) error { return d.root.Mkdir(d.name(name), 0o700) }

func (d *dir) unlink(name string) error { return d.root.Remove(d.name(name)) }

func (d *dir) rmdir(name string) error { return d.root.Remove(d.name(name)) }

func (d *dir) symlink(text, name string) error { return d.root.Symlink(text, d.name(name)) }

func (d *dir) stat(name string, _ bool) (info, error) {
	fi, err := d.root.Lstat(d.name(name))
	if err != nil {
		return info{}, err
	}
	return fromFileInfo(fi), nil
}

func rename(from *dir, a string, to *dir, b string) error {
	return from.root.Rename(from.name(a), to.name(b))
}

// renameNew looks first: among the users of this process that is enough.
func renameNew(from *dir, a string, to *dir, b string) error {
	if _, err := to.stat(b, false); err == nil {
		return fs.ErrExist
	}
	return rename(from, a, to, b)
}

// sync does nothing: Windows cannot flush a directory, and journals names.
func (d *dir) sync() error { return nil }

func (d *dir) writable(string) bool { return true }

func superuser() bool { return true }

func (d *dir) inherits() (gid uint32, ok bool) { return 0, false }

func (d *dir) dress(calls, rules) error { return nil }

func (d *dir) private() error { return nil }

func (d *dir) alive() bool {
	_, err := d.root.Lstat(d.rel)
	return err == nil
}

func (d *dir) hold() {}

func (d *dir) release() {}

// names are those in d, in no order, as far as they can be read.
func (d *dir) names() iter.Seq[string] {
	return func(yield func(string) bool) {
		f, err := d.reader()
		if err != nil {
			return
		}
		defer f.Close()
		for {
			names, err := f.Readdirnames(256)
			for _, name := range names {
				if !yield(name) {
					return
				}
			}
			if err != nil {
				return
			}
		}
	}
}

func (d *dir) space() (free, total int64) {
	name, err := windows.UTF16PtrFromString(path.Join(d.root.Name(), d.rel))
	if err != nil {
		return -1, -1
	}
	var f, t, all uint64
	if err := windows.GetDiskFreeSpaceEx(name, &f, &t, &all); err != nil {
		return -1, -1
	}
	return int64(f), int64(t)
}

func (d *dir) tmpfile() (*os.File, error) { return nil, errors.ErrUnsupported }

func linkFile(*os.File, linkWay, *dir, string) error { return errors.ErrUnsupported }

func clone(dst, src *os.File) error { return errors.ErrUnsupported }

func writeBack(*os.File, int64, int64) {}

func flush(*os.File) error { return nil }

func findMethod(*dir) method { return method{fileSystem: "Windows"} }

// lockFile locks a byte that no file has, since locks are binding here.
func lockFile(f *os.File) error {
	at := windows.Overlapped{OffsetHigh: 1 << 30}
	err := windows.LockFileEx(windows.Handle(f.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at)
	if err == windows.ERROR_LOCK_VIOLATION {
		return errLocked
	}
	return err
}
