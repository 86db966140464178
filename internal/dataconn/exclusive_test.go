package dataconn

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// newOffer makes a Ports of any free ports and one offer for loopback.
func newOffer(t *testing.T, local netip.Addr, secure Secure) (*Exclusive, Offer) {
	t.Helper()
	ports := NewExclusive(0, 0)
	t.Cleanup(func() { ports.Close() })
	o, err := ports.Offer(t.Context(), Request{Local: local, Peer: local, Secure: secure, Stall: testStall})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	return ports, o
}

func dialOffer(t *testing.T, o Offer, to, from netip.Addr) net.Conn {
	t.Helper()
	var d net.Dialer
	if from.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
	}
	conn, err := d.DialContext(t.Context(), "tcp", netip.AddrPortFrom(to, o.Port()).String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// S-57: the client connects, finishes its handshake and sends data before Wait,
// or does all of it after.
func TestS57BeforeAndAfterWait(t *testing.T) {
	for _, v := range tlsVersions {
		server, client := testTLS(t, v.version)
		for _, before := range []bool{true, false} {
			t.Run(v.name+"/before="+strconv.FormatBool(before), func(t *testing.T) {
				_, o := newOffer(t, loopback, secureWith(server))
				var sending sync.WaitGroup
				sending.Go(func() {
					peer := tls.Client(dialOffer(t, o, loopback, netip.Addr{}), client)
					if _, err := peer.Write([]byte("early data")); err != nil {
						t.Error(err)
					}
					peer.CloseWrite()
				})
				if before {
					sending.Wait()
				}
				conn, err := o.Wait(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				o.Close() // does not touch what Wait gave out
				got, err := readToEnd(conn)
				if string(got) != "early data" || err != io.EOF {
					t.Errorf("read %q, %v", got, err)
				}
				conn.Abort()
				sending.Wait()
			})
		}
	}
}

// T-06: plaintext on a PROT P port fails soon, whether it came before Wait or
// during it; the context of Wait does not end.
func TestT06PlaintextOnSecurePort(t *testing.T) {
	server, _ := testTLS(t, tls.VersionTLS13)
	for _, before := range []bool{true, false} {
		ports, o := newOffer(t, loopback, secureWith(server))
		send := func() {
			conn := dialOffer(t, o, loopback, netip.Addr{})
			conn.Write([]byte("the first lines of a file in the clear\r\n"))
			readToEnd(conn) // until it is closed
		}
		if before {
			send()
		} else {
			go send()
		}
		conn, err := o.Wait(t.Context())
		if conn != nil || !errors.Is(err, ErrHandshake) {
			t.Errorf("before=%v: got %v, %v", before, conn, err)
		}
		if ports.Counts().Failed != 1 {
			t.Errorf("counted %+v", ports.Counts())
		}
	}
}

// PROT C: the first connection is bound.
func TestPlainOffer(t *testing.T) {
	_, o := newOffer(t, loopback, nil)
	peer := dialOffer(t, o, loopback, netip.Addr{})
	peer.Write([]byte("in the clear"))
	peer.(*net.TCPConn).CloseWrite()
	conn, err := o.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Abort()
	if got, err := readToEnd(conn); string(got) != "in the clear" || err != io.EOF || conn.TLS() != nil {
		t.Errorf("read %q, %v", got, err)
	}
}

// S-51: a connection from another address is closed, and the listener keeps
// waiting for the right one.
func TestS51Stranger(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127.0.0.0/8 on its loopback without set-up")
	}
	server, client := testTLS(t, tls.VersionTLS13)
	for name, secure := range map[string]Secure{"PROT C": nil, "PROT P": secureWith(server)} {
		t.Run(name, func(t *testing.T) {
			ports, o := newOffer(t, loopback, secure)
			from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
			stranger, err := from.Dial("tcp", netip.AddrPortFrom(loopback, o.Port()).String())
			if err == nil { // else the reset came before the dialler looked
				defer stranger.Close()
				if got, err := readToEnd(stranger); err == io.EOF || len(got) > 0 {
					t.Errorf("the stranger got %q, %v", got, err)
				}
			} else if !errors.Is(err, syscall.ECONNRESET) {
				t.Fatal(err)
			}
			var peer net.Conn = dialOffer(t, o, loopback, netip.Addr{})
			if secure != nil {
				peer = tls.Client(peer, client)
			}
			go peer.Write([]byte("x"))
			conn, err := o.Wait(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Abort()
			if conn.RemoteAddr().String() != peer.LocalAddr().String() {
				t.Errorf("bound %v, want %v", conn.RemoteAddr(), peer.LocalAddr())
			}
			if got := ports.Counts(); got.Strangers != 1 {
				t.Errorf("counted %+v", got)
			}
		})
	}
}

// S-56: of a hundred connections to one data port one is accepted, and once it
// is bound nobody listens there.
func TestS56ManyConnections(t *testing.T) {
	server, client := testTLS(t, tls.VersionTLS13)
	for name, secure := range map[string]Secure{"PROT C": nil, "PROT P": secureWith(server)} {
		t.Run(name, func(t *testing.T) {
			_, o := newOffer(t, loopback, secure)
			address := netip.AddrPortFrom(loopback, o.Port()).String()
			var served atomic.Int32
			var all sync.WaitGroup
			for range 100 {
				all.Go(func() {
					peer, err := net.Dial("tcp", address)
					if err != nil {
						return // the listener was closed before
					}
					defer peer.Close()
					if secure != nil {
						peer = tls.Client(peer, client)
					}
					// Without it Linux may leave one whose connection was made in the
					// moment of the listener's close in the belief that it has one.
					if _, err := peer.Write([]byte("x")); err != nil {
						return // it has heard the reset already
					}
					if got, err := readToEnd(peer); string(got) == "one" && err == io.EOF {
						served.Add(1)
					} else if len(got) > 0 || err == io.EOF {
						t.Errorf("a rival got %q, %v", got, err)
					}
				})
			}
			conn, err := o.Wait(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if late, err := net.Dial("tcp", address); err == nil {
				late.Close()
				t.Error("the port still listens")
			}
			conn.Write([]byte("one"))
			conn.Finish()
			all.Wait()
			conn.Abort()
			if served.Load() != 1 {
				t.Errorf("%d clients were served", served.Load())
			}
		})
	}
}

// S-58: IPv6, and an IPv4 address in its IPv6 clothes.
func TestAddressFamilies(t *testing.T) {
	t.Run("IPv6", func(t *testing.T) {
		probe, err := net.Listen("tcp6", "[::1]:0")
		if err != nil {
			t.Skipf("no IPv6 loopback here: %v", err)
		}
		probe.Close()
		_, o := newOffer(t, netip.IPv6Loopback(), nil)
		dialOffer(t, o, netip.IPv6Loopback(), netip.Addr{})
		conn, err := o.Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conn.Abort()
	})
	t.Run("v4-mapped", func(t *testing.T) {
		_, o := newOffer(t, netip.MustParseAddr("::ffff:127.0.0.1"), nil)
		dialOffer(t, o, loopback, netip.Addr{})
		conn, err := o.Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conn.Abort()
	})
	ports := NewExclusive(0, 0)
	defer ports.Close()
	if _, err := ports.Offer(t.Context(), Request{Peer: loopback}); err == nil {
		t.Error("an offer without a local address was made")
	}
}
