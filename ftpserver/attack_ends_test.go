package ftpserver_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
)

// F-02: a client that ends its direction of the control connection still gets
// the replies to what it has sent, then the end.
func TestF02HalfClosedControl(t *testing.T) {
	srv := serveTree(t, nil, inClear)
	c := connect(t, srv).loginClear()
	c.write("NOOP\r\nPWD\r\n")
	c.tcp.CloseWrite()
	c.expect("200")
	c.expect("257")
	c.expectClosed()
}

// F-02: a client that ends its direction of a download's connection, before or
// after the server does, gets the file.
func TestF02HalfClosedData(t *testing.T) {
	srv := serveTree(t, map[string]string{"/f": "data"}, nil)
	c := connect(t, srv).login()
	addr := c.epsv()
	c.do("RETR f", "150")
	s, tcp := c.secureData(addr)
	if err := errors.Join(s.CloseWrite(), tcp.CloseWrite()); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(s); string(got) != "data" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	c.expect("226")
	c.do("NOOP", "200")
}

// panicFS panics where it is told to.
type panicFS struct {
	vfs.FS
	aborted chan error
}

type panicUpload struct {
	vfs.Upload
	aborted chan error
}

func (f *panicFS) Stat(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	if p.Base() == "panic" {
		panic("injected into Stat")
	}
	return f.FS.Stat(ctx, p)
}

func (f *panicFS) Create(ctx context.Context, p vfs.Path, how vfs.Create) (vfs.Upload, error) {
	up, err := f.FS.Create(ctx, p, how)
	return &panicUpload{up, f.aborted}, err
}

func (u *panicUpload) Write([]byte) (int, error) { panic("injected into Write") }

func (u *panicUpload) Abort(cause error) error {
	u.aborted <- cause
	return u.Upload.Abort(cause)
}

// F-20: a panic in a login or in the storage is 421 or 451 for that session; the
// others live, the upload in progress is given up, and nothing of the panic is
// told.
func TestF20PanicInOneSession(t *testing.T) {
	t.Parallel()
	tree := &panicFS{FS: memfs.New(), aborted: make(chan error, 1)}
	srv := ftptest.NewServerFS(tree, func(s *ftpserver.Server) {
		inClear(s)
		s.Login = func(_ context.Context, c auth.Credentials) (*auth.Grant, error) {
			if c.User == "panic" {
				panic("injected into Login")
			}
			return &auth.Grant{Account: c.User, FS: tree}, nil
		}
	})
	t.Cleanup(srv.Close)
	witness := connect(t, srv).loginClear()
	told := func(reply string) {
		t.Helper()
		if strings.Contains(reply, "injected") {
			t.Errorf("the peer was told: %q", reply)
		}
	}

	c := connect(t, srv)
	c.expect("220")
	c.do("USER panic", "331")
	told(c.do("PASS x", "421"))
	c.expectClosed()

	c = connect(t, srv).loginClear()
	told(c.do("CWD panic", "421"))
	c.expectClosed()

	c = connect(t, srv).loginClear()
	addr := c.epsv()
	c.do("STOR new", "150")
	data := c.dialData(addr)
	io.WriteString(data, "part")
	data.CloseWrite()
	told(c.expect("451"))
	select {
	case cause := <-tree.aborted:
		if cause == nil {
			t.Error("the upload was given up for no reason")
		}
	default:
		t.Error("the upload was not given up")
	}
	if got, err := io.ReadAll(data); err == nil {
		t.Errorf("the data connection ended properly, with %q", got)
	}
	wantNoFile(t, tree, "new")
	witness.do("PWD", "257")
}

// F-04: Shutdown lets a running transfer finish, says 421 to all, and takes no
// new sessions.
func TestF04ShutdownWaits(t *testing.T) {
	srv := serveTree(t, nil, nil)
	idle := connect(t, srv).login()
	c := connect(t, srv).login()
	addr := c.epsv()
	c.do("STOR new", "150")
	s, tcp := c.secureData(addr)
	io.WriteString(s, "first ")
	down := make(chan error, 1)
	go func() { down <- srv.Server.Shutdown(context.Background()) }()
	idle.expect("421")
	idle.expectClosed()
	idle.tcp.Close()
	for _, addr := range []string{srv.Addr, srv.ImplicitAddr} {
		if conn, err := net.Dial("tcp", addr); err == nil {
			t.Errorf("%s takes new sessions", addr)
			conn.Close()
		}
	}
	c.do("NOOP", "200") // still served
	io.WriteString(s, "second")
	if err := endUpload(s, tcp); err != nil {
		t.Error(err)
	}
	c.expect("226")
	c.expect("421")
	c.expectClosed()
	c.tcp.Close()
	if err := <-down; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	wantFile(t, srv.FS, "new", "first second")
}

// F-04: when the time for that is over, transfers are cut: 426, then 421, and
// nothing of the file is to be seen, nor does the cut look like its end.
func TestF04ShutdownCuts(t *testing.T) {
	t.Parallel()
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		srv := serveTree(t, map[string]string{"/big": strings.Repeat("x", 32<<20)}, nil)
		up, down := connect(t, srv), connect(t, srv)
		up.tls.MaxVersion, down.tls.MaxVersion = version, version
		up.login()
		down.login()
		addr := up.epsv()
		up.do("STOR new", "150")
		s, _ := up.secureData(addr)
		io.WriteString(s, "part")
		addr = down.epsv()
		down.do("RETR big", "150")
		r, _ := down.secureData(addr)

		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		done := make(chan error, 1)
		go func() { done <- srv.Server.Shutdown(ctx) }()
		for _, c := range []*rawClient{up, down} {
			c.expect("426")
			c.expect("421")
			c.expectClosed()
			c.tcp.Close()
		}
		if _, err := io.Copy(io.Discard, r); err == nil {
			t.Error("the cut download ended properly")
		}
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Shutdown: %v", err)
		}
		wantNoFile(t, srv.FS, "new")
	}
}
