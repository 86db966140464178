package ftpserver_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
)

// door is an Admit that counts who is in.
type door struct {
	mu      sync.Mutex
	in, out int
	shut    error
	left    chan struct{} // one for each release
}

func newDoor() *door { return &door{left: make(chan struct{}, 100)} }

func (d *door) admit(remote netip.AddrPort) (func(), error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !remote.IsValid() || d.shut != nil {
		return nil, d.shut
	}
	d.in++
	return func() {
		d.mu.Lock()
		d.out++
		d.mu.Unlock()
		d.left <- struct{}{}
	}, nil
}

// want checks how many have come in, and gone out.
func (d *door) want(t *testing.T, in, out int) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.in != in || d.out != out {
		t.Errorf("%d admitted and %d released, want %d and %d", d.in, d.out, in, out)
	}
}

// wait waits for one release.
func (d *door) wait(t *testing.T) {
	t.Helper()
	select {
	case <-d.left:
	case <-time.After(hangLimit):
		t.Fatal("nothing was released")
	}
}

// V-17, S-20: who is not admitted is turned away before anything is read or TLS begins:
// on an explicit port with 421, on an implicit one without a byte. The reason is for
// the operator.
func TestAdmitRefuses(t *testing.T) {
	t.Parallel()
	d := newDoor()
	d.shut = errors.New("a secret reason")
	refused := make(chan ftpserver.Event, 2)
	srv := serveTree(t, nil, func(s *ftpserver.Server) {
		s.Admit = d.admit
		s.Observe = func(_ context.Context, e ftpserver.Event) {
			if e.Kind == ftpserver.EventRefused {
				refused <- e
			}
		}
	})
	c := connect(t, srv)
	if got := c.expect("421"); got != "421 Too many connections; come again later." {
		t.Errorf("the client is told %q", got)
	}
	c.expectClosed()
	conn, err := net.Dial("tcp", srv.ImplicitAddr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(hangLimit))
	if got, err := io.ReadAll(conn); len(got) > 0 || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("implicit: %q, %v", got, err)
	}
	for range 2 {
		if e := <-refused; e.Err != d.shut || !e.Remote.IsValid() {
			t.Errorf("%+v", e)
		}
	}
	d.want(t, 0, 0)
}

// S-27: an admission is given back once: at the login, or at the end of a session that
// did not come so far, however it ended.
func TestAdmitReleases(t *testing.T) {
	t.Parallel()
	d := newDoor()
	srv := serveTree(t, nil, func(s *ftpserver.Server) { s.Admit, s.Limits.Sessions = d.admit, 2 })
	c := connect(t, srv)
	c.authTLS()
	c.do("USER "+ftptest.User, "331")
	c.do("PASS wrong", "530")
	d.want(t, 1, 0)
	c.userPass()
	d.want(t, 1, 1)
	c.userPass() // again, as the same
	c.do("REIN", "220")
	d.want(t, 1, 1)
	<-d.left

	for i, end := range []func(c *rawClient){
		func(c *rawClient) { c.reset() },
		func(c *rawClient) { c.do("QUIT", "221") },
		func(c *rawClient) { c.do("GET / HTTP/1.0", "421") },
		func(c *rawClient) { c.do("AUTH TLS", "234"); c.write("this is no handshake") },
	} {
		other := connect(t, srv)
		other.expect("220")
		full := connect(t, srv) // admitted, and then too many
		full.expect("421")
		d.wait(t)
		d.want(t, 2*i+3, 2*i+2)
		end(other)
		d.wait(t)
		other.away()
		d.want(t, 2*i+3, 2*i+3)
	}
}

// Without a release there is nothing to call.
func TestAdmitWithoutRelease(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, nil, func(s *ftpserver.Server) {
		s.Admit = func(netip.AddrPort) (func(), error) { return nil, nil }
	})
	c := connect(t, srv).login()
	c.do("QUIT", "221")
}
