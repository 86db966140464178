package dataconn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// hangLimit ends a test that hangs. No result is judged by it.
const hangLimit = time.Minute

// shareLoopback returns a Shared of n ports on 127.0.0.1.
func shareLoopback(t *testing.T, n int, options SharedOptions) *Shared {
	t.Helper()
	var listeners []net.Listener
	for range n {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listeners = append(listeners, l)
	}
	s, err := NewShared(listeners, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		wantNothingLeft(t, s)
	})
	return s
}

// party is one client with its session: what the server knows of it, and its
// TLS side.
type party struct {
	t       testing.TB
	ports   *Shared
	request Request
	client  *tls.Config
}

// newParty makes one that comes from address, 127.0.0.x.
func newParty(t testing.TB, s *Shared, address netip.Addr, server, client *tls.Config) *party {
	if address != loopback && runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127.0.0.0/8 on its loopback without set-up")
	}
	p := &party{t: t, ports: s, client: client}
	p.request = Request{Local: loopback, Peer: address, Stall: testStall}
	if server != nil {
		p.request.Secure = secureWith(server)
	}
	return p
}

func (p *party) offer() Offer {
	p.t.Helper()
	o, err := p.ports.Offer(p.t.Context(), p.request)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(o.Close)
	return o
}

// dial connects to the offer's port from the party's address. A failure is a
// reset that came before the dialler looked; the result is then nil.
func (p *party) dial(port uint16) *net.TCPConn {
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(p.request.Peer, 0))}
	conn, err := d.DialContext(p.t.Context(), "tcp", netip.AddrPortFrom(loopback, port).String())
	if err != nil {
		return nil
	}
	conn.SetDeadline(time.Now().Add(hangLimit))
	p.t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn)
}

// fetch connects, shakes hands where there is TLS, and reads to the end.
func (p *party) fetch(port uint16) (content string, resumed bool, err error) {
	tcp := p.dial(port)
	if tcp == nil {
		return "", false, errors.New("reset")
	}
	defer tcp.Close()
	if p.request.Secure == nil {
		b, err := io.ReadAll(tcp)
		return string(b), false, err
	}
	conn := tls.Client(tcp, p.client)
	b, err := io.ReadAll(conn)
	return string(b), conn.ConnectionState().DidResume, err
}

// send is the server's part of a download.
func send(o Offer, content string) error {
	ctx, cancel := context.WithTimeout(context.Background(), hangLimit)
	defer cancel()
	defer o.Close()
	conn, err := o.Wait(ctx)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(conn, content); err != nil {
		conn.Abort()
		return err
	}
	err = conn.Finish()
	conn.Drain(hangLimit)
	return err
}

// transfer does a whole download and checks what arrives.
func (p *party) transfer(content string) (resumed bool) {
	p.t.Helper()
	o, err := p.ports.Offer(p.t.Context(), p.request)
	if err != nil {
		p.t.Error(err)
		return false
	}
	return p.carry(o, content)
}

func (p *party) carry(o Offer, content string) (resumed bool) {
	p.t.Helper()
	sent := make(chan error, 1)
	go func() { sent <- send(o, content) }()
	got, resumed, err := p.fetch(o.Port())
	if sendErr := <-sent; err != nil || sendErr != nil || got != content {
		p.t.Errorf("sent %v, got %d bytes %.30q, %v; want %d bytes %.30q", sendErr, len(got), got, err, len(content), content)
	}
	return resumed
}

// pattern is the content of one file, unlike that of all others.
func pattern(name string) string { return strings.Repeat(name+";", 6000/(len(name)+1)) }

// cached is a client configuration that keeps tickets.
func cached(client *tls.Config) *tls.Config {
	client = client.Clone()
	client.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	return client
}

// SP-01: sessions in parallel that share one TLS cache, and so show each other's
// tickets, get each their own file, on any number of ports.
func TestSP01NoSwap(t *testing.T) {
	for _, v := range tlsVersions {
		for _, ports := range []int{1, 2, 8} {
			t.Run(fmt.Sprintf("%s/%d ports", v.name, ports), func(t *testing.T) {
				t.Parallel()
				server, client := testTLS(t, v.version)
				client = cached(client)
				// The age of owners is a matter of time, and machines may be slow.
				s := shareLoopback(t, ports, SharedOptions{OwnerAge: hangLimit, Wait: hangLimit})
				var all sync.WaitGroup
				for session := range 8 {
					all.Go(func() {
						p := newParty(t, s, loopback, server, client)
						resumed := false
						p.request.Habits = habitOf(func() time.Duration {
							if resumed {
								return time.Hour
							}
							return 0
						})
						for i := range 25 {
							if p.transfer(pattern(fmt.Sprintf("session %d file %d", session, i))) {
								resumed = true
							}
						}
					})
				}
				all.Wait()
				if c := s.Counts(); c.Strangers+c.Failed+c.Rivals+c.Lapses != 0 {
					t.Errorf("counted %+v", c)
				}
			})
		}
	}
}

// SP-03: what strays to a slot does not keep the two sessions behind it from
// their own files.
func TestSP03Strays(t *testing.T) {
	strays := map[string]func(p *party, port uint16){
		"before any offer": func(p *party, port uint16) { p.dial(port) },
		"silent":           func(p *party, port uint16) { p.dial(port) },
		"50 silent": func(p *party, port uint16) {
			for range 50 {
				p.dial(port)
			}
		},
		"garbage": func(p *party, port uint16) {
			if conn := p.dial(port); conn != nil {
				io.WriteString(conn, "GET / HTTP/1.1\r\nHost: somewhere\r\n\r\n")
				io.Copy(io.Discard, conn) // until it is closed
			}
		},
		"half a hello": func(p *party, port uint16) {
			if conn := p.dial(port); conn != nil {
				conn.Write([]byte{22, 3, 1, 2, 0, 1})
			}
		},
		"reset": func(p *party, port uint16) {
			if conn := p.dial(port); conn != nil {
				conn.SetLinger(0)
				conn.Close()
			}
		},
	}
	for _, v := range tlsVersions {
		server, client := testTLS(t, v.version)
		for name, stray := range strays {
			t.Run(v.name+"/"+name, func(t *testing.T) {
				s := shareLoopback(t, 1, SharedOptions{OwnerAge: hangLimit, Wait: hangLimit})
				a, b := newParty(t, s, loopback, server, client), newParty(t, s, loopback, server, client)
				if name == "before any offer" {
					stray(a, s.ports[0])
				}
				oa := a.offer()
				if name != "before any offer" {
					stray(a, oa.Port())
				}
				var all sync.WaitGroup
				all.Go(func() { b.transfer(pattern("b")) }) // waits for the slot
				a.carry(oa, pattern("a"))
				all.Wait()
			})
		}
	}
}

// SP-03: of two connections for one offer one gets the file, and it does not get
// another's; the second is closed.
func TestSP03Double(t *testing.T) {
	for _, v := range tlsVersions {
		server, client := testTLS(t, v.version)
		t.Run(v.name, func(t *testing.T) {
			s := shareLoopback(t, 1, SharedOptions{})
			a := newParty(t, s, loopback, server, client)
			for range 20 {
				o := a.offer()
				var got [2]string
				var all sync.WaitGroup
				for i := range got {
					all.Go(func() { got[i], _, _ = a.fetch(o.Port()) })
				}
				if err := send(o, pattern("a")); err != nil {
					t.Fatal(err)
				}
				all.Wait()
				if got != [2]string{pattern("a"), ""} && got != [2]string{"", pattern("a")} {
					t.Fatalf("got %.20q", got)
				}
			}
		})
	}
}

// SP-03, S-51: another address is another slot: at the same time, on the same
// port, each gets its own; and one that has no offer there gets nothing.
func TestSP03Addresses(t *testing.T) {
	server, client := testTLS(t, tls.VersionTLS13)
	s := shareLoopback(t, 1, SharedOptions{})
	a := newParty(t, s, loopback, server, client)
	b := newParty(t, s, netip.MustParseAddr("127.0.0.2"), server, client)
	stranger := newParty(t, s, netip.MustParseAddr("127.0.0.3"), server, client)
	oa, ob := a.offer(), b.offer()
	if oa.Port() != ob.Port() {
		t.Fatal("there is but one port")
	}
	if got, _, err := stranger.fetch(oa.Port()); err == nil || got != "" {
		t.Errorf("the stranger got %q, %v", got, err)
	}
	b.carry(ob, pattern("b"))
	a.carry(oa, pattern("a"))
	if c := s.Counts(); c.Strangers != 1 {
		t.Errorf("counted %+v", c)
	}
}

// SP-08: a refused command frees the slot at once, and the client that connects
// all the same harms nobody.
func TestSP08Refused(t *testing.T) {
	for _, v := range tlsVersions {
		server, client := testTLS(t, v.version)
		t.Run(v.name, func(t *testing.T) {
			s := shareLoopback(t, 1, SharedOptions{OwnerAge: hangLimit})
			a, b := newParty(t, s, loopback, server, client), newParty(t, s, loopback, server, client)
			for _, early := range []bool{true, false} {
				oa := a.offer()
				if early {
					a.dial(oa.Port())
				}
				oa.Close() // 550
				b.request.Habits = nil
				ob := b.offer() // at once: nobody is to free it any more
				if !early {
					a.dial(ob.Port()) // who got 550 says no hello
				}
				b.carry(ob, pattern("b"))
			}
		})
	}
}

// SP-12: a client may connect and begin or complete its handshake before its
// command, and before it can have seen the answer to PASV; or connect after it.
func TestSP12BeforeAndAfterTheCommand(t *testing.T) {
	for _, v := range tlsVersions {
		server, client := testTLS(t, v.version)
		for _, when := range []string{"handshake before the command", "connect before, hello after", "connect after"} {
			t.Run(v.name+"/"+when, func(t *testing.T) {
				s := shareLoopback(t, 1, SharedOptions{OwnerAge: hangLimit})
				a := newParty(t, s, loopback, server, client)
				o := a.offer()
				var conn *tls.Conn
				if when != "connect after" {
					conn = tls.Client(a.dial(o.Port()), client)
				}
				if when == "handshake before the command" {
					if err := conn.Handshake(); err != nil {
						t.Fatal(err)
					}
					b := newParty(t, s, loopback, server, client)
					b.transfer(pattern("b")) // the slot is free again
				}
				sent := make(chan error, 1)
				go func() { sent <- send(o, pattern("a")) }()
				if conn == nil {
					conn = tls.Client(a.dial(o.Port()), client)
				}
				got, err := io.ReadAll(conn)
				conn.Close()
				if sendErr := <-sent; sendErr != nil || err != nil || string(got) != pattern("a") {
					t.Errorf("sent %v, got %.30q, %v", sendErr, got, err)
				}
			})
		}
	}
}

// SP-13: without TLS the first connection of the address is bound.
func TestSP13Plain(t *testing.T) {
	s := shareLoopback(t, 2, SharedOptions{OwnerAge: hangLimit, Wait: hangLimit})
	var all sync.WaitGroup
	for session := range 4 {
		all.Go(func() {
			p := newParty(t, s, loopback, nil, nil)
			for i := range 25 {
				p.transfer(pattern(fmt.Sprintf("session %d file %d", session, i)))
			}
		})
	}
	all.Wait()
}

// SP-03: a flood that has hung up, or talks rubbish, does not take the place of one
// that has connected and waits for the 150 to say its hello.
func TestSP03Flood(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" && runtime.GOOS != "freebsd" {
		t.Skip("here peek cannot tell those that are lost from the true one")
	}
	server, client := testTLS(t, tls.VersionTLS13)
	s := shareLoopback(t, 1, SharedOptions{OwnerAge: hangLimit})
	p := newParty(t, s, loopback, server, client)
	for range 5 {
		o := p.offer()
		tcp := p.dial(o.Port())
		if tcp == nil {
			t.Fatal("the true one was reset")
		}
		quiet := tls.Client(tcp, client)
		for i := range 100 {
			conn := p.dial(o.Port())
			if conn == nil {
				continue
			}
			conn.SetLinger(0) // leave no TIME_WAIT behind, which would use up the ports
			if i%2 == 0 {
				io.WriteString(conn, "GET / HTTP/1.1\r\n\r\n")
				defer conn.Close()
			} else {
				conn.Close()
			}
		}
		sent := make(chan error, 1)
		go func() { sent <- send(o, pattern("a")) }()
		got, err := io.ReadAll(quiet)
		quiet.Close()
		if sendErr := <-sent; sendErr != nil || err != nil || string(got) != pattern("a") {
			t.Fatalf("sent %v, got %.30q, %v", sendErr, got, err)
		}
	}
}
