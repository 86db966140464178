//go:build unix

package ftpserver_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// S-74: FIFOs, sockets and devices are 550 at once; none is opened for reading,
// which would block, and none is written to or replaced.
func TestS74SpecialFiles(t *testing.T) {
	srv, root, _ := serveFolder(t, inClear)
	if err := syscall.Mkfifo(filepath.Join(root, "fifo"), 0o666); err != nil {
		t.Fatal(err)
	}
	names := []string{"fifo"}
	dir, err := os.MkdirTemp("", "s") // short: the names of sockets are limited
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if l, err := net.Listen("unix", filepath.Join(dir, "s")); err == nil {
		defer l.Close()
		if os.Rename(filepath.Join(dir, "s"), filepath.Join(root, "socket")) == nil {
			names = append(names, "socket")
		}
	}
	if os.Symlink("fifo", filepath.Join(root, "link")) == nil {
		names = append(names, "link")
	}
	if makeZero(filepath.Join(root, "zero")) == nil { // root only
		names = append(names, "zero")
	}
	c := connect(t, srv).loginClear()
	for _, name := range names {
		for _, command := range []string{"RETR ", "STOR ", "APPE "} {
			if reply, _ := c.dataCommand(command+name, "upload"); !strings.HasPrefix(reply, "550") {
				t.Errorf("%s%s: %q", command, name, reply)
			}
		}
		for _, command := range []string{"SIZE ", "MDTM ", "CWD ", "RMD "} {
			c.do(command+name, "550")
		}
		if info, err := os.Lstat(filepath.Join(root, name)); err != nil || info.Mode().IsRegular() {
			t.Errorf("%s is now %v, %v", name, info, err)
		}
	}
	if listing, _ := c.list("MLSD"); strings.Contains(listing, "type=file;size=0;") && strings.Contains(listing, "type=file; fifo") {
		t.Errorf("MLSD calls a FIFO a file: %q", listing)
	}
}
