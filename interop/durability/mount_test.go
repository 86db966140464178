//go:build interop && linux

package durability

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// needRoot skips a test that mounts something.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount")
	}
}

// mount mounts, or says that this system cannot; the end of the test unmounts.
func mount(t *testing.T, dir string, args ...string) {
	t.Helper()
	if err := remount(dir, args...); err != nil {
		lack(t, "this system does not mount: %v", err)
	}
	t.Cleanup(func() { unmount(t, dir) })
}

func remount(dir string, args ...string) error {
	out, err := exec.Command("mount", append(args, dir)...).CombinedOutput()
	if err != nil {
		return &commandError{"mount", args, err, out}
	}
	return nil
}

type commandError struct {
	name string
	args []string
	err  error
	out  []byte
}

func (e *commandError) Error() string {
	return strings.TrimSpace(e.name + " " + strings.Join(e.args, " ") + ": " + e.err.Error() + ": " + string(e.out))
}

// unmount takes a file system away; a busy one, which should not be, is taken out
// of sight and goes when its last user does.
func unmount(t *testing.T, dir string) {
	t.Helper()
	err := syscall.Unmount(dir, 0)
	if err == nil || err == syscall.EINVAL { // EINVAL: it is not mounted
		return
	}
	if lazy := syscall.Unmount(dir, syscall.MNT_DETACH); lazy != nil {
		t.Errorf("%s stays mounted: %v", dir, lazy)
		return
	}
	t.Errorf("%s: %v", dir, err)
}

// image is a file system in a file, on a loop device while it is mounted.
type image struct {
	kind string // "ext4", "xfs", "btrfs"
	file string
	dir  string // where it is mounted
}

// newImage makes and mounts a file system. One that CI must have fails the test
// if it cannot be had; btrfs is a guest.
func newImage(t *testing.T, kind string) *image {
	t.Helper()
	needRoot(t)
	complain := lack
	if kind == "btrfs" {
		complain = func(t *testing.T, format string, args ...any) { t.Helper(); t.Skipf(format, args...) }
	}
	base := t.TempDir()
	i := &image{kind: kind, file: filepath.Join(base, "image"), dir: filepath.Join(base, "mounted")}
	if err := os.Mkdir(i.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(i.file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(i.file, 512*mib); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs."+kind, "-q", i.file).CombinedOutput(); err != nil {
		complain(t, "mkfs.%s: %v; see interop/install.sh\n%s", kind, err, out)
	}
	if err := i.mount(); err != nil {
		complain(t, "this system does not mount %s images: %v", kind, err)
	}
	// "mount -o loop" frees the loop device with the last mount of it.
	t.Cleanup(func() { unmount(t, i.dir) })
	return i
}

func (i *image) mount() error { return remount(i.dir, "-o", "loop", i.file) }

// power is the switch of a mounted image; it is held open, since under load it
// must not wait for anything.
type power struct{ dir *os.File }

func (i *image) power(t *testing.T) power {
	t.Helper()
	dir, err := os.Open(i.dir)
	if err != nil {
		t.Fatal(err)
	}
	return power{dir}
}

// off makes the file system stop at once: not even its log is written any more
// (EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN and BTRFS_IOC_SHUTDOWN are one number,
// and 2 means NOLOGFLUSH to each).
func (p power) off() error {
	defer p.dir.Close()
	const shutdown, noLogFlush = 0x8004587d, 2
	flag := uint32(noLogFlush)
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, p.dir.Fd(), shutdown, uintptr(unsafe.Pointer(&flag)))
	if errno != 0 {
		return errno
	}
	return nil
}
