package osfs

import (
	"syscall"

	"github.com/sealane/sealane/vfs"
)

// System error codes of winerror.h that package syscall does not name.
const (
	errorWriteProtect       syscall.Errno = 19
	errorSharingViolation   syscall.Errno = 32
	errorHandleDiskFull     syscall.Errno = 39
	errorNotSupported       syscall.Errno = 50
	errorDiskFull           syscall.Errno = 112
	errorInvalidName        syscall.Errno = 123
	errorFilenameTooLong    syscall.Errno = 206
	errorDirectory          syscall.Errno = 267 // a directory was wanted
	errorDiskQuotaExceeded  syscall.Errno = 1295
	errorCantResolveFile    syscall.Errno = 1921 // too many links
	errorNotSameDevice      syscall.Errno = 17
	errorDirectoryNotEmpty  syscall.Errno = syscall.ERROR_DIR_NOT_EMPTY
	errorPrivilegeNotHeld   syscall.Errno = syscall.ERROR_PRIVILEGE_NOT_HELD
	errorReparseNotResolved syscall.Errno = syscall.ELOOP // package os invents it
)

func errnoSentinel(errno syscall.Errno) error {
	switch errno {
	case errorDirectory, syscall.ENOTDIR:
		return vfs.ErrNotDir
	case syscall.EISDIR:
		return vfs.ErrIsDir
	case errorDirectoryNotEmpty, syscall.ENOTEMPTY:
		return vfs.ErrNotEmpty
	case errorDiskFull, errorHandleDiskFull, syscall.ENOSPC:
		return vfs.ErrNoSpace
	case errorDiskQuotaExceeded:
		return vfs.ErrQuota
	case errorWriteProtect, errorSharingViolation, errorPrivilegeNotHeld,
		errorCantResolveFile, errorReparseNotResolved:
		return vfs.ErrPermission
	case errorInvalidName, errorFilenameTooLong, syscall.ENAMETOOLONG, syscall.EINVAL:
		return vfs.ErrBadName
	case errorNotSupported, errorNotSameDevice:
		return vfs.ErrUnsupported
	}
	return nil
}
