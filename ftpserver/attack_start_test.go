package ftpserver_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
)

// S-01: what came in clear behind AUTH TLS never counts inside TLS: however it is
// cut into segments, and also with the ClientHello behind it, none of it runs.
func TestS01PlaintextBehindAuth(t *testing.T) {
	t.Parallel()
	var logins atomic.Int32
	srv := serveTree(t, nil, func(s *ftpserver.Server) {
		s.Limits.Handshake = 5 * time.Second
		s.Login = func(context.Context, auth.Credentials) (*auth.Grant, error) {
			logins.Add(1)
			return nil, auth.ErrDenied
		}
	})
	const attack = "AUTH TLS\r\nUSER alice\r\nPASS x\r\nNOOP\r\n"
	hello := clientHello(t, srv)
	try := func(what string, parts ...string) {
		t.Helper()
		c := connect(t, srv)
		c.expect("220")
		for _, part := range parts {
			// The server may close before it has read all.
			if _, err := io.WriteString(c.tcp, part); err != nil {
				break
			}
		}
		for replies := 0; ; replies++ {
			first, err := c.r.Peek(1)
			if err != nil || first[0] == 0x15 {
				break // closed, or an alert for what is no ClientHello
			}
			if first[0] == 0x16 {
				t.Errorf("%s: the handshake went on", what)
				break
			}
			reply, err := c.tryReply()
			switch {
			case err != nil:
			case replies == 0 && (strings.HasPrefix(reply, "234") || strings.HasPrefix(reply, "421")):
			default:
				t.Errorf("%s: reply %q", what, reply)
			}
		}
		c.tcp.Close()
	}
	try("one segment", attack)
	try("with the hello glued on", attack+hello)
	try("hello glued to AUTH and a command", "AUTH TLS\r\nNOOP\r\n"+hello)
	for i := len("AUTH TLS\r\n") - 3; i < len(attack); i++ {
		try("split", attack[:i], attack[i:])
	}
	if n := logins.Load(); n > 0 {
		t.Errorf("%d logins from plaintext", n)
	}
	c := connect(t, srv)
	c.authTLS() // and nothing of all that hurts an honest client
	c.do("NOOP", "200")
}

// clientHello gives the bytes that a TLS client begins with.
func clientHello(t *testing.T, srv *ftptest.Server) string {
	t.Helper()
	w := &wireConn{hold: true, forge: []byte{0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28}}
	var d net.Dialer
	conn, err := d.Dial("tcp", srv.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	w.TCPConn = conn.(*net.TCPConn)
	if tls.Client(w, srv.ClientTLS()).Handshake() == nil || len(w.held) < 100 {
		t.Fatal("no ClientHello")
	}
	return string(w.held)
}

// tee keeps what was read.
type tee struct {
	net.Conn
	got bytes.Buffer
}

func (c *tee) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.got.Write(b[:n])
	return n, err
}

// S-02: behind the line of the 234 the server sends no byte in clear: the first
// one is that of a handshake record.
func TestS02NothingInClearBehind234(t *testing.T) {
	srv := serveTree(t, nil, nil)
	c := connect(t, srv)
	c.expect("220")
	c.do("AUTH TLS", "234")
	if n := c.r.Buffered(); n > 0 {
		t.Fatalf("%d bytes behind the 234", n)
	}
	wire := &tee{Conn: c.tcp}
	s := tls.Client(wire, c.tls)
	if err := s.Handshake(); err != nil {
		t.Fatal(err)
	}
	if first := wire.got.Bytes()[0]; first != 0x16 {
		t.Errorf("first byte behind the 234 is %#x", first)
	}
}

// S-03: no TLS inside TLS.
func TestS03AuthTwice(t *testing.T) {
	srv := serveTree(t, nil, nil)
	c := connect(t, srv)
	c.authTLS()
	c.do("AUTH TLS", "503")
	c.do("AUTH SSL", "503")
	c.userPass()
	c.do("AUTH TLS", "503")
	c.do("PWD", "257")
	c = connectFrom(t, srv, srv.ImplicitAddr, "")
	c.handshake()
	c.expect("220")
	c.do("AUTH TLS", "503")
}

// S-04: whatever comes in place of a ClientHello, the connection ends within the
// limit for handshakes, or that for logins.
//
func TestS04NoHandshake(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{}, 16)
	srv := serveTree(t, nil, func(s *ftpserver.Server) {
		s.Limits.Handshake = 200 * time.Millisecond
		s.Limits.Login = time.Second
		s.Observe = func(_ context.Context, e ftpserver.Event) {
			if e.Kind == ftpserver.EventSessionEnd {
				ended <- struct{}{}
			}
		}
	})
	hello := clientHello(t, srv)
	<-ended // the connection of which the hello was
	sslv2 := "\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + strings.Repeat("\x01", 37)
	for what, text := range map[string]string{
		"HTTP": "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "garbage": strings.Repeat("\x00\xff\x16", 1000), "SSLv2": sslv2,
		"nothing": "", "half a hello": hello[:len(hello)/2], "a record that never ends": "\x16\x03\x01\x40\x00",
	} {
		for _, addr := range []string{srv.Addr, srv.ImplicitAddr} {
			c := connectFrom(t, srv, addr, "")
			if addr == srv.Addr {
				c.expect("220")
				c.do("AUTH TLS", "234")
			}
			io.WriteString(c.tcp, text)
			got, err := io.ReadAll(c.r)
			if len(got) > 0 && got[0] != 0x15 {
				t.Errorf("%s: got %q", what, got)
			}
			if err, ok := err.(net.Error); ok && err.Timeout() {
				t.Errorf("%s: not closed", what)
			}
			c.tcp.Close()
			<-ended
		}
	}
	// One byte at a time does not stretch the limit.
	c := connect(t, srv)
	c.expect("220")
	c.do("AUTH TLS", "234")
	closed := make(chan struct{})
	go func() {
		io.Copy(io.Discard, c.r)
		close(closed)
	}()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-tick.C:
			if i == len(hello)-1 {
				t.Fatal("the handshake was never given up")
			}
			c.tcp.Write([]byte{hello[i]})
			continue
		case <-closed:
		}
		break
	}
	<-ended
}

// S-05: half-open connections from one address, before and in the handshake, do
// not keep an honest client out; above the cap of the address there is only 421.
//
func TestS05HalfOpen(t *testing.T) {
	const many = 500
	from := ""
	if canUse127002() {
		from = "127.0.0.2"
	}
	srv := serveTree(t, nil, func(s *ftpserver.Server) {
		s.Limits.SessionsPerAddress = many
		if from == "" {
			s.Limits.SessionsPerAddress++ // one address for all
		}
	})
	hello := clientHello(t, srv)
	var all sync.WaitGroup
	held := make(chan *rawClient, many)
	for i := range many {
		all.Go(func() {
			c := connectFrom(t, srv, srv.Addr, from).inGoroutine()
			c.expect("220")
			if i%3 > 0 {
				c.do("AUTH TLS", "234")
			}
			if i%3 > 1 {
				c.write(hello[:len(hello)/2])
			}
			held <- c
		})
	}
	all.Wait()
	if len(held) != many {
		t.Fatalf("%d of %d connections", len(held), many)
	}
	honest := connect(t, srv).login()
	if from == "" {
		from = "127.0.0.1"
	}
	c := connectFrom(t, srv, srv.Addr, from)
	c.expect("421")
	c.expectClosed()
	honest.do("PWD", "257")
}
