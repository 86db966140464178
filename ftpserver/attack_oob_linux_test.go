package ftpserver_test

import (
	"bufio"
	"crypto/tls"
	"net"
	"strings"
	"syscall"
	"testing"
)

// sendUrgent sends bytes of which the last is urgent, as RFC 959 §4.1.3 has it.
func sendUrgent(t *testing.T, conn *net.TCPConn, s string) {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var sent error
	if err := raw.Control(func(fd uintptr) { sent = syscall.Sendto(int(fd), []byte(s), syscall.MSG_OOB, nil) }); err != nil || sent != nil {
		t.Fatal(err, sent)
	}
}

// S-34: ABOR is found behind the Telnet IP and DM, with DM as urgent data and
// without.
func TestS34AbortUrgent(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, map[string]string{"/big": strings.Repeat("x", 32<<20)}, inClear)
	for _, urgent := range []string{"", "\xff\xf4\xff\xf2", "\xff\xf4\xff", "\xf2"} {
		c := connect(t, srv).loginClear()
		addr := c.epsv()
		c.do("RETR big", "150")
		data := c.dialData(addr)
		rest := "\xff\xf4\xff\xf2ABOR\r\n"
		switch urgent {
		case "\xff\xf4\xff": // the DM follows in band
			sendUrgent(t, c.tcp, urgent)
			rest = "\xf2ABOR\r\n"
		case "\xf2":
			c.write("\xff\xf4\xff")
			sendUrgent(t, c.tcp, urgent)
			rest = "ABOR\r\n"
		case "":
		default:
			sendUrgent(t, c.tcp, urgent)
			rest = "ABOR\r\n"
		}
		c.write(rest)
		c.expect("426")
		c.expect("226")
		c.do("NOOP", "200")
		data.Close()
	}
}

// urgentConn marks the last byte of each write as urgent while on is set.
type urgentConn struct {
	*net.TCPConn
	t  *testing.T
	on bool
}

func (c *urgentConn) Write(p []byte) (int, error) {
	if !c.on {
		return c.TCPConn.Write(p)
	}
	sendUrgent(c.t, c.TCPConn, string(p))
	return len(p), nil
}

// S-34, R-137: ABOR behind IP and DM is found inside TLS too, though nothing is done
// on urgent data there: records whose last byte is urgent arrive whole.
func TestS34AbortUrgentInTLS(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, map[string]string{"/big": strings.Repeat("x", 32<<20)}, nil)
	for _, urgent := range []bool{false, true} {
		c := connect(t, srv)
		c.expect("220")
		c.do("AUTH TLS", "234")
		below := &urgentConn{TCPConn: c.tcp, t: t}
		s := tls.Client(below, c.tls)
		c.conn, c.r = s, bufio.NewReader(s)
		c.do("PBSZ 0", "200")
		c.do("PROT P", "200")
		c.userPass()
		addr := c.epsv()
		c.do("RETR big", "150")
		data, _ := c.secureData(addr)
		below.on = urgent
		c.write("\xff\xf4\xff\xf2")
		c.write("ABOR\r\n")
		below.on = false
		c.expect("426")
		c.expect("226")
		c.write("\xff\xfd\x01\xff\xfb\x03\xff\xfa\x18\xff\xf0NOOP\r\n")
		if got, err := c.line(); got != "200 OK." || err != nil {
			t.Errorf("options inside TLS: got %q, %v", got, err)
		}
		data.Close()
	}
}
