package ftpserver_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
)

const alertNoApplicationProtocol = tls.AlertError(120)

// alertOf gives the text of the alert by which the peer refused; crypto/tls has
// no exported type for it.
func alertOf(err error) string {
	var remote *net.OpError
	if !errors.As(err, &remote) || remote.Op != "remote error" {
		return ""
	}
	return remote.Err.Error()
}

// T-15: whoever offers an id that we know, or none, is served, on control and on
// data; ftp is preferred on control, ftp-data on data, and FileZilla's own id is
// never chosen. Who offers only others, as a browser that an attacker steers
// does, gets the alert 120 (ALPACA; RFC 7301 §3.2).
//
func TestT15ALPN(t *testing.T) {
	srv := serveTree(t, map[string]string{"/f": "data"}, nil)
	for _, row := range []struct {
		offer         []string
		control, data string
		refused       bool
	}{
		{nil, "", "", false},
		{[]string{"ftp"}, "ftp", "ftp", false},
		{[]string{"ftp-data"}, "ftp-data", "ftp-data", false},
		{[]string{"ftp", "ftp-data"}, "ftp", "ftp-data", false},
		{[]string{"x-filezilla-ftp", "ftp"}, "ftp", "ftp", false},
		{[]string{"h2", "http/1.1"}, "", "", true},
		{[]string{"x-filezilla-ftp"}, "", "", true},
	} {
		t.Run(strings.Join(row.offer, ","), func(t *testing.T) {
			offer := func(c *rawClient) *tls.Config {
				cfg := c.tls.Clone()
				cfg.NextProtos = row.offer
				return cfg
			}
			judge := func(what, want string, s *tls.Conn, err error) {
				t.Helper()
				switch {
				case row.refused && alertOf(err) != alertNoApplicationProtocol.Error():
					t.Errorf("%s: want alert 120, got %v", what, err)
				case row.refused:
				case err != nil:
					t.Errorf("%s: %v", what, err)
				default:
					if got := s.ConnectionState().NegotiatedProtocol; got != want {
						t.Errorf("%s: chosen %q, want %q", what, got, want)
					}
				}
			}
			for _, addr := range []string{srv.Addr, srv.ImplicitAddr} {
				c := connectFrom(t, srv, addr, "")
				if addr == srv.Addr {
					c.expect("220")
					c.do("AUTH TLS", "234")
				}
				s := tls.Client(c.tcp, offer(c))
				judge("control", row.control, s, s.Handshake())
			}
			c := connect(t, srv).login()
			dataAddr := c.epsv()
			c.do("RETR f", "150")
			s := tls.Client(c.dialData(dataAddr), offer(c))
			judge("data", row.data, s, s.Handshake())
			if row.refused {
				c.expect("522")
				return
			}
			if got, err := io.ReadAll(s); string(got) != "data" || err != nil {
				t.Errorf("data: %q, %v", got, err)
			}
			c.expect("226")
		})
	}
}

// T-16: the right name, none and an IP literal (Perl sends one) are served; what
// a client puts into the name never breaks a line of the log or a session.
//
func TestT16ServerNames(t *testing.T) {
	srv := serveTree(t, nil, nil)
	long := strings.Repeat("a.", 126) + "example"
	for _, name := range []string{"localhost", "", "127.0.0.1", "other.example", long} {
		c := connect(t, srv)
		c.tls.ServerName, c.tls.InsecureSkipVerify = name, true
		c.login()
	}
}

// T-17: TLS 1.0 and 1.1, and of 1.2 everything without AEAD and forward
// secrecy, are refused with an alert, on control and on data.
//
func TestT17OldTLS(t *testing.T) {
	srv := serveTree(t, map[string]string{"/f": "data"}, nil)
	for _, row := range []struct {
		name     string
		min, max uint16
		suites   []uint16
	}{
		{"TLS 1.0", tls.VersionTLS10, tls.VersionTLS10, nil},
		{"TLS 1.1", tls.VersionTLS10, tls.VersionTLS11, nil},
		{"CBC", tls.VersionTLS12, tls.VersionTLS12, []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}},
		{"RSA key exchange", tls.VersionTLS12, tls.VersionTLS12, []uint16{
			tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_CBC_SHA}},
		{"RC4 and 3DES", tls.VersionTLS12, tls.VersionTLS12, []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA}},
	} {
		t.Run(strings.ReplaceAll(row.name, " ", "_"), func(t *testing.T) {
			old := func(c *rawClient) *tls.Config {
				cfg := c.tls.Clone()
				cfg.MinVersion, cfg.MaxVersion, cfg.CipherSuites = row.min, row.max, row.suites
				cfg.ClientSessionCache = nil
				return cfg
			}
			refused := func(what string, conn net.Conn, cfg *tls.Config) {
				t.Helper()
				if err := tls.Client(conn, cfg).Handshake(); alertOf(err) == "" {
					t.Errorf("%s: want an alert, got %v", what, err)
				}
			}
			c := connect(t, srv)
			c.expect("220")
			c.do("AUTH TLS", "234")
			refused("explicit", c.tcp, old(c))
			c = connectFrom(t, srv, srv.ImplicitAddr, "")
			refused("implicit", c.tcp, old(c))
			c = connect(t, srv).login()
			addr := c.epsv()
			c.do("RETR f", "150")
			refused("data", c.dialData(addr), old(c))
			c.expect("522")
			c.do("NOOP", "200")
		})
	}
}

// S-14: plaintext on the implicit port gets an alert or nothing, never the
// banner or the answer to a command.
func TestS14PlaintextOnImplicitPort(t *testing.T) {
	srv := serveTree(t, nil, nil)
	for _, text := range []string{"USER alice\r\nPASS x\r\n", "GET / HTTP/1.1\r\n\r\n", "\r\n\r\n\r\n"} {
		c := connectFrom(t, srv, srv.ImplicitAddr, "")
		c.write(text)
		got, _ := io.ReadAll(c.conn)
		if len(got) > 0 && got[0] != 0x15 || strings.Contains(string(got), "220") {
			t.Errorf("%q got %q", text, got)
		}
	}
}

// S-14: a ClientHello on the explicit port is garbage: at most 500 lines, and
// the end within the limit for logins; no TLS.
func TestS14ClientHelloOnExplicitPort(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, nil, func(s *ftpserver.Server) { s.Limits.Login = 300 * time.Millisecond })
	c := connect(t, srv)
	go tls.Client(writeOnly{c.tcp}, c.tls).Handshake()
	c.expect("220")
	for {
		reply, err := c.tryReply()
		if err != nil {
			break
		}
		if !strings.HasPrefix(reply, "500") && !strings.HasPrefix(reply, "501") && !strings.HasPrefix(reply, "421") {
			t.Errorf("got %q", reply)
		}
	}
}

// writeOnly is a connection of which nothing can be read.
type writeOnly struct{ net.Conn }

func (writeOnly) Read([]byte) (int, error) { return 0, io.EOF }

func (writeOnly) Close() error { return nil }

// T-15, S-06: with no certificate there is no TLS to be had, and that is said.
//
func TestAuthWithoutCertificate(t *testing.T) {
	srv := ftptest.NewServer(nil, func(s *ftpserver.Server) {
		s.TLS.InsecurePlaintext, s.TLS.GetCertificate = true, nil
	})
	t.Cleanup(srv.Close)
	c := connect(t, srv)
	c.expect("220")
	c.do("AUTH TLS", "431")
	c.userPass()
}

// F-20: a panic in the function that chooses the certificate ends that
// handshake, not the server.
func TestF20PanicInGetCertificate(t *testing.T) {
	panics := make(chan struct{}, 3)
	srv := serveTree(t, map[string]string{"/f": "data"}, func(s *ftpserver.Server) {
		good := s.TLS.GetCertificate
		s.TLS.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if h.ServerName == "panic.example" {
				panics <- struct{}{}
				panic(fmt.Sprintf("injected for %s", h.ServerName))
			}
			return good(h)
		}
	})
	bad := func(c *rawClient) *tls.Config {
		return &tls.Config{ServerName: "panic.example", RootCAs: srv.Pool}
	}
	witness := connect(t, srv).login()
	c := connect(t, srv)
	c.expect("220")
	c.do("AUTH TLS", "234")
	if tls.Client(c.tcp, bad(c)).Handshake() == nil {
		t.Error("explicit: the handshake succeeded")
	}
	c = connectFrom(t, srv, srv.ImplicitAddr, "")
	if tls.Client(c.tcp, bad(c)).Handshake() == nil {
		t.Error("implicit: the handshake succeeded")
	}
	addr := witness.epsv()
	witness.do("RETR f", "150")
	if tls.Client(witness.dialData(addr), bad(witness)).Handshake() == nil {
		t.Error("data: the handshake succeeded")
	}
	witness.expect("522")
	if len(panics) != 3 {
		t.Errorf("%d panics, want 3", len(panics))
	}
	witness.retr("f")
}
