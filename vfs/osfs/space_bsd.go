//go:build darwin || freebsd

package osfs

import "golang.org/x/sys/unix"

// space is what is left for this process, and all there is.
func (d *dir) space() (free, total int64) {
	var st unix.Statfs_t
	if err := unix.Fstatfs(d.fd(), &st); err != nil {
		return -1, -1
	}
	size := int64(st.Bsize)
	return max(0, int64(st.Bavail)) * size, int64(st.Blocks) * size
}
