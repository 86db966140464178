package ftpserver_test

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftpserver"
)

// S-50: no spelling of PORT or EPRT makes the server connect to anything.
func TestS50NoBounce(t *testing.T) {
	srv := serveTree(t, map[string]string{"/f": "data"}, inClear)
	victim, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer victim.Close()
	port := victim.Addr().(*net.TCPAddr).Port
	c := connect(t, srv).loginClear()
	for _, command := range []string{
		fmt.Sprintf("PORT 127,0,0,1,%d,%d", port>>8, port&0xff),
		fmt.Sprintf("EPRT |1|127.0.0.1|%d|", port),
		fmt.Sprintf("EPRT |2|::ffff:127.0.0.1|%d|", port),
		fmt.Sprintf("EPRT |1|localhost|%d|", port),
		fmt.Sprintf("EPRT |2|fe80::1%%lo|%d|", port),
		"PORT 127,0,0,1,0,22", "PORT 127,0,0,1,0,0", "PORT 255,255,255,255,100,1", "PORT 224,0,0,1,100,1", "PORT 0,0,0,0,100,1",
		"PORT 256,0,0,1,1,1", "PORT 1,2,3", "PORT", "EPRT", "EPRT |3|x|1|", "LPRT 4,4,127,0,0,1,2,1,1", "port 127,0,0,1,4,1",
	} {
		c.do(command, "50")
		c.do("RETR f", "425")
	}
	// The first connection that the victim gets is this one.
	mine, err := net.Dial("tcp", victim.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	got, err := victim.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	if got.RemoteAddr().String() != mine.LocalAddr().String() {
		t.Errorf("%v has connected", got.RemoteAddr())
	}
}

// S-51: from another address nobody gets the data, nor may send any, and the
// port goes on waiting for the right one.
//
func TestS51PortStealing(t *testing.T) {
	if !canUse127002() {
		t.Skip("needs a second loopback address, as Linux has without being set up")
	}
	thief := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	for _, private := range []bool{false, true} {
		srv := serveTree(t, map[string]string{"/f": "data"}, inClear)
		c := connect(t, srv)
		if private {
			c.login()
		} else {
			c.loginClear()
		}
		addr := c.epsv()
		for range 10 {
			conn, err := thief.Dial("tcp", addr)
			if err != nil {
				continue // reset before it knew that it was connected
			}
			if got, err := io.ReadAll(conn); len(got) > 0 || err == nil {
				t.Errorf("the thief got %q, %v", got, err)
			}
			conn.Close()
		}
		c.do("RETR f", "150")
		var rightful net.Conn
		if private {
			rightful, _ = c.secureData(addr)
		} else {
			rightful = c.dialData(addr)
		}
		if got, err := io.ReadAll(rightful); string(got) != "data" || err != nil {
			t.Errorf("private %v: the true client got %q, %v", private, got, err)
		}
		rightful.Close()
		c.expect("226")
	}
}

// S-53: data ports are drawn from the range without order, and none comes again
// soon.
//
func TestS53PortsDoNotFollowEachOther(t *testing.T) {
	const from, to, draws = 42000, 42199, 40
	srv := serveTree(t, nil, func(s *ftpserver.Server) {
		inClear(s)
		s.Data = ftpserver.DataPolicy{Mode: ftpserver.Exclusive, From: from, To: to}
	})
	c := connect(t, srv).loginClear()
	var ports []int
	for range draws {
		_, text, _ := net.SplitHostPort(c.epsv())
		port, err := strconv.Atoi(text)
		if err != nil || port < from || port > to {
			t.Fatalf("port %q", text)
		}
		if slices.Contains(ports, port) {
			t.Errorf("port %d again, after %v", port, ports)
		}
		ports = append(ports, port)
	}
	backwards := slices.Clone(ports)
	slices.Reverse(backwards)
	if slices.IsSorted(ports) || slices.IsSorted(backwards) {
		t.Errorf("the ports follow each other: %v", ports)
	}
}

// S-54: a session has one port; that of an earlier PASV is closed.
func TestS54OnePortPerSession(t *testing.T) {
	srv := serveTree(t, nil, inClear)
	c := connect(t, srv).loginClear()
	var addrs []string
	for range 100 {
		addrs = append(addrs, c.epsv())
	}
	last := addrs[len(addrs)-1]
	for _, addr := range addrs[:len(addrs)-1] {
		if conn, err := net.Dial("tcp", addr); err == nil && addr != last {
			t.Errorf("%s is open", addr)
			conn.Close()
		}
	}
}

// S-56: one connection is accepted for a port; of whoever comes later the
// listener is closed.
func TestS56ConnectsTwice(t *testing.T) {
	srv := serveTree(t, map[string]string{"/f": "data"}, nil)
	c := connect(t, srv).login()
	addr := c.epsv()
	s, _ := c.secureData(addr)
	for range 100 {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			continue // refused, as it should be soon after the handshake
		}
		if got, err := io.ReadAll(conn); len(got) > 0 || err == nil {
			t.Errorf("a second connection got %q, %v", got, err)
		}
		conn.Close()
	}
	c.do("RETR f", "150")
	if got, err := io.ReadAll(s); string(got) != "data" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	s.Close()
	c.expect("226")
	if conn, err := net.Dial("tcp", addr); err == nil {
		t.Error("the port is open after the transfer")
		conn.Close()
	}
	c.do("RETR f", "425")
}

// S-58: EPSV names no address, PASV that of the control connection, and the rule
// of EPSV ALL holds.
func TestS58PassiveReplies(t *testing.T) {
	srv := serveTree(t, nil, inClear)
	c := connect(t, srv).loginClear()
	if got := c.do("PASV", "227"); !strings.Contains(got, "(127,0,0,1,") {
		t.Errorf("PASV: %q", got)
	}
	c.do("EPSV 1", "229")
	c.do("EPSV 2", "522")
	c.do("EPSV 9", "522")
	c.do("EPSV ALL", "200")
	c.do("PASV", "501")
	c.do("EPSV", "229")
}
