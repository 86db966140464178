package ftpclient

import (
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/sealane/sealane/internal/dataconn"
)

// eprt takes EPRT and gives where the client listens.
func (c *session) eprt() netip.AddrPort {
	line, _ := c.line()
	addr, err := dataconn.ParseEPRT(strings.TrimPrefix(line, "EPRT "))
	if err != nil {
		c.failf("%q: %v", line, err)
	}
	c.reply("200 ok")
	return addr
}

// connect makes the data connection of active mode.
func (c *session) connect(to netip.AddrPort) data { return c.secure(c.dial(to)) }

func (c *session) dial(to netip.AddrPort) net.Conn {
	raw, err := net.Dial("tcp", to.String())
	if err != nil {
		c.failf("%v", err)
	}
	c.t.Cleanup(func() { _ = raw.Close() })
	return raw
}

// secure makes the handshake: the TLS server is still the server (RFC 4217 §7).
func (c *session) secure(raw net.Conn) data {
	d := data{tls.Server(raw, c.server.tls), raw.(*net.TCPConn)}
	if err := d.Handshake(); err != nil {
		c.failf("%v", err)
	}
	return d
}

func (s *server) active() *Client {
	opt := s.options()
	opt.Active = true
	return s.dial(opt)
}

// The address is that of the control connection, in EPRT, and in PORT where the
// server does not know that.
func TestActive(t *testing.T) {
	s := serve(t, func(c *session) {
		c.login()
		to := c.eprt()
		if to.Addr().String() != "127.0.0.1" {
			c.failf("address %v", to)
		}
		c.expect("RETR /f")
		c.reply("150 coming")
		d := c.connect(to)
		_, _ = io.WriteString(d, "down")
		d.end()
		c.reply("226 done")
		if line, _ := c.line(); !strings.HasPrefix(line, "EPRT |1|127.0.0.1|") {
			c.failf("got %q", line)
		}
		c.reply("500 what")
		line, _ := c.line()
		to, err := dataconn.ParsePORT(strings.TrimPrefix(line, "PORT "))
		if err != nil {
			c.failf("%q: %v", line, err)
		}
		c.reply("200 ok")
		c.expect("STOR /g")
		raw := c.dial(to) // before the 150, as some servers do
		c.reply("150 go")
		d = c.secure(raw)
		if got, err := io.ReadAll(d); string(got) != "up" || err != nil {
			c.failf("got %q, %v", got, err)
		}
		d.end()
		c.reply("226 done")
	})
	c := s.active()
	if res, err := c.Retrieve(t.Context(), "/f", 0, io.Discard); err != nil || res.Bytes != 4 {
		t.Errorf("%+v, %v", res, err)
	}
	if res, err := c.Store(t.Context(), "/g", 0, strings.NewReader("up")); err != nil || res.Bytes != 2 {
		t.Errorf("%+v, %v", res, err)
	}
}

// C-03: a connection from another host is sent away, and the server's awaited.
func TestActiveStranger_C03(t *testing.T) {
	stranger := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	if ln, err := net.Listen("tcp", "127.0.0.2:0"); err != nil {
		t.Skip("this system has no second loopback address:", err)
	} else {
		_ = ln.Close()
	}
	s := serve(t, func(c *session) {
		c.login()
		to := c.eprt()
		c.expect("RETR /f")
		raw, err := stranger.Dial("tcp", to.String())
		if err != nil {
			c.failf("%v", err)
		}
		defer raw.Close()
		c.reply("150 coming")
		if n, err := raw.Read(make([]byte, 1)); err == nil {
			c.failf("the stranger got %d bytes", n)
		}
		d := c.connect(to)
		_, _ = io.WriteString(d, "real")
		d.end()
		c.reply("226 done")
	})
	if res, err := s.active().Retrieve(t.Context(), "/f", 0, io.Discard); err != nil || res.Bytes != 4 {
		t.Errorf("%+v, %v", res, err)
	}
}

// A server that cannot connect says so, and the client does not go on waiting.
func TestActiveRefused(t *testing.T) {
	s := serve(t, func(c *session) {
		c.login()
		for _, verb := range []string{"RETR", "STOR"} {
			c.eprt()
			c.expect(verb + " /f")
			c.reply("150 trying")
			c.reply("425 cannot connect")
		}
		c.eprt()
		c.expect("RETR /f")
		c.reply("550 none")
		if _, ok := c.line(); ok {
			c.reply("500 no active mode")
			c.reply("500 none at all")
		}
	})
	c := s.active()
	_, err := c.Retrieve(t.Context(), "/f", 0, io.Discard)
	wantCode(t, err, 425)
	_, err = c.Store(t.Context(), "/f", 0, strings.NewReader("x"))
	wantCode(t, err, 425)
	_, err = c.Retrieve(t.Context(), "/f", 0, io.Discard)
	wantCode(t, err, 550)
	_, err = c.Retrieve(t.Context(), "/f", 0, io.Discard)
	wantCode(t, err, 500)
}

func TestActiveThroughProxy(t *testing.T) {
	s := serve(t, func(*session) {})
	opt := s.options()
	opt.Active, opt.Proxy = true, &url.URL{Scheme: "http", Host: s.ln.Addr().String()}
	if _, err := Dial(t.Context(), s.url(), opt); err == nil || s.said() != "" {
		t.Errorf("%v, said %q", err, s.said())
	}
}
