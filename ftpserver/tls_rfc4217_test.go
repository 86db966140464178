package ftpserver_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftpserver"
)

// the level of PROT is judged by each command that uses the data connection, and not when a
// port is asked for (RFC 4217 §10.2).
func TestR132LevelIsJudgedAtTransfer(t *testing.T) {
	srv := serveTree(t, map[string]string{"/f": "x"}, activeMode)
	c := connect(t, srv)
	c.authTLS()
	c.do("PBSZ 0", "200")
	c.userPass()
	_, port, eprt := listenForData(t)
	for _, offer := range []struct{ command, reply string }{{"PASV", "227"}, {"EPSV", "229"}, {port, "200"}, {eprt, "200"}} {
		for _, command := range []string{"STOR new", "RETR f", "RETR absent", "NLST", "LIST", "STOU", "APPE new", "MLSD"} {
			c.do(offer.command, offer.reply)
			c.do(command, "521")
		}
	}
	wantNoFile(t, srv.FS, "new")
	c.do("PROT P", "200")
	if got, _ := c.retr("f"); got != "x" {
		t.Errorf("got %q", got)
	}
}

// under which mechanism data is protected from the start, and that a PROT
// which was refused changes nothing, shown by what goes over the data connection.
func TestR128LevelFromTheStart(t *testing.T) {
	srv := serveTree(t, map[string]string{"/f": "data"}, inClear)
	get := func(t *testing.T, c *rawClient, private bool) {
		t.Helper()
		addr := c.epsv()
		c.do("RETR f", "150")
		var conn net.Conn = c.dialData(addr)
		if private {
			conn = tls.Client(conn, c.tls)
		}
		if got, err := io.ReadAll(conn); string(got) != "data" || err != nil {
			t.Errorf("private %t: got %q, %v", private, got, err)
		}
		c.expect("226")
	}
	for mechanism, private := range map[string]bool{"TLS": false, "tls-c": false, "TLS-P": true, "ssl": true} {
		t.Run(mechanism, func(t *testing.T) {
			c := connect(t, srv)
			c.expect("220")
			c.do("AUTH "+mechanism, "234")
			c.handshake()
			c.userPass()
			get(t, c, private)
			c.do("PBSZ 0", "200")
			for _, level := range []struct {
				command string
				private bool
			}{{"P", true}, {"C", false}, {"P", true}} {
				c.do("PROT "+level.command, "200")
				for _, refused := range []struct{ command, reply string }{{"S", "536"}, {"E", "536"}, {"X", "504"}, {"PP", "504"}, {"", "501"}} {
					c.do(strings.TrimSpace("PROT "+refused.command), refused.reply)
				}
				get(t, c, level.private)
			}
		})
	}
	t.Run("implicit", func(t *testing.T) {
		c := connectFrom(t, srv, srv.ImplicitAddr, "")
		wire := &tee{Conn: c.tcp}
		s := tls.Client(wire, c.tls)
		if err := s.Handshake(); err != nil {
			t.Fatal(err)
		}
		if first := wire.got.Bytes()[0]; first != 0x16 || bytes.Contains(wire.got.Bytes(), []byte("220")) {
			t.Errorf("the greeting comes before the handshake: % x", first)
		}
		c.conn = s
		c.r.Reset(s)
		c.expect("220")
		c.userPass()
		get(t, c, true)
	})
}

// a handshake on data that fails is told behind the 150, by a text of its own where
// resumption is what is missing; the session goes on.
func TestR133FailedDataHandshake(t *testing.T) {
	srv := serveTree(t, map[string]string{"/f": "data"}, func(s *ftpserver.Server) { s.TLS.Resumption = ftpserver.ResumptionRequire })
	tlsVersions(t, func(t *testing.T, version uint16) {
		c, _ := loginWith(t, srv, version)
		for name, tc := range map[string]struct {
			change func(*tls.Config)
			want   string
		}{
			"no ticket":    {func(c *tls.Config) { c.ClientSessionCache = nil }, "session reuse"},
			"no agreement": {func(c *tls.Config) { c.NextProtos = []string{"h2"} }, "handshake"},
		} {
			cfg := c.tls.Clone()
			tc.change(cfg)
			addr := c.epsv()
			c.do("RETR f", "150")
			tcp := c.dialData(addr)
			s := tls.Client(tcp, cfg)
			if s.Handshake() == nil {
				if b, _ := io.ReadAll(s); len(b) > 0 {
					t.Errorf("%s: got %q", name, b)
				}
			}
			tcp.Close()
			if reply := c.expect("522"); !strings.Contains(reply, tc.want) {
				t.Errorf("%s: %q", name, reply)
			}
		}
		if got, resumed := c.retr("f"); got != "data" || !resumed {
			t.Errorf("got %q, resumed %t", got, resumed)
		}
	})
}

// data connections show the certificate of the control connection, whether the
// server waits or connects (RFC 4217 §15.1.1, §7).
func TestR138SameCertificate(t *testing.T) {
	srv := serveTree(t, map[string]string{"/f": "data"}, activeMode)
	tlsVersions(t, func(t *testing.T, version uint16) {
		c := connect(t, srv)
		c.tls.MaxVersion, c.tls.ClientSessionCache = version, nil // full handshakes
		c.login()
		addr := c.epsv()
		c.do("RETR f", "150")
		passive := c.dialData(addr)
		s := tls.Client(passive, c.tls)
		if got, err := io.ReadAll(s); string(got) != "data" || err != nil || !bytes.Equal(leafOf(s), leafOf(c.conn)) {
			t.Errorf("passive: got %q, %v, or another leaf", got, err)
		}
		c.expect("226")
		l, port, _ := listenForData(t)
		c.do(port, "200")
		c.do("RETR f", "150")
		s = tls.Client(accepted(t, l), c.tls)
		if got, err := io.ReadAll(s); string(got) != "data" || err != nil || !bytes.Equal(leafOf(s), leafOf(c.conn)) {
			t.Errorf("active: got %q, %v, or another leaf", got, err)
		}
		c.expect("226")
	})
}

// the server knows secure renegotiation, and says so to who offers it (RFC 5746 §3.6),
// in place of being taken for one that renegotiates in the old way.
func TestR154RenegotiationInfo(t *testing.T) {
	srv := serveTree(t, nil, nil)
	l := securedByHand(t, connect(t, srv), tls.VersionTLS12)
	// The extension in the ServerHello, empty, as at a first handshake.
	if hello := l.head.Bytes(); !bytes.Contains(hello, []byte{0xff, 0x01, 0, 1, 0}) {
		t.Errorf("no renegotiation_info in % x", hello)
	}
}
