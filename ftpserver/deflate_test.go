package ftpserver_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

// deflated makes one zlib stream of s.
func deflated(t testing.TB, s string, level int) string {
	t.Helper()
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

// inflated reads one zlib stream that must be all of s.
func inflated(t testing.TB, s string) string {
	t.Helper()
	in := bytes.NewReader([]byte(s))
	r, err := zlib.NewReader(in)
	if err != nil {
		t.Fatalf("%.20q: %v", s, err)
	}
	out, err := io.ReadAll(r)
	if err != nil || in.Len() > 0 {
		t.Fatalf("after %d bytes: %v; %d bytes follow", len(out), err, in.Len())
	}
	return string(out)
}

func noise(n int) string {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return string(b)
}

// fetch runs a download or a listing and gives what came as it was on the wire.
func (c *rawClient) fetch(command string) string {
	c.t.Helper()
	addr := c.epsv()
	c.do(command, "150")
	s, _ := c.secureData(addr)
	defer s.Close()
	b, err := io.ReadAll(s)
	if err != nil {
		c.fail("%s: %v", command, err)
	}
	c.expect("226")
	return string(b)
}

// In MODE Z files come and go whole, whatever their size, at every level; SIZE is that
// of the file; and back in MODE S nothing is compressed.
func TestDeflateFiles(t *testing.T) {
	t.Parallel()
	zeros, levels := 8<<20, []int{0, 1, 4, 9}
	if testing.Short() {
		zeros, levels = 1<<20, []int{0, 9}
	}
	for _, clear := range []bool{false, true} {
		var configure func(*ftpserver.Server)
		if clear {
			configure = inClear
		}
		srv := serveTree(t, nil, configure)
		c := connect(t, srv)
		if clear {
			c.loginClear()
		} else {
			c.login()
		}
		for name, content := range map[string]string{
			"empty": "", "one": "x", "text": strings.Repeat("all work and no play\n", 50_000), "zeros": strings.Repeat("\x00", zeros), "noise": noise(1<<20 + 7),
		} {
			for _, level := range levels {
				c.do(fmt.Sprintf("OPTS MODE Z LEVEL %d", level), "200")
				c.do("MODE Z", "200")
				c.stor(name, deflated(t, content, level))
				wantFile(t, srv.FS, name, content)
				got, _ := c.retr(name)
				if back := inflated(t, got); back != content {
					t.Errorf("%s, level %d: %d bytes came back of %d", name, level, len(back), len(content))
				}
				if name == "zeros" && level > 0 && len(got) > len(content)/200 {
					t.Errorf("%s, level %d: %d bytes sent", name, level, len(got))
				}
				c.do("SIZE "+name, fmt.Sprintf("213 %d", len(content)))
				c.do("MODE S", "200")
				if got, _ := c.retr(name); got != content {
					t.Errorf("%s: %d bytes in MODE S", name, len(got))
				}
			}
		}
		// TYPE A is below the mode.
		c.do("MODE Z", "200")
		c.do("TYPE A", "200")
		c.stor("lines", deflated(t, "a\r\nb\r\n", 6))
		wantFile(t, srv.FS, "lines", "a\nb\n")
		if got, _ := c.retr("lines"); inflated(t, got) != "a\r\nb\r\n" {
			t.Errorf("TYPE A: %q", got)
		}
	}
}

// Listings, too, are one zlib stream, with the content that they have in MODE S.
func TestDeflateListings(t *testing.T) {
	t.Parallel()
	tree := map[string]string{"d/f": "x", "none/.keep": ""}
	for i := range 3000 { // more than one batch
		tree[fmt.Sprintf("d/%d", i)] = ""
	}
	c := connect(t, serveTree(t, tree, nil)).login()
	for _, command := range []string{"LIST d", "NLST d", "MLSD d", "LIST d/f", "NLST d/f", "LIST none"} {
		c.do("MODE S", "200")
		want := sortLines(c.fetch(command))
		c.do("MODE Z", "200")
		if got := sortLines(inflated(t, c.fetch(command))); !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, want %d", command, len(got), len(want))
		}
	}
}

// slowList stops behind the first entries of a listing until goOn is closed.
type slowList struct {
	vfs.FS
	goOn chan struct{}
}

func (s slowList) List(ctx context.Context, p vfs.Path, want vfs.Fields) iter.Seq2[vfs.Entry, error] {
	return func(yield func(vfs.Entry, error) bool) {
		n := 0
		for e, err := range s.FS.List(ctx, p, want) {
			if n++; n == 1000 {
				<-s.goOn
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// The first lines of a compressed listing come while the others are still gathered.
func TestDeflateListingIsPrompt(t *testing.T) {
	t.Parallel()
	tree := map[string]string{}
	for i := range 2000 {
		tree[fmt.Sprintf("%d", i)] = ""
	}
	fs := slowList{memfs.New(), make(chan struct{})}
	if err := vfstest.Fill(t.Context(), fs.FS, tree); err != nil {
		t.Fatal(err)
	}
	srv := ftptest.NewServerFS(fs, nil)
	t.Cleanup(srv.Close)
	c := connect(t, srv).login()
	c.do("MODE Z", "200")
	addr := c.epsv()
	c.do("LIST", "150")
	s, _ := c.secureData(addr)
	r, err := zlib.NewReader(s)
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 100)
	if _, err := io.ReadFull(r, first); err != nil { // hangs if nothing was flushed
		t.Fatal(err)
	}
	close(fs.goOn)
	rest, err := io.ReadAll(r)
	if lines := bytes.Count(append(first, rest...), []byte("\r\n")); err != nil || lines != 2000 {
		t.Errorf("%d lines, %v", lines, err)
	}
	c.expect("226")
}

// S-86: an upload that expands beyond all measure is refused, while it runs, and
// nothing of it is kept.
func TestS86DeflateBomb(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes 220 MB")
	}
	t.Parallel()
	srv := serveTree(t, map[string]string{"old": "old"}, nil)
	c := connect(t, srv).login()
	c.do("MODE Z", "200")
	bomb := deflated(t, strings.Repeat("\x00", 80<<20), 9)
	for _, name := range []string{"new", "old"} {
		addr := c.epsv()
		c.do("STOR "+name, "150")
		s, tcp := c.secureData(addr)
		io.WriteString(s, bomb)
		endUpload(s, tcp)
		c.expect("552 The data expands")
	}
	c.do("SIZE new", "550") // not kept as unfinished either
	wantNoFile(t, srv.FS, "new")
	wantFile(t, srv.FS, "old", "old")
	c.stor("less", deflated(t, strings.Repeat("\x00", 60<<20), 9))
	c.do("SIZE less", fmt.Sprintf("213 %d", 60<<20))
}

// An upload that was cut in MODE Z is resumed at the byte of the file that SIZE tells,
// by another zlib stream, in either mode.
func TestDeflateResume(t *testing.T) {
	t.Parallel()
	content := noise(1 << 20)
	srv := serveTree(t, nil, nil)
	for _, mode := range []string{"MODE Z", "MODE S"} {
		c := connect(t, srv).login()
		c.do("MODE Z", "200")
		addr := c.epsv()
		c.do("STOR f", "150")
		s, tcp := c.secureData(addr)
		if _, err := io.WriteString(s, deflated(t, content, 6)[:600_000]); err != nil {
			t.Fatal(err)
		}
		tcp.CloseWrite() // without close_notify
		c.expect("426")
		var have int
		reply := c.do("SIZE f", "213")
		if _, err := fmt.Sscanf(reply, "213 %d", &have); err != nil || have < 500_000 || have > 600_000 {
			t.Fatalf("SIZE of what was kept: %q", reply)
		}
		c.do(mode, "200")
		rest := content[have:]
		if mode == "MODE Z" {
			rest = deflated(t, rest, 6)
		}
		addr = c.epsv()
		c.do(fmt.Sprintf("REST %d", have), "350")
		c.do("STOR f", "150")
		s, tcp = c.secureData(addr)
		io.WriteString(s, rest)
		if err := endUpload(s, tcp); err != nil {
			t.Fatal(err)
		}
		c.expect("226")
		wantFile(t, srv.FS, "f", content)

		c.do("MODE Z", "200")
		c.do("REST 1000000", "350")
		if got := inflated(t, c.fetch("RETR f")); got != content[1_000_000:] {
			t.Errorf("RETR behind REST: %d bytes", len(got))
		}
		c.do("DELE f", "250")
	}
}

// ABOR ends transfers in MODE Z as all others: 426, 226, and a stream that looks cut.
func TestDeflateAbort(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, map[string]string{"big": noise(32 << 20), "f": noise(1 << 20)}, nil)
	c := connect(t, srv).login()
	c.do("MODE Z", "200")
	for _, command := range []string{"RETR big", "STOR new"} {
		addr := c.epsv()
		c.do(command, "150")
		s, tcp := c.secureData(addr)
		tcp.SetReadBuffer(64 << 10) // the download must not fit into it
		if command == "STOR new" {
			io.WriteString(s, deflated(t, "part", 6)[:6])
		}
		c.write("ABOR\r\n")
		c.expect("426")
		c.expect("226")
		if _, err := io.Copy(io.Discard, s); err == nil {
			t.Errorf("%s: the aborted connection ended properly", command)
		}
	}
	wantNoFile(t, srv.FS, "new")
	if got, _ := c.retr("f"); inflated(t, got) != noise(1<<20) {
		t.Error("the download after ABOR is not whole")
	}
}

// Where the policy has compression off, MODE Z is 504 and FEAT does not promise it.
func TestDeflateOff(t *testing.T) {
	t.Parallel()
	c := connect(t, serveTree(t, map[string]string{"f": "x"}, func(s *ftpserver.Server) { s.Data.NoDeflate = true })).login()
	if got := c.do("FEAT", "211"); strings.Contains(got, "MODE") {
		t.Errorf("FEAT: %q", got)
	}
	c.do("MODE Z", "504")
	if got, _ := c.retr("f"); got != "x" {
		t.Errorf("got %q", got)
	}
}
