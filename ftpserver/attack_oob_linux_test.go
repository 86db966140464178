package ftpserver_test

import (
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
