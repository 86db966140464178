package ftpserver_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/sealane/sealane/ftpserver"
)

func activeMode(s *ftpserver.Server) { s.Data.Active = true }

// listenForData opens a port of the client and gives the arguments that name it.
func listenForData(t *testing.T) (l net.Listener, port, eprt string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	n := l.Addr().(*net.TCPAddr).Port
	return l, fmt.Sprintf("PORT 127,0,0,1,%d,%d", n>>8, n&0xff), fmt.Sprintf("EPRT |1|127.0.0.1|%d|", n)
}

// in active mode too the FTP server is the TLS server (RFC 4217 §7), and
// the connection comes from the address of the control connection.
func TestActiveMode(t *testing.T) {
	srv := serveTree(t, map[string]string{"/f": "data"}, activeMode)
	c := connect(t, srv).login()
	c.do("TYPE I", "200")
	for _, useEPRT := range []bool{false, true} {
		l, port, eprt := listenForData(t)
		if useEPRT {
			port = eprt
		}
		c.do(port, "200")
		c.do("RETR f", "150")
		raw, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if host, _, _ := net.SplitHostPort(raw.RemoteAddr().String()); host != "127.0.0.1" {
			t.Errorf("came from %s", host)
		}
		conn := tls.Client(raw, c.tls)
		got, err := io.ReadAll(conn)
		if string(got) != "data" || err != nil {
			t.Errorf("%s: got %q, %v", port, got, err)
		}
		raw.Close()
		c.expect("226")
	}
}

// after EPSV ALL no other command sets a data port up (RFC 2428 §4), until the
// next login.
func TestEPSVAll(t *testing.T) {
	srv := serveTree(t, map[string]string{"/f": "data"}, activeMode)
	c := connect(t, srv).login()
	_, port, eprt := listenForData(t)
	for range 2 {
		c.do(port, "200")
		c.do("epsv all", "200")
		for range 2 {
			c.do(port, "501")
			c.do(eprt, "501")
			c.do("PASV", "501")
			c.do("LPSV", "502")
			c.do("LPRT 4,4,127,0,0,1,2,200,1", "502")
			if got, _ := c.retr("f"); got != "data" {
				t.Errorf("EPSV: got %q", got)
			}
		}
		c.userPass()
		c.do("PASV", "227")
		c.do(eprt, "200")
	}
}

// S-50: with active mode on, only the client's own address and unprivileged ports
// are connected to, and a refusal leaves nothing behind that RETR could use.
//
func TestS50ActiveModeNoBounce(t *testing.T) {
	srv := serveTree(t, map[string]string{"/f": "data"}, activeMode)
	c := connect(t, srv).login()
	for command, code := range map[string]string{
		"PORT 127,0,0,2,100,1": "504", "PORT 127,0,0,1,0,22": "504", "PORT 127,0,0,1,3,255": "504", "PORT 127,0,0,1,0,0": "504",
		"PORT 255,255,255,255,100,1": "504", "PORT 224,0,0,1,100,1": "504", "PORT 0,0,0,0,100,1": "504",
		"EPRT |2|::1|40000|": "504", "EPRT |1|127.0.0.2|40000|": "504", "EPRT |2|::ffff:127.0.0.1|40000|": "501",
		"EPRT |1|localhost|40000|": "501", "EPRT |2|fe80::1%lo|40000|": "501", "EPRT |3|x|40000|": "522", "PORT 1,2,3": "501",
	} {
		c.do(command, code)
		c.do("RETR f", "425")
	}
}

// Nobody listens at the client's port: 425 behind the 150, and the session lives.
func TestActiveModeNobodyThere(t *testing.T) {
	srv := serveTree(t, map[string]string{"/f": "data"}, activeMode)
	c := connect(t, srv).login()
	l, port, _ := listenForData(t)
	l.Close()
	c.do(port, "200")
	c.do("RETR f", "150")
	c.expect("425")
	c.do("NOOP", "200")
}
