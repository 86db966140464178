package ftpserver_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs/memfs"
)

// dynasty is Servers that succeed each other on the same listeners.
type dynasty struct {
	t         testing.TB
	srv       *ftptest.Server // the first
	now       *ftpserver.Server
	listeners map[net.Listener]ftpserver.ListenerPolicy
	ended     chan error // of Serve
}

// found starts the first one on its own listener, not on those of ftptest.
func found(t testing.TB, configure func(*ftpserver.Server)) *dynasty {
	t.Helper()
	d := &dynasty{
		t: t, srv: &ftptest.Server{FS: memfs.New()}, listeners: map[net.Listener]ftpserver.ListenerPolicy{},
		ended: make(chan error, 10),
	}
	d.srv.Certificate, d.srv.Pool = ftptest.Certificate("localhost")
	d.now = d.heir(configure)
	d.srv.Addr = d.listen()
	t.Cleanup(func() { d.now.Close() })
	return d
}

// heir is a Server with a login that gives the tree of all.
func (d *dynasty) heir(configure func(*ftpserver.Server)) *ftpserver.Server {
	s := &ftpserver.Server{
		Login: func(_ context.Context, c auth.Credentials) (*auth.Grant, error) {
			if c.User != ftptest.User || c.Password != ftptest.Password {
				return nil, auth.ErrDenied
			}
			return &auth.Grant{Account: c.User, FS: d.srv.FS}, nil
		},
		TLS:    ftpserver.TLSPolicy{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &d.srv.Certificate, nil }},
		Logger: slog.New(slog.DiscardHandler),
	}
	if configure != nil {
		configure(s)
	}
	return s
}

// listen adds a listener, which the Server of now serves.
func (d *dynasty) listen() string {
	d.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		d.t.Fatal(err)
	}
	d.listeners[l] = ftpserver.ListenerPolicy{}
	srv := d.now
	go func() { d.ended <- srv.Serve(l) }()
	return l.Addr().String()
}

func (d *dynasty) succeed(configure func(*ftpserver.Server)) *ftpserver.Server {
	d.t.Helper()
	prev := d.now
	next := d.heir(configure)
	if err := next.Succeed(prev, d.listeners); err != nil {
		d.t.Fatal(err)
	}
	d.now = next
	return prev
}

func retired(t testing.TB, s *ftpserver.Server) bool {
	t.Helper()
	done, err := s.Retired()
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// A session goes on under the policies with which it began; the next one has the new
// ones, on the same listener. The old Server retires with its last session.
func TestSucceed(t *testing.T) {
	t.Parallel()
	greet := func(verb string) func(*ftpserver.Server) {
		return func(s *ftpserver.Server) { s.Verbs.Off = []string{verb} }
	}
	d := found(t, greet("MKD"))
	before := connect(t, d.srv).login()
	before.do("MKD x", "502")
	prev := d.succeed(greet("RMD"))
	after := connect(t, d.srv).login()
	after.do("MKD y", "257")
	after.do("RMD y", "502")
	before.do("MKD x", "502")
	before.do("RMD y", "250")
	before.stor("up", "by the old one")
	if got, resumed := before.retr("up"); got != "by the old one" || !resumed {
		t.Errorf("%q, resumed %v", got, resumed)
	}
	if retired(t, prev) || retired(t, d.now) {
		t.Error("retired with a session")
	}
	done, _ := prev.Retired()
	before.do("QUIT", "221")
	<-done
	if got, _ := after.retr("up"); got != "by the old one" {
		t.Errorf("%q", got)
	}
}

// What was wrong changes nothing, and leaves the old Server as it was.
func TestSucceedRefused(t *testing.T) {
	t.Parallel()
	port, _ := freePorts(t, 1)
	d := found(t, func(s *ftpserver.Server) { s.Data.From, s.Data.To = port, port })
	c := connect(t, d.srv).login()
	c.stor("f", "x")
	for name, wrong := range map[string]func(*ftpserver.Server){
		"no login":        func(s *ftpserver.Server) { s.Login = nil },
		"unknown verb":    func(s *ftpserver.Server) { s.Verbs.On = []string{"NONE"} },
		"no proxy reader": func(s *ftpserver.Server) { s.Proxy.Trusted = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} },
		"no range":        func(s *ftpserver.Server) { s.Data.From, s.Data.To = 5, 4 },
		"ports in use":    func(s *ftpserver.Server) { s.Data.From, s.Data.To, s.Data.Mode = port-1, port, ftpserver.Exclusive },
	} {
		heir := d.heir(wrong)
		if err := heir.Succeed(d.now, d.listeners); err == nil {
			t.Errorf("%s: no error", name)
		}
		if err := heir.Close(); err == nil {
			t.Errorf("%s: it can be closed", name)
		}
	}
	if err := d.now.Succeed(d.now, d.listeners); err == nil {
		t.Error("a Server succeeds itself")
	}
	if got, _ := c.retr("f"); got != "x" {
		t.Errorf("%q", got)
	}
	connect(t, d.srv).login().do("NOOP", "200")
	first := d.now
	d.succeed(func(s *ftpserver.Server) { s.Data.From, s.Data.To = port, port })
	if err := d.heir(nil).Succeed(first, d.listeners); err == nil {
		t.Error("two heirs")
	}
	if err := d.now.Close(); err != nil {
		t.Error(err)
	}
	if err := d.heir(nil).Succeed(d.now, d.listeners); !errors.Is(err, ftpserver.ErrServerClosed) {
		t.Errorf("after the end: %v", err)
	}
}

// Listeners come and go; those that stay lose no connection. Data ports that are not
// named any more are open as long as a session of before has use for them.
func TestSucceedListenersAndPorts(t *testing.T) {
	t.Parallel()
	one, two := freePorts(t, 2)
	d := found(t, func(s *ftpserver.Server) { s.Data.From, s.Data.To = one, one })
	kept := d.srv.Addr
	gone := d.listen()
	old := connectFrom(t, d.srv, gone, "").login()
	for l := range d.listeners {
		if l.Addr().String() == gone {
			delete(d.listeners, l)
		}
	}
	prev := d.succeed(func(s *ftpserver.Server) { s.Data.From, s.Data.To = two, two })
	if err := <-d.ended; !errors.Is(err, ftpserver.ErrServerClosed) {
		t.Errorf("the listener that was dropped: %v", err)
	}
	if conn, err := net.Dial("tcp", gone); err == nil {
		conn.Close()
		t.Error("it still listens")
	}
	added := d.listen()
	fresh := connectFrom(t, d.srv, added, "").login()
	for port, c := range map[uint16]*rawClient{one: old, two: fresh} {
		if addr := c.epsv(); !strings.HasSuffix(addr, fmt.Sprintf(":%d", port)) {
			t.Errorf("%s, want port %d", addr, port)
		}
		c.stor("f", "x")
		c.do("QUIT", "221")
	}
	done, _ := prev.Retired()
	<-done
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", one))
	if err != nil {
		t.Errorf("the port of before is still open: %v", err)
	} else {
		l.Close()
	}
	connectFrom(t, d.srv, kept, "").login().stor("g", "y")
}

// F-12: 1000 Servers follow each other while clients come, move files and go. No
// connection is lost, no transfer fails, and all but the last one retire.
func TestSucceedUnderLoad(t *testing.T) {
	t.Parallel()
	rounds := 1000
	if testing.Short() {
		rounds = 100
	}
	d := found(t, nil)
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for n := range 4 {
		clients.Go(func() {
			body := pattern(30_000 + n)
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				func() {
					c := connect(t, d.srv).inGoroutine()
					defer c.away() // also after a failure: a Server retires when it has no session left
					c.login()
					name := fmt.Sprintf("f%d", n)
					for range 3 {
						c.stor(name, body)
						if got, _ := c.retr(name); got != body {
							t.Errorf("%s: %d bytes of %d", name, len(got), len(body))
						}
					}
					c.do("QUIT", "221")
				}()
			}
		})
	}
	var before []*ftpserver.Server
	for i := range rounds {
		before = append(before, d.succeed(func(s *ftpserver.Server) { s.Limits.Sessions = 100 + i }))
	}
	close(stop)
	clients.Wait()
	for _, s := range before {
		done, _ := s.Retired()
		<-done
	}
	if retired(t, d.now) {
		t.Error("the last one has retired")
	}
}

// The count of sessions is that of all: a limit is not got round by a change.
func TestSucceedCountsSessions(t *testing.T) {
	t.Parallel()
	two := func(s *ftpserver.Server) { s.Limits.Sessions = 2 }
	d := found(t, two)
	connect(t, d.srv).login()
	d.succeed(two)
	connect(t, d.srv).login()
	connect(t, d.srv).expect("421")
}
