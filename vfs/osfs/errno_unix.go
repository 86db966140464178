//go:build unix

package osfs

import (
	"syscall"

	"github.com/sealane/sealane/vfs"
)

// errnoSentinel translates what errors.Is would not. EINVAL stands for a bad
// name because every other argument of our calls is known to be good: vfat has
// it for forbidden characters, rename for a directory moved below itself.
func errnoSentinel(errno syscall.Errno) error {
	if errno == syscall.ENOTSUP { // EOPNOTSUPP on Linux, another one on BSD
		return vfs.ErrUnsupported
	}
	switch errno {
	case syscall.ENOTDIR:
		return vfs.ErrNotDir
	case syscall.EISDIR:
		return vfs.ErrIsDir
	case syscall.ENOTEMPTY:
		return vfs.ErrNotEmpty
	case syscall.ENOSPC, syscall.EFBIG:
		return vfs.ErrNoSpace
	case syscall.EDQUOT:
		return vfs.ErrQuota
	case syscall.EROFS, syscall.ELOOP, syscall.EBUSY:
		return vfs.ErrPermission
	case syscall.ENAMETOOLONG, syscall.EILSEQ, syscall.EINVAL:
		return vfs.ErrBadName
	case syscall.EXDEV, syscall.EOPNOTSUPP, syscall.ENOSYS:
		return vfs.ErrUnsupported
	}
	return nil
}
