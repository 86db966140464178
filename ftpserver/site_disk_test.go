package ftpserver_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs/osfs"
)

// serveDisk serves a folder under a policy, and logs in.
func serveDisk(t *testing.T, p osfs.Policy, configure ...func(*ftpserver.Server)) (c *rawClient, dir string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("owners and modes are of other systems")
	}
	dir = t.TempDir()
	tree, err := osfs.Open(dir, osfs.With(p))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	srv := ftptest.NewServerFS(tree, func(s *ftpserver.Server) {
		inClear(s)
		for _, f := range configure {
			f(s)
		}
	})
	t.Cleanup(srv.Close)
	return connect(t, srv).loginClear(), dir
}

func modeOf(t *testing.T, name string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

// S-87: SITE UMASK takes bits from new files and directories; it gives none that the
// account does not have, and leaves files alone that are there.
func TestS87SiteUmask(t *testing.T) {
	t.Parallel()
	account := fs.FileMode(0o027)
	c, dir := serveDisk(t, osfs.Policy{Umask: &account, FileMode: 0o660})
	for i, test := range []struct {
		mask      string
		file, dir fs.FileMode
	}{{"0", 0o640, 0o750}, {"002", 0o640, 0o750}, {"070", 0o600, 0o700}, {"0", 0o640, 0o750}, {"777", 0, 0}} {
		c.do("SITE UMASK "+test.mask, "200")
		name := fmt.Sprint(i)
		c.dataCommand("STOR f"+name, "x")
		c.do("MKD d"+name, "257")
		if f, d := modeOf(t, filepath.Join(dir, "f"+name)), modeOf(t, filepath.Join(dir, "d"+name)); f != test.file || d != test.dir {
			t.Errorf("UMASK %s: file %v, directory %v", test.mask, f, d)
		}
	}
	c.dataCommand("STOR f0", "other")
	if got := modeOf(t, filepath.Join(dir, "f0")); got != 0o640 {
		t.Errorf("a file that was there: %v", got)
	}
	for _, bad := range []string{"1777", "4000", "77777777777"} {
		c.do("SITE UMASK "+bad, "50")
	}
}

// S-40: SITE CHGRP gives files to the groups of the account's policy, and to no other.
func TestSiteChgrp(t *testing.T) {
	t.Parallel()
	gid := strconv.Itoa(os.Getgid())
	c, dir := serveDisk(t, osfs.Policy{Groups: []string{gid}})
	if err := os.WriteFile(filepath.Join(dir, "a b"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	c.do("SITE CHGRP "+gid+" a b", "200")
	c.do("SITE CHGRP "+strconv.Itoa(os.Getgid()+1)+" a b", "550")
	c.do("SITE CHGRP no-such-group-here a b", "550")
	c.do("SITE CHGRP "+gid+" absent", "550")
	c.do("SITE CHGRP "+gid+" ../../etc", "550")
	c.do("MFCT 20200102030405 a b", "550")
}

// UNIX.uid and its like are those of the file, by number, and by name only where
// the server was told to give that.
func TestOwnerFacts(t *testing.T) {
	t.Parallel()
	for _, named := range []bool{false, true} {
		testOwnerFacts(t, named)
	}
}

func testOwnerFacts(t *testing.T, named bool) {
	c, dir := serveDisk(t, osfs.Policy{}, func(s *ftpserver.Server) { s.OwnerNames = named })
	if err := os.WriteFile(filepath.Join(dir, "f"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 { // or it is a guess what its group is
		if err := os.Chown(filepath.Join(dir, "f"), 0, 54321); err != nil {
			t.Fatal(err)
		}
	}
	uid, name := strconv.Itoa(os.Getuid()), strconv.Itoa(os.Getuid())
	if u, err := user.LookupId(uid); err == nil && named {
		name = u.Username
	}
	c.do("OPTS MLST UNIX.owner;UNIX.uid;", "200 MLST OPTS UNIX.uid;UNIX.owner;")
	want := "UNIX.uid=" + uid + ";UNIX.owner=" + name + "; "
	if got := c.do("MLST f", "250"); !strings.Contains(got, "\n "+want+"/f\n") {
		t.Errorf("MLST: %q, want %q", got, want)
	}
	if reply, data := c.dataCommand("MLSD", ""); data != want+"f\r\n" {
		t.Errorf("MLSD: %q, %q; want %q", data, reply, want)
	}
	c.do("OPTS MLST UNIX.gid;UNIX.group;", "200")
	if got := c.do("MLST f", "250"); os.Getuid() == 0 && !strings.Contains(got, "\n UNIX.gid=54321;UNIX.group=54321; /f\n") {
		t.Errorf("MLST: %q", got)
	}
}

// SITE IDLE makes a session end sooner.
func TestSiteIdle(t *testing.T) {
	inBubble(t, func(t *testing.T, c *strictClient) {
		c.login()
		c.must(200, "SITE IDLE 45")
		time.Sleep(44 * time.Second)
		c.must(200, "NOOP")
		began := time.Now()
		c.want(c.read(), 421)
		if idle := time.Since(began); idle != 45*time.Second {
			t.Errorf("it ended after %v", idle)
		}
	})
}
