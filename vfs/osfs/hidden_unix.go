//go:build unix

package osfs

import (
	"errors"
	"os"
)

var errForeign = errors.New("the folder " + hiddenName + " belongs to another user; remove it")

// private makes sure that nobody else on the machine can put something into the
// hidden folder or read what is in it.
func (d *dir) private() error {
	if d.self.owner.UID != uint32(os.Geteuid()) {
		return errForeign
	}
	if d.self.mode.Perm() != 0o700 {
		return d.f.Chmod(0o700)
	}
	return nil
}

// alive reports whether d is still on the disk.
func (d *dir) alive() bool {
	in, err := statFile(d.f, false)
	return err == nil && in.links > 0
}
