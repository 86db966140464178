package ftpserver_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/osfs"
)

// serveFolder serves the folder "root" of a new directory, beside which lie
// "secret" and "root2", which nobody may reach.
func serveFolder(t *testing.T, configure func(*ftpserver.Server)) (srv *ftptest.Server, root, outside string) {
	t.Helper()
	outside = t.TempDir()
	root = filepath.Join(outside, "root")
	for _, dir := range []string{"root/dir", "root2"} {
		if err := os.MkdirAll(filepath.Join(outside, filepath.FromSlash(dir)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"secret", "root2/secret", "root/f", "root/dir/f"} {
		if err := os.WriteFile(filepath.Join(outside, filepath.FromSlash(name)), []byte("content of "+name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := osfs.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	srv = ftptest.NewServerFS(tree, configure)
	t.Cleanup(srv.Close)
	return srv, root, outside
}

// untouched checks that outside of the root all is as serveFolder has made it.
func untouched(t *testing.T, outside string) {
	t.Helper()
	var got []string
	err := filepath.WalkDir(outside, func(path string, d os.DirEntry, err error) error {
		name, _ := filepath.Rel(outside, path)
		if err != nil || name == "root" {
			return filepath.SkipDir
		}
		got = append(got, filepath.ToSlash(name))
		return nil
	})
	if want := ". root2 root2/secret secret"; err != nil || strings.Join(got, " ") != want {
		t.Errorf("outside lies %v, %v; want %s", got, err, want)
	}
	for _, name := range []string{"secret", "root2/secret"} {
		if b, err := os.ReadFile(filepath.Join(outside, name)); string(b) != "content of "+name {
			t.Errorf("%s holds %q, %v", name, b, err)
		}
	}
}

// dataCommand runs a command with a data connection in clear, if it gets as far.
func (c *rawClient) dataCommand(command, upload string) (reply, data string) {
	c.t.Helper()
	addr := c.epsv()
	c.write(command + "\r\n")
	reply, err := c.tryReply()
	if err != nil || !strings.HasPrefix(reply, "150") {
		return reply, ""
	}
	conn := c.dialData(addr)
	io.WriteString(conn, upload)
	conn.CloseWrite()
	b, _ := io.ReadAll(conn)
	if reply, err = c.tryReply(); err != nil {
		c.fail("%.80q: %v", command, err)
	}
	return reply, string(b)
}

// S-70, V-03: no spelling of a path leads out of the root, in any command, and
// none tells what is there.
func TestS70Traversal(t *testing.T) {
	t.Parallel()
	srv, root, outside := serveFolder(t, inClear)
	c := connect(t, srv).loginClear()
	paths := []string{
		"../secret", "/../secret", "..", "../", "/..", "dir/../../secret", "./../secret", "//../secret", "/./../secret", "dir/../../root2/secret",
		"../root2", "../root2/secret", `..\secret`, `dir\..\..\secret`, "%2e%2e/secret", "%2e%2e%2fsecret", "C:/secret", `C:\secret`, "~", "~root", "~/secret",
		strings.Repeat("../", 1000) + "secret", "/" + strings.Repeat("a/", 2000), strings.Repeat("a", 255), strings.Repeat("a", 256),
		"dir/..", ".", "/", "f/", "f/.", "f/..", "f/../f", ". ", ".. ", "...", "secret", "root2/secret",
		filepath.Join(outside, "secret"), filepath.Join(outside, "root2", "secret"),
	}
	for _, path := range paths {
		// Some paths are other spellings of it.
		if err := os.WriteFile(filepath.Join(root, "f"), []byte("content of root/f"), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, command := range []string{"RETR ", "LIST ", "NLST ", "MLSD "} {
			if reply, data := c.dataCommand(command+path, ""); strings.Contains(data, "content of secret") || strings.Contains(data, "content of root2") || strings.Contains(data, "root2") {
				t.Errorf("%s%.80q: %q with %q", command, path, reply, data)
			}
		}
		for _, command := range []string{"STOR ", "APPE "} {
			if reply, _ := c.dataCommand(command+path+"x", "upload"); strings.HasPrefix(reply, "226") {
				c.do("DELE "+path+"x", "250") // it is inside, where untouched does not look
			}
		}
		for _, command := range []string{"SIZE ", "MDTM ", "MLST ", "STAT ", "CWD ", "MKD ", "RNFR ", "MFMT 20200101000000 ", "DELE ", "RMD ", "XMKD ", "XRMD ", "XCWD "} {
			c.write(command + path + "\r\n")
			reply, err := c.tryReply()
			if err != nil {
				t.Fatalf("%s%.80q: %v", command, path, err)
			}
			if strings.Contains(reply, "root2\n") || strings.Contains(reply, outside) && !strings.Contains(path, outside) {
				t.Errorf("%s%.80q: %q", command, path, reply)
			}
			if command == "RNFR " && strings.HasPrefix(reply, "350") {
				c.do("RNTO "+path, "") // onto itself
			}
			c.do("CWD /", "250")
		}
		c.write("RNFR dir/f\r\nRNTO " + path + "\r\n")
		c.expect("350")
		if reply, err := c.tryReply(); err != nil || strings.HasPrefix(reply, "250") {
			c.do("RNFR "+path, "350")
			c.do("RNTO dir/f", "250")
		}
		untouched(t, outside)
	}
}

// link makes a symbolic link, or skips the test where that is not allowed.
func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
}

// S-71: no link leads out of the root, as the end of a path, in its middle or
// with a slash behind it; loops and dangling ones neither hang nor make a file.
func TestS71Links(t *testing.T) {
	srv, root, outside := serveFolder(t, inClear)
	in := func(name string) string { return filepath.Join(root, name) }
	link(t, "../secret", in("relative"))
	link(t, filepath.Join(outside, "secret"), in("absolute"))
	link(t, "..", in("up"))
	link(t, outside, in("absup"))
	link(t, "loop2", in("loop"))
	link(t, "loop", in("loop2"))
	link(t, "../created", in("dangling"))
	link(t, "/proc/self/fd", in("fds"))
	link(t, "/proc/self/environ", in("environ"))
	c := connect(t, srv).loginClear()
	paths := []string{"relative", "absolute", "up", "up/", "up/secret", "up/root2", "up/root2/secret", "absup", "absup/", "absup/secret", "loop", "loop/x",
		"dangling", "dangling/", "up/created", "fds", "fds/0", "environ", "relative/", "relative/.", "dir/../up/secret"}
	for _, path := range paths {
		for _, command := range []string{"RETR ", "MLSD ", "LIST ", "NLST "} {
			reply, data := c.dataCommand(command+path, "")
			if !strings.HasPrefix(reply, "226") {
				continue
			}
			// A link may be listed as a thing of its own, but not what is behind it.
			if command == "RETR " || command == "MLSD " || strings.Contains(data, "root2") || strings.Contains(data, "secret\r") && path != "up/secret" {
				t.Errorf("%s%s: %q with %q", command, path, reply, data)
			}
		}
		c.write("CWD " + path + "\r\n")
		if reply, err := c.tryReply(); err != nil || !strings.HasPrefix(reply, "550") {
			t.Errorf("CWD %s: %q, %v", path, reply, err)
		}
		for _, command := range []string{"SIZE ", "MFMT 20200101000000 "} {
			c.write(command + path + "\r\n")
			if reply, err := c.tryReply(); err != nil || !strings.HasPrefix(reply, "5") {
				t.Errorf("%s%s: %q, %v", command, path, reply, err)
			}
		}
		for _, command := range []string{"STOR ", "APPE "} {
			if reply, _ := c.dataCommand(command+path, "upload"); strings.HasPrefix(reply, "226") {
				t.Errorf("%s%s: %q", command, path, reply)
			}
		}
		untouched(t, outside)
	}
	for _, path := range []string{"up/new", "absup/new", "dangling/new", "loop/new"} {
		c.do("MKD "+path, "55")
		c.do("RNFR f", "350")
		c.do("RNTO "+path, "55")
	}
	untouched(t, outside)
	// A link is removed as itself, never as what it points to.
	c.do("DELE relative", "250")
	c.do("DELE absolute", "250")
	untouched(t, outside)
	wantFile(t, srv.FS, "f", "content of root/f")
}

// S-74: a directory is no file, for no command.
func TestS74Directories(t *testing.T) {
	srv, _, _ := serveFolder(t, inClear)
	c := connect(t, srv).loginClear()
	for _, command := range []string{"RETR dir", "STOR dir", "APPE dir", "RETR /", "STOR /", "MLSD f"} {
		if reply, _ := c.dataCommand(command, "upload"); !strings.HasPrefix(reply, "5") {
			t.Errorf("%s: %q", command, reply)
		}
	}
	for _, command := range []string{"DELE dir", "DELE /", "RMD f", "RMD dir", "RMD /", "SIZE dir", "MDTM dir", "CWD f", "RNFR /", "MKD dir", "MKD f"} {
		c.do(command, "550")
	}
	wantFile(t, srv.FS, "dir/f", "content of root/dir/f")
}

// S-83: who downloads gets the file that it has opened, whatever becomes of the
// name meanwhile.
func TestS83ReplacedDuringDownload(t *testing.T) {
	t.Parallel()
	srv, root, _ := serveFolder(t, inClear)
	text := strings.Repeat(pattern(1<<20), 8) // more than the sockets hold
	if err := os.WriteFile(filepath.Join(root, "big"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	reader, writer := connect(t, srv).loginClear(), connect(t, srv).loginClear()
	addr := reader.epsv()
	reader.do("RETR big", "150")
	conn := reader.dialData(addr)
	first := make([]byte, 1000)
	if _, err := io.ReadFull(conn, first); err != nil {
		t.Fatal(err)
	}
	writer.stor("big", "a new and shorter version")
	rest, err := io.ReadAll(conn)
	if got := string(first) + string(rest); got != text || err != nil {
		t.Errorf("got %d bytes, %v; want the %d of the version that was there", len(got), err, len(text))
	}
	reader.expect("226")
	wantFile(t, srv.FS, "big", "a new and shorter version")
}

// S-83: a file that shrinks under a download neither hangs the transfer nor
// invents bytes, and what was sent of it is no success.
func TestS83ShrinksDuringDownload(t *testing.T) {
	t.Parallel()
	srv, root, _ := serveFolder(t, inClear)
	text := strings.Repeat(pattern(1<<20), 8)
	name := filepath.Join(root, "big")
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c := connect(t, srv).loginClear()
	addr := c.epsv()
	c.do("RETR big", "150")
	conn := c.dialData(addr)
	first := make([]byte, 1000)
	if _, err := io.ReadFull(conn, first); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, 10); err != nil {
		t.Skipf("an open file cannot be cut here: %v", err)
	}
	rest, err := io.ReadAll(conn)
	if got := string(first) + string(rest); !strings.HasPrefix(text, got) {
		t.Errorf("%d bytes that the file never held", len(got))
	}
	if err == nil {
		t.Error("the data connection ended as if the file were whole")
	}
	c.expect("450")
	c.do("NOOP", "200")
}

// S-71 also for the tree below the server: what osfs cannot open it still lists.
func TestS71LinksAreListed(t *testing.T) {
	srv, root, _ := serveFolder(t, inClear)
	link(t, "../secret", filepath.Join(root, "out"))
	p, err := vfs.Clean("/out")
	if err != nil {
		t.Fatal(err)
	}
	if e, err := srv.FS.Stat(context.Background(), p); err != nil || e.Kind != vfs.KindOther {
		t.Errorf("Stat: %+v, %v", e, err)
	}
	c := connect(t, srv).loginClear()
	for _, command := range []string{"LIST", "NLST", "MLSD"} {
		if listing, _ := c.list(command); !strings.Contains(listing, "out") || strings.Contains(listing, "secret") {
			t.Errorf("%s: %q", command, listing)
		}
	}
}
