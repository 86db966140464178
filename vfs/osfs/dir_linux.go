package osfs

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

const accessFlags = unix.AT_EACCESS | unix.AT_SYMLINK_NOFOLLOW

// groupOfParent says that new files get the group of their directory, always.
const groupOfParent = false

// tmpfile opens a file that has no name. errors.ErrUnsupported says that this
// directory cannot hold one.
func (d *dir) tmpfile() (*os.File, error) {
	f, err := d.openMode(".", unix.O_TMPFILE|os.O_WRONLY, tempMode)
	switch {
	case err == unix.EOPNOTSUPP, err == unix.EISDIR, err == unix.EINVAL, err == unix.ENOSYS:
		return nil, errors.ErrUnsupported
	case err != nil:
		return nil, err
	}
	return f, nil
}

// linkFile gives a file without a name one that must be free.
func linkFile(f *os.File, way linkWay, d *dir, name string) error {
	return again(func() error {
		if way == linkEmptyPath {
			return unix.Linkat(int(f.Fd()), "", d.fd(), name, unix.AT_EMPTY_PATH)
		}
		return unix.Linkat(unix.AT_FDCWD, procName(f), d.fd(), name, unix.AT_SYMLINK_FOLLOW)
	})
}

func procName(f *os.File) string { return "/proc/self/fd/" + strconv.Itoa(int(f.Fd())) }

// renameNew renames a to b, which must be free.
func renameNew(from *dir, a string, to *dir, b string) error {
	err := again(func() error { return unix.Renameat2(from.fd(), a, to.fd(), b, unix.RENAME_NOREPLACE) })
	if err == unix.EINVAL || err == unix.ENOSYS {
		return linkAndUnlink(from, a, to, b)
	}
	return err
}

// clone makes dst, which is empty, share the blocks of src.
func clone(dst, src *os.File) error {
	return again(func() error { return unix.IoctlFileClone(int(dst.Fd()), int(src.Fd())) })
}

// writeBack has the system begin to write a part of f to the disk, so that less
// is left to do for the sync. It waits for nothing and promises nothing.
func writeBack(f *os.File, off, n int64) {
	_ = unix.SyncFileRange(int(f.Fd()), off, n, unix.SYNC_FILE_RANGE_WRITE)
}

// findMethod sees what the file system of the folder can do. Nothing is left on
// the disk, and nobody sees a name come and go.
func findMethod(top *dir) method {
	m := method{fileSystem: fileSystem(top), link: findLink(top)}
	f, err := top.tmpfile()
	if errors.Is(err, errors.ErrUnsupported) || m.link == linkNone {
		if err == nil {
			f.Close()
		}
		return m
	}
	// A folder that may only be read has folders in it, perhaps, that may be
	// written; so the rest is judged by what each of them says.
	m.nameless = true
	if err != nil {
		return m
	}
	defer f.Close()
	if g, err := top.openMode(".", unix.O_TMPFILE|os.O_RDWR, tempMode); err == nil {
		m.reflink = clone(f, g) == nil
		g.Close()
	}
	return m
}

// findLink sees by which way a descriptor can be linked. "." is taken always,
// and so EEXIST says that the first half of the work was done.
func findLink(top *dir) linkWay {
	if unix.Linkat(unix.AT_FDCWD, procName(top.f), top.fd(), ".", unix.AT_SYMLINK_FOLLOW) == unix.EEXIST {
		return linkProc
	}
	if unix.Linkat(top.fd(), "", top.fd(), ".", unix.AT_EMPTY_PATH) == unix.EEXIST {
		return linkEmptyPath
	}
	return linkNone
}

// fileSystem names the file system as the kernel's mount table does, and by its
// number where that has no name here.
func fileSystem(d *dir) string {
	var st unix.Statfs_t
	if err := unix.Fstatfs(d.fd(), &st); err != nil {
		return "unknown file system"
	}
	magic := uint32(st.Type)
	switch magic {
	case unix.EXT4_SUPER_MAGIC:
		return "ext4"
	case unix.XFS_SUPER_MAGIC:
		return "xfs"
	case unix.BTRFS_SUPER_MAGIC:
		return "btrfs"
	case unix.TMPFS_MAGIC:
		return "tmpfs"
	case unix.OVERLAYFS_SUPER_MAGIC:
		return "overlayfs"
	case unix.NFS_SUPER_MAGIC:
		return "nfs"
	case unix.FUSE_SUPER_MAGIC:
		return "fuse"
	case unix.MSDOS_SUPER_MAGIC:
		return "vfat"
	case unix.EXFAT_SUPER_MAGIC:
		return "exfat"
	case unix.SMB2_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC:
		return "smb"
	case unix.F2FS_SUPER_MAGIC:
		return "f2fs"
	case 0x2fc12fc1:
		return "zfs"
	case 0xca451a4e:
		return "bcachefs"
	}
	return "file system 0x" + strconv.FormatUint(uint64(magic), 16)
}

// space is what is left for this process, and all there is.
func (d *dir) space() (free, total int64) {
	var st unix.Statfs_t
	if err := unix.Fstatfs(d.fd(), &st); err != nil {
		return -1, -1
	}
	size := int64(st.Frsize)
	if size == 0 {
		size = int64(st.Bsize)
	}
	return int64(st.Bavail) * size, int64(st.Blocks) * size
}
