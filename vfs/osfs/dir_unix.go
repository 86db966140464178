//go:build unix

package osfs

import (
	"errors"
	"io/fs"
	"iter"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// dir is an open directory. What is done to a name in it goes by the descriptor
// and follows no link, so that nothing which happens to the path on the way here
// can lead it elsewhere; and it stays the same directory if that is renamed.
type dir struct {
	f    *os.File
	self info
}

// openDir opens directory rel of root; links inside the tree are followed.
// O_DIRECTORY has the system refuse a FIFO rather than wait for its other end
// (S-72, S-74).
func openDir(root *os.Root, rel string) (*dir, error) {
	f, err := root.OpenFile(rel, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	return newDir(f)
}

// openDir opens the directory called name in d; a link is ErrNotDir.
func (d *dir) openDir(name string) (*dir, error) {
	f, err := d.open(name, os.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	return newDir(f)
}

func newDir(f *os.File) (*dir, error) {
	d := &dir{f: f}
	var err error
	if d.self, err = statFile(f, true); err != nil {
		f.Close()
		return nil, err
	}
	return d, nil
}

// fd is for calls that end before d is closed.
func (d *dir) fd() int { return int(d.f.Fd()) }

func (d *dir) close() error { return d.f.Close() }

// open opens a name of d, and never a link.
func (d *dir) open(name string, flags int) (*os.File, error) {
	return d.openMode(name, flags|unix.O_NONBLOCK, 0)
}

func (d *dir) openMode(name string, flags int, mode uint32) (*os.File, error) {
	var fd int
	err := again(func() (err error) {
		fd, err = unix.Openat(d.fd(), name, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
		return err
	})
	if err != nil {
		return nil, err
	}
	// The name is for error texts only.
	return os.NewFile(uintptr(fd), name), nil
}

// create makes the file name, which must not be there.
func (d *dir) create(name string) (*os.File, error) {
	return d.openMode(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, tempMode)
}

// mkdir makes a directory that only its owner can use as yet.
func (d *dir) mkdir(name string) error {
	return again(func() error { return unix.Mkdirat(d.fd(), name, 0o700) })
}

func (d *dir) unlink(name string) error {
	return again(func() error { return unix.Unlinkat(d.fd(), name, 0) })
}

func (d *dir) rmdir(name string) error {
	return again(func() error { return unix.Unlinkat(d.fd(), name, unix.AT_REMOVEDIR) })
}

func (d *dir) symlink(text, name string) error {
	return again(func() error { return unix.Symlinkat(text, d.fd(), name) })
}

func rename(from *dir, a string, to *dir, b string) error {
	return again(func() error { return unix.Renameat(from.fd(), a, to.fd(), b) })
}

// linkAndUnlink is a rename of a file that fails if there is something at b, for
// systems that have no such call.
func linkAndUnlink(from *dir, a string, to *dir, b string) error {
	if err := again(func() error { return unix.Linkat(from.fd(), a, to.fd(), b, 0) }); err != nil {
		return err
	}
	return from.unlink(a)
}

// sync syncs the directory itself: a name that is not followed by this may be
// undone by a power cut.
func (d *dir) sync() error {
	err := d.f.Sync()
	// Some file systems (FUSE, network) cannot sync a directory, and say so.
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.EOPNOTSUPP) {
		return nil
	}
	return err
}

// writable reports whether the process may change what is in directory name of
// d, or in d itself for ".".
func (d *dir) writable(name string) bool {
	return unix.Faccessat(d.fd(), name, unix.W_OK|unix.X_OK, accessFlags) == nil
}

// superuser reports whether permissions of single files mean nothing to the
// process.
func superuser() bool { return os.Geteuid() == 0 }

// inherits says which group new files in d get by the rules of the system, and
// whether there is such a rule for d.
func (d *dir) inherits() (gid uint32, ok bool) {
	return d.self.owner.GID, groupOfParent || d.self.mode&fs.ModeSetgid != 0
}

// again repeats a call that a signal has cut short.
func again(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

// flush has network file systems send what they hold back, and say whether that
// worked: they do at every close, and f stays open.
func flush(f *os.File) error {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

// dress gives d, which is new, its owner and permissions.
func (d *dir) dress(c calls, r rules) error {
	if r.uid >= 0 || r.gid >= 0 {
		if err := c.chown(d.f, r.uid, r.gid); err != nil {
			return err
		}
	}
	err := c.chmod(d.f, r.dirMod|d.self.mode&fs.ModeSetgid)
	if err != nil && d.self.mode.Perm() != 0o700 {
		return nil // a disk without permissions (vfat)
	}
	return err
}

// names are those in d, in no order, as far as they can be read. Few are held
// at a time.
func (d *dir) names() iter.Seq[string] {
	return func(yield func(string) bool) {
		f, err := d.open(".", os.O_RDONLY|unix.O_DIRECTORY)
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
