package osfs

import (
	"io/fs"
	"os"
	"strconv"
	"time"

	"github.com/sealane/sealane/vfs"
)

// info is what the system says of a file, without the garbage of an
// os.FileInfo: a listing makes one for every entry.
type info struct {
	mode    fs.FileMode
	size    int64
	mod     time.Time
	created time.Time // zero: not known, or not asked for
	owner   vfs.Owner
	links   uint64
	link    bool // this was reached by following a link
	id      fileID
	mount   uint64      // of the file, where the system tells; else 0
	ref     fs.FileInfo // only where id cannot tell one file from another
}

// fileID is the device and the inode.
type fileID struct{ dev, ino uint64 }

// sameFile reports whether a and b are one file.
func sameFile(a, b info) bool {
	if a.ref != nil && b.ref != nil {
		return os.SameFile(a.ref, b.ref)
	}
	return a.id == b.id
}

func (in info) isLink() bool { return in.mode&fs.ModeSymlink != 0 }

// regular is nil for a regular file, and says what else it is.
func (in info) regular() error {
	switch {
	case in.mode.IsDir():
		return vfs.ErrIsDir
	case !in.mode.IsRegular():
		return vfs.ErrNotRegular
	}
	return nil
}

// sameVersion reports whether in and other describe the same bytes with the same
// attributes, as far as the system tells.
func (in info) sameVersion(other info) bool {
	return sameFile(in, other) && in.size == other.size && in.mod.Equal(other.mod) &&
		in.mode == other.mode && in.owner == other.owner
}

// unique is the device and the inode in hexadecimal, the latter in 16 digits.
func (in info) unique() string {
	if in.id.ino == 0 {
		return ""
	}
	var buf [32]byte
	b := strconv.AppendUint(buf[:0], in.id.dev, 16)
	for i := 60; i >= 0; i -= 4 {
		b = append(b, "0123456789abcdef"[in.id.ino>>i&15])
	}
	return string(b)
}

func (in info) kind() vfs.Kind {
	switch {
	case in.mode.IsDir():
		return vfs.KindDir
	case in.mode.IsRegular():
		return vfs.KindFile
	}
	return vfs.KindOther
}

// entry describes the file under name with the fields of want. Its rights are
// those in a tree that may be changed.
func (in info) entry(name string, want vfs.Fields) vfs.Entry {
	e := vfs.Entry{Name: name, Kind: in.kind(), Link: in.link || in.isLink()}
	if want.Has(vfs.WantInfo) {
		if e.Kind == vfs.KindFile {
			e.Size = in.size
		}
		e.ModTime, e.Mode, e.Owner = in.mod, in.mode, in.owner
	}
	if want.Has(vfs.WantCreated) {
		e.Created = in.created
	}
	if want.Has(vfs.WantUnique) {
		e.Unique = in.unique()
	}
	return e
}
