//go:build unix

package osfs

import (
	"os"

	"golang.org/x/sys/unix"
)

// lockFile marks f as in use by this process, as long as it is open. It is
// errLocked if another holds it.
func lockFile(f *os.File) error {
	err := again(func() error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) })
	if err == unix.EWOULDBLOCK {
		return errLocked
	}
	return err
}

// hold keeps the other processes that serve this folder from changing names
// until release.
func (d *dir) hold() {
	// Without locks (some network file systems) there is one server per folder.
	_ = again(func() error { return unix.Flock(d.fd(), unix.LOCK_EX) })
}

func (d *dir) release() { _ = unix.Flock(d.fd(), unix.LOCK_UN) }
