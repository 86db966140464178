package dataconn

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealane/sealane/internal/origin"
)

var (
	testProxy   = netip.MustParseAddr("10.1.2.3")
	proxyHeader = 5 * time.Second
)

// behindProxies believes what testProxy and the loopback say: one byte, the last one of
// the client's address in 192.0.2.0/24, or 0 for themselves.
func behindProxies() *origin.Finder {
	trusted := []netip.Prefix{netip.PrefixFrom(testProxy, 32), netip.MustParsePrefix("127.0.0.0/8")}
	return origin.NewFinder(trusted, proxyHeader, func(r io.Reader) (remote, local netip.AddrPort, err error) {
		var b [1]byte
		if _, err = io.ReadFull(r, b[:]); err != nil || b[0] == 0 {
			return remote, local, err
		}
		return netip.AddrPortFrom(behind(b[0]), 50000), netip.MustParseAddrPort("203.0.113.5:2991"), nil
	})
}

func behind(last byte) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, last}) }

// through makes a connection by the proxy.
func (s *sharedStage) through(port uint16, header, words string) net.Conn {
	theirs := s.dial(port, testProxy, "")
	go func() {
		io.WriteString(theirs, header)
		io.WriteString(theirs, words)
	}()
	synctest.Wait()
	return theirs
}

// SP-15: slots are keyed by the client's address of the header, so that two clients
// behind one proxy have the same port at the same time; a late, missing or foreign
// header gets nothing, and so does whoever pretends to be the proxy.
func TestSP15SlotsOfClients(t *testing.T) {
	onStage(t, 1, SharedOptions{Origins: behindProxies()}, func(t *testing.T, s *sharedStage) {
		one, two := s.offer(behind(1)), s.offer(behind(2))
		if one.Port() != two.Port() {
			t.Fatal("there is but one port")
		}
		port := one.Port()
		spoofed := s.connect(port, netip.MustParseAddr("10.1.2.4"), "\x01proven")
		foreign := s.through(port, "\x03", "proven")
		itself := s.through(port, "\x00", "proven")
		for i, stray := range []net.Conn{spoofed, foreign, itself} {
			if !isClosed(stray) {
				t.Errorf("stray %d was let in", i)
			}
		}
		missing := s.through(port, "", "")
		time.Sleep(proxyHeader)
		synctest.Wait()
		if !isClosed(missing) {
			t.Error("one without a header is still open")
		}
		late := s.through(port, "", "")
		second := s.through(port, "\x02", "proven")
		first := s.through(port, "\x01", "proven")
		for i, c := range []struct {
			o      Offer
			client net.Conn
		}{{one, first}, {two, second}} {
			conn, err := c.o.Wait(t.Context())
			if err != nil || !is(conn, c.client) {
				t.Fatalf("client %d: %v", i+1, err)
			}
			conn.Abort()
			c.o.Close()
		}
		io.WriteString(late, "\x01") // the transfer is over
		synctest.Wait()
		if !isClosed(late) {
			t.Error("a late one was let in")
		}
		if n := s.Counts(); n.Strangers != 4 || n.Headless != 1 {
			t.Errorf("counted %+v", n)
		}
	})
}

// SP-14, SP-15: the end of the ports does not wait for headers, and leaves nothing.
func TestSP15CloseWhileHeadersAreMissing(t *testing.T) {
	onStage(t, 1, SharedOptions{Origins: behindProxies()}, func(t *testing.T, s *sharedStage) {
		o := s.offer(behind(1))
		silent := s.through(o.Port(), "", "")
		s.finished()
		if !isClosed(silent) {
			t.Error("it is still open")
		}
		if n := s.Counts(); n.Headless != 0 || n.Dropped != 1 {
			t.Errorf("counted %+v", n)
		}
	})
}

// SP-15: the same on a port of its own: the right header is served, whatever came
// before it, and the end of the offer does not wait for those that are missing.
func TestSP15Exclusive(t *testing.T) {
	x := NewExclusive(0, 0)
	x.Origins = behindProxies()
	defer x.Close()
	o, err := x.Offer(t.Context(), Request{Local: loopback, Peer: behind(1), Secure: fakeHandshake, Stall: testStall})
	if err != nil {
		t.Fatal(err)
	}
	var conns []net.Conn
	for _, words := range []string{"", "\x02proven", "\x00proven", "\x01"} {
		c, err := net.Dial("tcp", netip.AddrPortFrom(loopback, o.Port()).String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(hangLimit))
		io.WriteString(c, words)
		conns = append(conns, c)
	}
	io.WriteString(conns[3], "proven") // read behind the header, not with it
	conn, err := o.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(conn.stream, "?")
	var b [1]byte
	if _, err := io.ReadFull(conns[3], b[:]); err != nil {
		t.Errorf("another one was bound: %v", err)
	}
	if _, tcp := conn.raw.Conn.(*net.TCPConn); !tcp {
		t.Errorf("the connection became a %T", conn.raw.Conn)
	}
	conn.Abort()
	o.Close()
	for i, c := range conns[:3] {
		if _, err := c.Read(b[:]); err == nil {
			t.Errorf("connection %d was let in", i)
		}
	}
	if n := x.Counts(); n.Strangers+n.Dropped != 3 || n.Headless != 0 {
		t.Errorf("counted %+v", n)
	}
}
