package ftpserver_test

import (
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/internal/proxy"
	"github.com/sealane/sealane/vfs/memfs"
)

// trusting makes 127.0.0.1 the proxy, from which most tests connect.
func trusting(s *ftpserver.Server) {
	s.Proxy.Trusted = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	s.Proxy.ReadHeader = proxy.ReadHeader
	s.Limits.ProxyHeader = hangLimit
}

// proxyModes runs a test with one shared port and with a port for each transfer.
func proxyModes(t *testing.T, files map[string]string, configure func(*ftpserver.Server), test func(t *testing.T, srv *ftptest.Server)) {
	both := func(s *ftpserver.Server) {
		trusting(s)
		if configure != nil {
			configure(s)
		}
	}
	t.Run("shared", func(t *testing.T) { test(t, serveShared(t, 1, memfs.From(files), both)) })
	t.Run("exclusive", func(t *testing.T) { test(t, serveTree(t, files, both)) })
}

// headerV1 and headerV2 make headers of the PROXY protocol by hand.
func headerV1(from, to netip.AddrPort) string {
	family := "TCP4"
	if from.Addr().Is6() {
		family = "TCP6"
	}
	return fmt.Sprintf("PROXY %s %s %s %d %d\r\n", family, from.Addr(), to.Addr(), from.Port(), to.Port())
}

func headerV2(from, to netip.AddrPort) string {
	body := append(from.Addr().AsSlice(), to.Addr().AsSlice()...)
	body = binary.BigEndian.AppendUint16(body, from.Port())
	body = binary.BigEndian.AppendUint16(body, to.Port())
	family := byte(0x11)
	if from.Addr().Is6() {
		family = 0x21
	}
	head := append([]byte("\r\n\r\n\x00\r\nQUIT\n\x21"), family)
	return string(binary.BigEndian.AppendUint16(head, uint16(len(body)))) + string(body)
}

// proxied connects through the proxy, which sends header first.
func proxied(t *testing.T, srv *ftptest.Server, header string) *rawClient {
	t.Helper()
	c := connect(t, srv)
	c.write(header)
	return c
}

// proxiedRetr downloads with a data connection that begins with header.
func (c *rawClient) proxiedRetr(name, header string) string {
	c.t.Helper()
	addr := c.epsv()
	c.do("RETR "+name, "150")
	tcp := c.dialData(addr)
	io.WriteString(tcp, header)
	s := tls.Client(tcp, c.tls)
	defer s.Close()
	b, err := io.ReadAll(s)
	if err != nil {
		c.fail("RETR %s: %v", name, err)
	}
	c.expect("226")
	return string(b)
}

// SP-15: through a proxy, control and data go by the addresses of its headers, of
// both versions and families; a v4-mapped address is the IPv4 address that it is.
func TestSP15ThroughProxies(t *testing.T) {
	events := &eventLog{}
	proxyModes(t, map[string]string{"/f": "data"}, func(s *ftpserver.Server) { s.Observe = events.observe }, func(t *testing.T, srv *ftptest.Server) {
		for i, addrs := range []struct{ client, data, public, pasv, epsv string }{
			{"192.0.2.7", "192.0.2.7", "203.0.113.5", "227 Entering passive mode (203,0,113,5,", "EPSV 1"},
			{"::ffff:192.0.2.8", "192.0.2.8", "::ffff:203.0.113.5", "227 Entering passive mode (203,0,113,5,", "EPSV 1"},
			{"192.0.2.9", "::ffff:192.0.2.9", "203.0.113.5", "227 Entering passive mode (203,0,113,5,", "EPSV 1"},
			{"2001:db8::7", "2001:db8::7", "2001:db8::5", "425", "EPSV 2"},
		} {
			for j, header := range []func(from, to netip.AddrPort) string{headerV1, headerV2} {
				client := netip.AddrPortFrom(netip.MustParseAddr(addrs.client), uint16(50000+10*i+j))
				to := func(port uint16) netip.AddrPort { return netip.AddrPortFrom(netip.MustParseAddr(addrs.public), port) }
				c := proxied(t, srv, header(client, to(21))).login()
				c.do("PASV", addrs.pasv)
				c.do(addrs.epsv, "229")
				from := netip.AddrPortFrom(netip.MustParseAddr(addrs.data), 51000)
				dataTo := netip.AddrPortFrom(to(0).Addr(), 2991)
				if from.Addr().Is4() != dataTo.Addr().Is4() { // a proxy speaks one family in one header
					dataTo = netip.AddrPortFrom(from.Addr(), 2991)
				}
				if got := c.proxiedRetr("f", header(from, dataTo)); got != "data" {
					t.Errorf("%s: got %q", client, got)
				}
				want := netip.AddrPortFrom(client.Addr().Unmap(), client.Port())
				seen := false
				for _, e := range events.of(ftpserver.EventTransfer) {
					seen = seen || e.Remote == want
				}
				if !seen {
					t.Errorf("no event of %s", want)
				}
			}
		}
	})
}

// SP-15: clients behind one proxy have slots of their own; a connection that the
// proxy made for another client, or without a good header, gets nothing, and harms
// nobody.
func TestSP15DataOfOthers(t *testing.T) {
	proxyModes(t, map[string]string{"/a": "of a", "/b": "of b"}, nil, func(t *testing.T, srv *ftptest.Server) {
		to := netip.MustParseAddrPort("203.0.113.5:21")
		first, second := netip.MustParseAddrPort("192.0.2.1:50000"), netip.MustParseAddrPort("192.0.2.2:50000")
		a := proxied(t, srv, headerV1(first, to)).login()
		b := proxied(t, srv, headerV2(second, to)).login()
		addrA, addrB := a.epsv(), b.epsv() // with one shared port: the same
		for _, header := range []string{
			headerV1(netip.MustParseAddrPort("192.0.2.3:50000"), to),
			"\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00", // the proxy itself
			"", "PROXY nonsense\r\n", "USER anna\r\n",
		} {
			stray := a.dialData(addrA)
			io.WriteString(stray, header)
			s := tls.Client(stray, a.tls)
			if err := s.Handshake(); err == nil {
				t.Errorf("%q: the handshake succeeded", header)
			}
			stray.Close()
		}
		a.do("RETR a", "150")
		b.do("RETR b", "150")
		for _, one := range []struct {
			c          *rawClient
			addr, want string
			from       netip.AddrPort
		}{{b, addrB, "of b", second}, {a, addrA, "of a", first}} {
			tcp := one.c.dialData(one.addr)
			io.WriteString(tcp, headerV1(one.from, to))
			got, err := io.ReadAll(tls.Client(tcp, one.c.tls))
			if string(got) != one.want || err != nil {
				t.Errorf("want %q, got %q, %v", one.want, got, err)
			}
			one.c.expect("226")
		}
		if n := srv.Server.DataPortCounts(); n.Strangers < 2 || n.Headless < 2 {
			t.Errorf("counted %+v", n)
		}
	})
}

// SP-15: a proxy that says nothing, or something else, is closed without a greeting;
// and one that checks whether we live gets the greeting.
func TestSP15ControlHeaders(t *testing.T) {
	events := &eventLog{}
	srv := serveTree(t, nil, func(s *ftpserver.Server) {
		trusting(s)
		s.Observe = events.observe
	})
	hasty := serveTree(t, nil, func(s *ftpserver.Server) {
		trusting(s)
		s.Limits.ProxyHeader = time.Millisecond
	})
	for _, header := range []string{"USER anna\r\n", "PROXY nonsense\r\n", "\r\n\r\n\x00\r\nQUIT\nxxxxx", "\x16\x03\x01\x02\x00"} {
		c := proxied(t, srv, header)
		c.expectClosed()
	}
	refused := events.of(ftpserver.EventRefused)
	if len(refused) != 4 || refused[0].Err == nil || !refused[0].Remote.Addr().IsLoopback() {
		t.Errorf("events: %+v", refused)
	}
	connect(t, hasty).expectClosed() // late
	for _, check := range []string{"\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00", "PROXY UNKNOWN\r\n"} {
		proxied(t, srv, check).expect("220")
	}
	// On the implicit port too.
	header := headerV2(netip.MustParseAddrPort("192.0.2.7:50000"), netip.MustParseAddrPort("203.0.113.5:990"))
	c := connectFrom(t, srv, srv.ImplicitAddr, "")
	c.write(header)
	c.handshake()
	c.expect("220")
}

// SP-15: a header that is late holds up neither other sessions nor the end.
func TestSP15HeaderHoldsUpNobody(t *testing.T) {
	srv := serveTree(t, nil, trusting)
	silent := connect(t, srv)
	proxied(t, srv, headerV1(netip.MustParseAddrPort("192.0.2.7:50000"), netip.MustParseAddrPort("203.0.113.5:21"))).login()
	srv.Close()
	silent.expectClosed()
}

// SP-15: nobody else can pretend to be a proxy: what another address sends is a
// client's, on control and on data.
func TestSP15Spoofed(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127.0.0.0/8 on its loopback without set-up")
	}
	proxyModes(t, map[string]string{"/f": "data"}, nil, func(t *testing.T, srv *ftptest.Server) {
		victim := netip.MustParseAddrPort("192.0.2.7:50000")
		to := netip.MustParseAddrPort("203.0.113.5:21")
		c := connectFrom(t, srv, srv.Addr, "127.0.0.2")
		c.write(strings.TrimSuffix(headerV1(victim, to), "\r\n") + "\r\n")
		c.expect("220")
		c.expect("5") // PROXY is no command
		c.handshakeAfterAuth()

		v := proxied(t, srv, headerV1(victim, to)).login()
		addr := v.epsv()
		v.do("RETR f", "150")
		for _, header := range []string{headerV1(victim, to), headerV2(victim, to), ""} {
			d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
			thief, err := d.Dial("tcp", addr)
			if err != nil {
				continue // it has heard the reset already
			}
			thief.SetDeadline(time.Now().Add(hangLimit))
			io.WriteString(thief, header)
			if err := tls.Client(thief, v.tls).Handshake(); err == nil {
				t.Error("the thief was let in")
			}
			thief.Close()
		}
		tcp := v.dialData(addr)
		io.WriteString(tcp, headerV2(victim, to))
		if got, err := io.ReadAll(tls.Client(tcp, v.tls)); string(got) != "data" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		v.expect("226")
		// Who is no proxy needs no header.
		own := connectFrom(t, srv, srv.Addr, "127.0.0.2").login()
		own.do("PASV", "227 Entering passive mode (127,0,0,1,")
	})
}

// handshakeAfterAuth shows that the session is an ordinary one.
func (c *rawClient) handshakeAfterAuth() {
	c.t.Helper()
	c.do("AUTH TLS", "234")
	c.handshake()
	c.userPass()
}

// The limits of an address are those of the client, not of the proxy.
func TestSP15LimitsGoByClient(t *testing.T) {
	srv := serveTree(t, nil, func(s *ftpserver.Server) {
		trusting(s)
		s.Limits.SessionsPerAddress = 1
	})
	to := netip.MustParseAddrPort("203.0.113.5:21")
	for _, c := range []struct{ from, want string }{{"192.0.2.1:1000", "220"}, {"192.0.2.2:1000", "220"}, {"192.0.2.1:1001", "421"}} {
		proxied(t, srv, headerV1(netip.MustParseAddrPort(c.from), to)).expect(c.want)
	}
}

// The policies that make no sense are found before the server starts.
func TestProxyPolicyMistakes(t *testing.T) {
	for want, p := range map[string]ftpserver.ProxyPolicy{
		"ReadHeader is not set": {Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
		"network that is none":  {Trusted: []netip.Prefix{{}}, ReadHeader: proxy.ReadHeader},
	} {
		srv := ftptest.NewServer(nil, func(s *ftpserver.Server) {
			s.Proxy = p
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Serve(l); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		})
		srv.Close()
	}
}
