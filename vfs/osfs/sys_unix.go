//go:build unix

package osfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// readFlags opens for reading. Without O_NONBLOCK the open of a FIFO would wait
// for a writer (S-74); regular files ignore it.
const readFlags = os.O_RDONLY | syscall.O_NONBLOCK

// nameAllowed says what this system adds to the rules of vfs.Path: nothing.
func nameAllowed(string) bool { return true }

// unique is the device and the inode in hexadecimal, the latter in 16 digits.
func unique(info fs.FileInfo) string {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%x%016x", uint64(st.Dev), uint64(st.Ino))
}

// syncRoot syncs the directory itself: a rename that is not followed by this
// may be undone by a power cut.
func syncRoot(dir *os.Root) error {
	d, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	err = d.Sync()
	// Some file systems (FUSE, network) cannot sync a directory, and say so.
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.EOPNOTSUPP) {
		return nil
	}
	return err
}
