package ftpserver_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"testing"

	"github.com/sealane/sealane/ftpserver"
)

// the sequences that RFC 4217 §12 draws, each as it is drawn there. That of
// §12.2, a login without a password, belongs to the tests of client certificates.
func TestR135TimingDiagrams(t *testing.T) {
	srv := serveTree(t, map[string]string{"/old": "old"}, func(s *ftpserver.Server) {
		activeMode(s)
		inClear(s)
		s.Verbs.On = append(s.Verbs.On, "CCC")
	})
	open := func(t *testing.T) *rawClient {
		c := connect(t, srv)
		c.authTLS()
		c.userPass()
		return c
	}
	t.Run("12.1 protected session", func(t *testing.T) {
		open(t).do("PWD", "257")
	})
	t.Run("12.3 protected, then clear by CCC", func(t *testing.T) {
		c := open(t)
		c.do("CCC", "200")
		c.conn = unwrap(t, c.conn.(*tls.Conn))
		c.r = bufio.NewReader(c.conn)
		c.do("PWD", "257")
	})
	t.Run("12.4 transfer in clear", func(t *testing.T) {
		c := open(t)
		l, port, _ := listenForData(t)
		c.do(port, "200")
		c.do("STOR 12.4", "150")
		upload(c, accepted(t, l))
	})
	t.Run("12.5 transfer in clear through a firewall", func(t *testing.T) {
		c := open(t)
		addr := c.epsv()
		c.do("STOR 12.5", "150")
		upload(c, c.dialData(addr))
	})
	t.Run("12.6 protected transfer", func(t *testing.T) {
		c := open(t)
		c.do("PBSZ 0", "200")
		c.do("PROT P", "200")
		l, port, _ := listenForData(t)
		c.do(port, "200")
		c.do("STOR 12.6", "150")
		secureUpload(c, accepted(t, l))
	})
	t.Run("12.7 protected transfer through a firewall", func(t *testing.T) {
		c := open(t)
		c.do("PBSZ 0", "200")
		c.do("PROT P", "200")
		addr := c.epsv()
		c.do("STOR 12.7", "150")
		secureUpload(c, c.dialData(addr))
	})
	c := connect(t, srv).login()
	for _, name := range []string{"12.4", "12.5", "12.6", "12.7"} {
		if got, _ := c.retr(name); got != "new" {
			t.Errorf("%s holds %q", name, got)
		}
	}
}

func accepted(t *testing.T, l net.Listener) *net.TCPConn {
	t.Helper()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn)
}

func upload(c *rawClient, tcp *net.TCPConn) {
	c.t.Helper()
	if _, err := io.WriteString(tcp, "new"); err != nil {
		c.fail("%v", err)
	}
	tcp.Close()
	c.expect("226")
}

func secureUpload(c *rawClient, tcp *net.TCPConn) {
	c.t.Helper()
	s := tls.Client(tcp, c.tls)
	if _, err := io.WriteString(s, "new"); err != nil {
		c.fail("%v", err)
	}
	if err := endUpload(s, tcp); err != nil {
		c.fail("%v", err)
	}
	c.expect("226")
}
