//go:build unix

package osfs

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/sealane/sealane/vfs"
)

// S-79: what the disk says comes out as the sentinel that the reply is chosen
// by, as that one only, and in every wrapping that package os has.
func TestFail(t *testing.T) {
	f, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, escape := f.folder.root.Stat("../x")
	sentinels := []error{
		vfs.ErrNotExist, vfs.ErrExist, vfs.ErrPermission, vfs.ErrBadName, vfs.ErrIsDir, vfs.ErrNotDir, vfs.ErrNotEmpty,
		vfs.ErrNotRegular, vfs.ErrOffset, vfs.ErrNoSpace, vfs.ErrQuota, vfs.ErrUnsupported, vfs.ErrConflict,
	}
	for _, test := range []struct{ err, want error }{
		{escape, vfs.ErrPermission},
		{syscall.ENOENT, vfs.ErrNotExist},
		{syscall.EEXIST, vfs.ErrExist},
		{syscall.EACCES, vfs.ErrPermission},
		{syscall.EPERM, vfs.ErrPermission},
		{syscall.EROFS, vfs.ErrPermission},
		{syscall.ELOOP, vfs.ErrPermission},
		{syscall.EBUSY, vfs.ErrPermission},
		{syscall.ENOTDIR, vfs.ErrNotDir},
		{syscall.EISDIR, vfs.ErrIsDir},
		{syscall.ENOTEMPTY, vfs.ErrNotEmpty},
		{syscall.ENOSPC, vfs.ErrNoSpace},
		{syscall.EFBIG, vfs.ErrNoSpace},
		{syscall.EDQUOT, vfs.ErrQuota},
		{syscall.ENAMETOOLONG, vfs.ErrBadName},
		{syscall.EILSEQ, vfs.ErrBadName},
		{syscall.EINVAL, vfs.ErrBadName},
		{syscall.EXDEV, vfs.ErrUnsupported},
		{syscall.ENOTSUP, vfs.ErrUnsupported},
		{syscall.EIO, nil},
		{fs.ErrClosed, nil},
		{vfs.ErrOffset, vfs.ErrOffset},
		{vfs.ErrConflict, vfs.ErrConflict},
	} {
		for _, wrapped := range []error{
			test.err,
			&fs.PathError{Op: "openat", Path: "x", Err: test.err},
			&os.LinkError{Op: "renameat", Old: "x", New: "y", Err: test.err},
			errors.Join(test.err, nil),
		} {
			got := f.fail("test", vfs.Path{}, wrapped)
			for _, s := range sentinels {
				if errors.Is(got, s) != (s == test.want) {
					t.Errorf("%v: %v is %v: %v", test.err, got, s, errors.Is(got, s))
				}
			}
		}
	}
}
