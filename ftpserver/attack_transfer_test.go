package ftpserver_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
)

// S-39: during a transfer NOOP, STAT and ABOR are answered, all else waits for
// its end, and no reply comes between the lines of another. ABOR gives 426 for
// the transfer, then 226 for itself.
func TestS39CommandsDuringTransfer(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 32<<20)
	srv := serveTree(t, map[string]string{"/big": big, "/old": "old"}, nil)
	for _, command := range []string{"RETR big", "STOR new", "STOR old"} {
		verb, _, _ := strings.Cut(command, " ")
		c := connect(t, srv).login()
		begin := func() *tls.Conn {
			addr := c.epsv()
			c.do(command, "150")
			s, _ := c.secureData(addr)
			if verb == "STOR" {
				if _, err := io.WriteString(s, "part"); err != nil {
					t.Fatal(err)
				}
			}
			return s
		}
		s := begin()
		c.do("NOOP", "200")
		if got := c.do("STAT", "211"); !strings.Contains(got, verb+" is running") {
			t.Errorf("STAT: %q", got)
		}
		c.write("ABOR\r\n")
		c.expect("426")
		c.expect("226")
		if _, err := io.Copy(io.Discard, s); err == nil {
			t.Errorf("%s: the aborted connection ended properly", command)
		}
		if command != "STOR old" { // which comes after the upload of new
			wantNoFile(t, srv.FS, "new")
		}
		wantFile(t, srv.FS, "old", "old")
		c.do("ABOR", "225")

		s = begin()
		c.write("NOOP\r\nPWD\r\nNOOP\r\nQUIT\r\n")
		c.expect("200")
		if verb == "RETR" {
			if n, err := io.Copy(io.Discard, s); n != int64(len(big)) || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
		} else if err := s.CloseWrite(); err != nil {
			t.Error(err)
		}
		c.expect("226")
		c.expect("257")
		c.expect("200")
		c.expect("221")
		c.expectClosed()
	}
	wantFile(t, srv.FS, "new", "part")
	wantFile(t, srv.FS, "old", "part")
}

// slowFS lets no upload write before the gate that is set at its start opens.
type slowFS struct {
	vfs.FS
	gate atomic.Pointer[chan struct{}]
}

type slowUpload struct {
	vfs.Upload
	gate chan struct{}
}

func (f *slowFS) Create(ctx context.Context, p vfs.Path, how vfs.Create) (vfs.Upload, error) {
	up, err := f.FS.Create(ctx, p, how)
	if err != nil {
		return nil, err
	}
	return &slowUpload{up, *f.gate.Load()}, nil
}

func (u *slowUpload) Write(b []byte) (int, error) {
	<-u.gate
	return u.Upload.Write(b)
}

// T-13: the tail of an upload is not lost, though the server reads slowly: to
// clients that close properly, and also to those that close at once, because
// they have no unread ticket, which would make their kernel send RST.
func TestT13SlowServer(t *testing.T) {
	const size = 300_000
	for _, row := range []struct {
		name          string
		offer, proper bool
	}{
		{"proper", true, true},
		{"closes at once, offered no ticket", false, false},
		{"closes at once, resumed", true, false},
	} {
		t.Run(strings.ReplaceAll(row.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			tree := &slowFS{FS: memfs.New()}
			srv := ftptest.NewServerFS(tree, nil)
			t.Cleanup(srv.Close)
			c := connect(t, srv)
			cache := &countingCache{}
			c.tls.ClientSessionCache = cache
			c.login()
			cache.deaf = !row.offer
			text := pattern(size)
			for range 20 {
				gate := make(chan struct{})
				tree.gate.Store(&gate)
				addr := c.epsv()
				c.do("STOR f", "150")
				tcp := c.dialData(addr)
				tcp.SetWriteBuffer(1 << 20) // room for all, while the server does not read
				s := tls.Client(tcp, c.tls)
				if _, err := io.WriteString(s, text); err != nil {
					t.Fatal(err)
				}
				if s.ConnectionState().DidResume != row.offer {
					t.Fatal("resumed:", !row.offer)
				}
				end := s.Close
				if row.proper {
					end = func() error { return errors.Join(s.CloseWrite(), tcp.CloseWrite()) }
				}
				if err := end(); err != nil {
					t.Fatal(err)
				}
				close(gate)
				if row.proper {
					if _, err := io.Copy(io.Discard, s); err != nil {
						t.Fatal(err)
					}
				}
				c.expect("226")
				wantFile(t, tree, "f", text)
				c.do("DELE f", "250")
			}
		})
	}
}

// T-14: a refusal while the client sends: it reads the 452, is not reset before,
// and the session goes on.
func TestT14RefusedWhileSending(t *testing.T) {
	t.Parallel()
	srv := ftptest.NewServerFS(memfs.New(memfs.Limit(1<<20)), nil)
	t.Cleanup(srv.Close)
	c := connect(t, srv).login()
	addr := c.epsv()
	c.do("STOR big", "150")
	s, tcp := c.secureData(addr)
	sent := make(chan error, 1)
	go func() {
		block := make([]byte, 1<<20)
		for range 64 {
			if _, err := s.Write(block); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	c.expect("452")
	c.do("NOOP", "200")
	<-sent // whether all of it was taken is a matter of speed
	tcp.Close()
	wantNoFile(t, srv.FS, "big")
	c.stor("small", "fits")
	wantFile(t, srv.FS, "small", "fits")
}

// S-59: what the client sends on the connection of a download is not in its way
// and does not gather.
func TestS59DataDuringDownload(t *testing.T) {
	t.Parallel()
	big := pattern(4 << 20)
	srv := serveTree(t, map[string]string{"/big": big}, func(s *ftpserver.Server) { s.Limits.Linger = 200 * time.Millisecond })
	c := connect(t, srv).login()
	addr := c.epsv()
	c.do("RETR big", "150")
	s, _ := c.secureData(addr)
	stopped := make(chan error, 1)
	go func() {
		block := make([]byte, 64<<10)
		for {
			if _, err := s.Write(block); err != nil {
				stopped <- err
				return
			}
		}
	}()
	got, err := io.ReadAll(s)
	if string(got) != big {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
	c.expect("226")
	if err := <-stopped; errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the server never closed")
	}
}

// S-57: the data connection may be made, and its handshake too, before the
// command (curl), after it (FileZilla, Perl), and an upload may be all there
// before the 150; without a connection there is 425, and the next try works.
func TestS57WhenTheConnectionComes(t *testing.T) {
	tlsVersions(t, func(t *testing.T, version uint16) {
		srv := serveTree(t, map[string]string{"/f": "data"}, nil)
		c := connect(t, srv)
		c.tls.MaxVersion = version
		c.login()
		download := func(s *tls.Conn) {
			t.Helper()
			if got, err := io.ReadAll(s); string(got) != "data" || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
			s.Close()
			c.expect("226")
		}
		tcp := c.dialData(c.epsv())
		c.do("RETR f", "150")
		download(tls.Client(tcp, c.tls))

		s, _ := c.secureData(c.epsv())
		c.do("RETR f", "150")
		download(s)

		addr := c.epsv()
		c.do("RETR f", "150")
		s, _ = c.secureData(addr)
		download(s)

		s, tcp = c.secureData(c.epsv())
		io.WriteString(s, "early")
		if err := errors.Join(s.CloseWrite(), tcp.CloseWrite()); err != nil {
			t.Error(err)
		}
		c.do("STOR early", "150")
		if _, err := io.Copy(io.Discard, s); err != nil {
			t.Error(err)
		}
		c.expect("226")
		wantFile(t, srv.FS, "early", "early")

		c.do("RETR f", "425") // no port was asked for
	})
}

// S-57: nobody connects: 425 after the limit, nothing stored, and the port is
// closed.
func TestS57NobodyConnects(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, map[string]string{"/f": "data"}, func(s *ftpserver.Server) {
		inClear(s)
		s.Limits.Connect = 100 * time.Millisecond
	})
	c := connect(t, srv).loginClear()
	for _, command := range []string{"RETR f", "STOR new", "MLSD"} {
		addr := c.epsv()
		c.do(command, "150")
		c.expect("425")
		if conn, err := net.Dial("tcp", addr); err == nil {
			t.Error("the port is still open")
			conn.Close()
		}
	}
	wantNoFile(t, srv.FS, "new")
	c.do("NOOP", "200")
}
