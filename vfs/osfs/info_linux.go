package osfs

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sealane/sealane/vfs"
)

// stat describes name in d, and not what it leads to if it is a link. One call
// to the system; the time of creation and the mount cost a little more.
func (d *dir) stat(name string, more bool) (info, error) {
	return statAt(d.fd(), name, more)
}

// statFile describes an open file.
func statFile(f *os.File, more bool) (info, error) {
	if more {
		return statAt(int(f.Fd()), "", true)
	}
	var st unix.Stat_t
	if err := again(func() error { return unix.Fstat(int(f.Fd()), &st) }); err != nil {
		return info{}, err
	}
	return fromStat(&st), nil
}

func statAt(fd int, name string, more bool) (info, error) {
	if more {
		var st unix.Statx_t
		const mask = unix.STATX_BASIC_STATS | unix.STATX_BTIME | unix.STATX_MNT_ID
		err := unix.Statx(fd, name, unix.AT_SYMLINK_NOFOLLOW|unix.AT_EMPTY_PATH, mask, &st)
		if err == nil {
			return fromStatx(&st), nil
		}
		// Old kernels have no statx, and the filters of old containers forbid it.
		if err != unix.ENOSYS && err != unix.EPERM && err != unix.EINTR {
			return info{}, err
		}
	}
	var st unix.Stat_t
	for {
		err := unix.Fstatat(fd, name, &st, unix.AT_SYMLINK_NOFOLLOW|unix.AT_EMPTY_PATH)
		if err == nil {
			return fromStat(&st), nil
		}
		if err != unix.EINTR {
			return info{}, err
		}
	}
}

func fromStatx(st *unix.Statx_t) info {
	in := info{
		mode:  fileMode(uint32(st.Mode)),
		size:  int64(st.Size),
		mod:   time.Unix(st.Mtime.Sec, int64(st.Mtime.Nsec)),
		owner: vfs.Owner{UID: st.Uid, GID: st.Gid, Known: true},
		links: uint64(st.Nlink),
		id:    fileID{unix.Mkdev(st.Dev_major, st.Dev_minor), st.Ino},
	}
	if st.Mask&unix.STATX_BTIME != 0 {
		in.created = time.Unix(st.Btime.Sec, int64(st.Btime.Nsec))
	}
	if st.Mask&unix.STATX_MNT_ID != 0 {
		in.mount = st.Mnt_id
	}
	return in
}
