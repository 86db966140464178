package ftpserver_test

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/layer"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/osfs"
)

// readingHash tells how many bytes each hash has read, which is nothing where it is
// known.
type readingHash struct {
	vfs.FS
	read chan int64
}

func (r readingHash) Hash(ctx context.Context, p vfs.Path, h vfs.Hash, from, to int64) ([]byte, error) {
	sum, err := r.FS.Hash(ctx, p, h, from, to)
	if err == nil {
		r.read <- to - from
	}
	return sum, err
}

// hashes asks for a hash, whose reply must be right, and reports whether the file was
// read for it.
func (r readingHash) hashes(c *rawClient, name, content string) bool {
	c.t.Helper()
	c.do("HASH "+name, fmt.Sprintf("213 SHA-256 0-%d %x %s", max(0, len(content)-1), sha256.Sum256([]byte(content)), name))
	return <-r.read > 0
}

// of a file that a session has moved as a whole HASH is known, if the session
// asks for hashes, and whatever happens to the file since, the hash is that of what is there.
func TestKnownSum(t *testing.T) {
	t.Parallel()
	onDisk, err := osfs.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, tree := range map[string]vfs.FS{"memory": memfs.New(), "disk": onDisk} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := readingHash{tree, make(chan int64, 1)}
			srv := ftptest.NewServerFS(r, func(s *ftpserver.Server) { s.Verbs.On = []string{"XSHA1", "XSHA256"} })
			t.Cleanup(srv.Close)
			c, other := connect(t, srv).login(), connect(t, srv).login()
			for _, each := range []*rawClient{c, other} {
				each.do("TYPE I", "200")
			}
			small, large := "some content", strings.Repeat("0123456789abcdef", 200_000)

			c.stor("f", small)
			if !r.hashes(c, "f", small) {
				t.Error("the first hash of a session was known, which nobody had asked for")
			}
			for i, content := range []string{small, "", large} {
				c.stor("f", content)
				if r.hashes(c, "f", content) {
					t.Errorf("upload %d: the file was read", i)
				}
				if len(content) > 0 && !r.hashes(c, "f", content) {
					t.Errorf("upload %d: what was known is told twice", i)
				}
				if got, _ := c.retr("f"); got != content {
					t.Fatalf("download %d: %d bytes", i, len(got))
				}
				if r.hashes(c, "f", content) {
					t.Errorf("download %d: the file was read", i)
				}
			}

			c.stor("f", large)
			c.do("MFMT 20260102030405 f", "213")
			c.do("SITE CHMOD 600 f", "200")
			if r.hashes(c, "f", large) {
				t.Error("a new time has the file read")
			}
			for what, change := range map[string]func(){
				"another upload": func() { other.stor("f", "othe"+large[4:]) },
				"another time":   func() { other.stor("f", "othe"+large[4:]); c.do("MFMT 20260102030405 f", "213") },
				"a rename":       func() { other.stor("g", "othe"+large[4:]); c.do("RNFR g", "350"); c.do("RNTO f", "250") },
				"removed":        func() { c.do("DELE f", "250"); c.do("HASH f", "550"); other.stor("f", "othe"+large[4:]) },
			} {
				c.stor("f", large)
				change()
				if !r.hashes(c, "f", "othe"+large[4:]) {
					t.Errorf("%s: the file was not read", what)
				}
			}

			// Parts are not known, and of what is known no part is told.
			c.stor("f", small)
			c.do("REST 4", "350")
			c.stor("f", small[4:])
			if !r.hashes(c, "f", small) {
				t.Error("behind REST the hash was known")
			}
			c.do("REST 4", "350")
			if got, _ := c.retr("f"); got != small[4:] || !r.hashes(c, "f", small) {
				t.Error("behind REST the hash was known")
			}
			c.stor("f", small)
			c.do("RANG 0 3", "350")
			c.do("HASH f", fmt.Sprintf("213 SHA-256 0-3 %x f", sha256.Sum256([]byte(small[:4]))))
			if <-r.read != 4 {
				t.Error("a part was not read")
			}

			// Another function, and that which an old command means.
			c.do("OPTS HASH SHA-1", "200")
			c.stor("f", small)
			c.do("XSHA1 f", fmt.Sprintf("250 %X", sha1.Sum([]byte(small))))
			if <-r.read != 0 {
				t.Error("for XSHA1 the file was read")
			}
			c.stor("f", small)
			c.do("XSHA256 f", fmt.Sprintf("250 %X", sha256.Sum256([]byte(small))))
			if <-r.read == 0 {
				t.Error("the hash by another function was known")
			}

			// A login begins anew.
			c.stor("f", small)
			c.userPass()
			c.do("TYPE I", "200")
			if !r.hashes(c, "f", small) {
				t.Error("the hash outlived its login")
			}
		})
	}
}

// A client that chooses a hash is about to ask: also the first is known. An upload
// that is cut has none.
func TestKnownSumChosen(t *testing.T) {
	t.Parallel()
	r := readingHash{memfs.New(), make(chan int64, 1)}
	srv := ftptest.NewServerFS(r, nil)
	t.Cleanup(srv.Close)
	c := connect(t, srv).login()
	c.do("TYPE I", "200")
	c.do("OPTS HASH SHA-256", "200")
	c.stor("f", "content")
	addr := c.epsv()
	c.do("STOR f", "150")
	s, tcp := c.secureData(addr)
	io.WriteString(s, strings.Repeat("x", 3<<20))
	tcp.Close()
	c.expect("426")
	if r.hashes(c, "f", "content") {
		t.Error("the file was read")
	}
}

// V-20: that a hash is known gives nobody the right to it.
func TestKnownSumRights(t *testing.T) {
	t.Parallel()
	tree, err := layer.Access(memfs.New(), layer.Policy{Rules: []layer.Rule{{Allow: layer.AllowAll &^ layer.AllowHash}}})
	if err != nil {
		t.Fatal(err)
	}
	srv := ftptest.NewServerFS(tree, nil)
	t.Cleanup(srv.Close)
	c := connect(t, srv).login()
	c.do("TYPE I", "200")
	c.do("OPTS HASH SHA-256", "200")
	c.stor("f", "content")
	c.do("HASH f", "550")
}

// With Server.Hash the event of each whole file has its SHA-256, also where the client
// has chosen another, or a TYPE that has other bytes on the wire; that of a part has none.
func TestTransferEventHash(t *testing.T) {
	t.Parallel()
	events := &eventLog{}
	srv := ftptest.NewServerFS(memfs.New(), func(s *ftpserver.Server) { s.Hash, s.Observe = true, events.observe })
	t.Cleanup(srv.Close)
	c := connect(t, srv).login()
	c.do("OPTS HASH MD5", "200")
	c.do("TYPE A", "200")
	c.stor("f", "a\r\nb\r\n")
	c.retr("f")
	c.do("TYPE I", "200")
	c.do("REST 2", "350")
	c.retr("f")
	c.do("HASH f", "213 MD5")
	c.do("QUIT", "221")
	c.expectClosed()
	srv.Close()
	var got []string
	for _, e := range events.of(ftpserver.EventTransfer) {
		got = append(got, e.Hash)
	}
	whole := fmt.Sprintf("SHA-256:%x", sha256.Sum256([]byte("a\nb\n")))
	if want := []string{whole, whole, ""}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
