//go:build unix && !linux

package osfs

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

const accessFlags = unix.AT_EACCESS

// groupOfParent says that new files get the group of their directory, always.
const groupOfParent = true

func (d *dir) tmpfile() (*os.File, error) { return nil, errors.ErrUnsupported }

func linkFile(*os.File, linkWay, *dir, string) error { return errors.ErrUnsupported }

func renameNew(from *dir, a string, to *dir, b string) error { return linkAndUnlink(from, a, to, b) }

func clone(dst, src *os.File) error { return errors.ErrUnsupported }

func writeBack(*os.File, int64, int64) {}

func findMethod(*dir) method { return method{fileSystem: "unknown file system"} }

// reader opens d once more, to read it from the start.
func (d *dir) reader() (*os.File, error) { return d.open(".", os.O_RDONLY|unix.O_DIRECTORY) }
