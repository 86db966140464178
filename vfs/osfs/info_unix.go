//go:build unix

package osfs

import (
	"io/fs"
	"syscall"
	"time"

	"github.com/sealane/sealane/vfs"
	"golang.org/x/sys/unix"
)

// follow describes what the path rel of the folder leads to. It has no time of
// creation.
func (t *folder) follow(rel string) (info, error) {
	fi, err := t.root.Stat(rel)
	if err != nil {
		return info{}, err
	}
	st := fi.Sys().(*syscall.Stat_t)
	return info{
		mode:  fi.Mode(),
		size:  fi.Size(),
		mod:   fi.ModTime(),
		owner: vfs.Owner{UID: st.Uid, GID: st.Gid, Known: true},
		links: uint64(st.Nlink),
		id:    fileID{uint64(st.Dev), uint64(st.Ino)},
	}, nil
}

// fromStat does not have created.
func fromStat(st *unix.Stat_t) info {
	return info{
		mode:  fileMode(uint32(st.Mode)),
		size:  st.Size,
		mod:   time.Unix(st.Mtim.Unix()),
		owner: vfs.Owner{UID: st.Uid, GID: st.Gid, Known: true},
		links: uint64(st.Nlink),
		id:    fileID{uint64(st.Dev), uint64(st.Ino)},
	}
}

func fileMode(m uint32) fs.FileMode {
	mode := fs.FileMode(m & 0o777)
	switch m & unix.S_IFMT {
	case unix.S_IFDIR:
		mode |= fs.ModeDir
	case unix.S_IFLNK:
		mode |= fs.ModeSymlink
	case unix.S_IFIFO:
		mode |= fs.ModeNamedPipe
	case unix.S_IFSOCK:
		mode |= fs.ModeSocket
	case unix.S_IFCHR:
		mode |= fs.ModeDevice | fs.ModeCharDevice
	case unix.S_IFBLK:
		mode |= fs.ModeDevice
	case unix.S_IFREG:
	default:
		mode |= fs.ModeIrregular
	}
	if m&unix.S_ISUID != 0 {
		mode |= fs.ModeSetuid
	}
	if m&unix.S_ISGID != 0 {
		mode |= fs.ModeSetgid
	}
	if m&unix.S_ISVTX != 0 {
		mode |= fs.ModeSticky
	}
	return mode
}
