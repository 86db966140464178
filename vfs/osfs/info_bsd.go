//go:build unix && !linux

package osfs

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// stat describes name in d, and not what it leads to if it is a link.
func (d *dir) stat(name string, _ bool) (info, error) {
	var st unix.Stat_t
	err := again(func() error { return unix.Fstatat(d.fd(), name, &st, unix.AT_SYMLINK_NOFOLLOW) })
	if err != nil {
		return info{}, err
	}
	return withBirth(&st), nil
}

// statFile describes an open file.
func statFile(f *os.File, _ bool) (info, error) {
	var st unix.Stat_t
	if err := again(func() error { return unix.Fstat(int(f.Fd()), &st) }); err != nil {
		return info{}, err
	}
	return withBirth(&st), nil
}

func withBirth(st *unix.Stat_t) info {
	in := fromStat(st)
	if sec, nsec := st.Btim.Unix(); sec > 0 {
		in.created = time.Unix(sec, nsec)
	}
	return in
}
