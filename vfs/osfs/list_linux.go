package osfs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/sealane/sealane/vfs"
)

// listBuffer is how much of a directory is held at a time: some hundred names.
const listBuffer = 32 << 10

// The layout of struct linux_dirent64, getdents64(2).
const (
	direntLength = 16 // of the record, 16 bits
	direntType   = 18
	direntName   = 19
)

// read gives the names in the directory with what it says of their kind.
func (l *listing) read(yield func(string, vfs.Kind) bool) {
	d, err := l.dir.open(".", os.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		l.err = err
		return
	}
	defer d.Close()
	buf := make([]byte, listBuffer)
	for {
		n, err := unix.Getdents(int(d.Fd()), buf)
		switch {
		case err == unix.EINTR:
			continue
		case errors.Is(err, os.ErrNotExist):
			return // the directory was removed meanwhile
		case err != nil:
			l.err = err
			return
		case n == 0:
			return
		}
		for b := buf[:n]; len(b) > direntName; {
			length := int(binary.NativeEndian.Uint16(b[direntLength:]))
			if length <= direntName || length > len(b) {
				return // no kernel does this
			}
			name := b[direntName:length]
			if end := bytes.IndexByte(name, 0); end >= 0 {
				name = name[:end]
			}
			kind := direntKind(b[direntType])
			b = b[length:]
			if string(name) == "." || string(name) == ".." {
				continue
			}
			if !yield(string(name), kind) {
				return
			}
		}
	}
}

func direntKind(t byte) vfs.Kind {
	switch t {
	case unix.DT_REG:
		return vfs.KindFile
	case unix.DT_DIR:
		return vfs.KindDir
	case unix.DT_LNK:
		return kindLink
	case unix.DT_UNKNOWN:
		return kindUnknown
	}
	return vfs.KindOther
}
