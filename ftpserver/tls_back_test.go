package ftpserver_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/ftpserver"
)

// withCcc turns on what clears the control connection beside REIN.
func withCcc(s *ftpserver.Server) { s.Verbs.On = append(s.Verbs.On, "CCC") }

// loginWire logs in under TLS over a connection that the test can meddle with.
func (c *rawClient) loginWire() *wireConn {
	c.t.Helper()
	c.expect("220")
	c.do("AUTH TLS", "234")
	w := &wireConn{TCPConn: c.tcp}
	s := tls.Client(w, c.tls)
	if err := s.Handshake(); err != nil {
		c.fail("%v", err)
	}
	c.conn, c.r = s, bufio.NewReader(s)
	c.userPass()
	return w
}

// closeNotify gives the record of the client's close_notify without sending it.
func (c *rawClient) closeNotify(w *wireConn) string {
	c.t.Helper()
	w.hold = true
	if err := c.conn.(*tls.Conn).CloseWrite(); err != nil {
		c.fail("%v", err)
	}
	if err := w.writeAgain(); err != nil {
		c.fail("%v", err)
	}
	w.hold = false
	return string(w.held)
}

// toClear reads the server's close_notify, and goes on with the connection below. The
// server must have said nothing in clear yet, as crypto/tls would take it along.
func (c *rawClient) toClear() {
	c.t.Helper()
	if left, err := io.ReadAll(c.conn); err != nil || len(left) > 0 {
		c.fail("until close_notify: %q, %v", left, err)
	}
	c.conn, c.r = c.tcp, bufio.NewReader(c.tcp)
}

// endings runs a test with each verb that ends TLS, under each version.
func endings(t *testing.T, run func(t *testing.T, verb, code string, version uint16)) {
	tlsVersions(t, func(t *testing.T, version uint16) {
		t.Run("REIN", func(t *testing.T) { run(t, "REIN", "220", version) })
		t.Run("CCC", func(t *testing.T) { run(t, "CCC", "200", version) })
	})
}

// R-136, S-01: what lies behind the client's close_notify, in whatever segments, is
// read in clear: none of it is lost, taken for TLS, or done twice.
func TestS01ClearBehindCloseNotify(t *testing.T) {
	t.Parallel()
	endings(t, func(t *testing.T, verb, code string, version uint16) {
		srv := serveTree(t, nil, withCcc)
		const tail = "NOOP\r\nSYST\r\nNOOP\r\nQUIT\r\n"
		for cut := 0; ; cut++ {
			c := connect(t, srv)
			c.tls.MaxVersion = version
			w := c.loginWire()
			c.do(verb, code)
			all := c.closeNotify(w) + tail
			c.toClear()
			for _, part := range []string{all[:cut], all[cut:]} {
				if _, err := io.WriteString(c.tcp, part); err != nil {
					t.Fatal(err)
				}
			}
			for _, want := range []string{"200", "215", "200", "221"} {
				c.expect(want)
			}
			c.expectClosed()
			c.away()
			if cut == len(all) {
				break
			}
		}
	})
}

// S-01: AUTH may be glued to close_notify, a ClientHello to AUTH may not.
func TestS01AuthBehindCloseNotify(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, nil, nil)
	hello := clientHello(t, srv)
	c := connect(t, srv)
	w := c.loginWire()
	c.do("REIN", "220")
	end := c.closeNotify(w)
	c.toClear()
	io.WriteString(c.tcp, end+"AUTH TLS\r\n")
	c.expect("234")
	c.handshake()
	c.do("PWD", "530")
	c.userPass()

	c = connect(t, srv)
	w = c.loginWire()
	c.do("REIN", "220")
	end = c.closeNotify(w)
	c.toClear()
	io.WriteString(c.tcp, end+"AUTH TLS\r\n"+hello)
	c.expect("421")
	c.expectClosed()
}

// S-01, S-11, S-13: nothing crosses the end of TLS: neither what the client has sent
// under TLS before its close_notify, nor what somebody on the way puts before it in
// clear. The session ends, and nothing more is said in clear.
func TestS01NothingCrossesTheEnd(t *testing.T) {
	t.Parallel()
	endings(t, func(t *testing.T, verb, code string, version uint16) {
		events := &eventLog{}
		srv := serveTree(t, map[string]string{"/f": "data"}, func(s *ftpserver.Server) {
			inClear(s)
			withCcc(s)
			s.Observe = events.observe
		})
		const attack = "USER alice\r\nPASS correct horse\r\nDELE f\r\n"
		for what, send := range map[string]func(c *rawClient, w *wireConn) string{
			"protected, then close_notify": func(c *rawClient, w *wireConn) string {
				w.hold = true
				io.WriteString(c.conn, attack)
				return c.closeNotify(w)
			},
			"clear, then close_notify": func(c *rawClient, w *wireConn) string { return attack + c.closeNotify(w) },
			"clear only":               func(*rawClient, *wireConn) string { return attack },
			"a record in clear": func(c *rawClient, w *wireConn) string {
				return "\x17\x03\x03\x00" + string(rune(len(attack))) + attack + c.closeNotify(w)
			},
			"an alert in clear": func(*rawClient, *wireConn) string { return "\x15\x03\x03\x00\x02\x01\x00" + attack },
			"half a close_notify": func(c *rawClient, w *wireConn) string {
				end := c.closeNotify(w)
				return end[:len(end)-1] + attack
			},
		} {
			before := len(events.of(ftpserver.EventRefused))
			c := connect(t, srv)
			c.tls.MaxVersion = version
			w := c.loginWire()
			c.do(verb, code)
			for _, part := range strings.SplitAfter(send(c, w), "\r\n") { // the server may close before it has read all
				if _, err := io.WriteString(c.tcp, part); err != nil {
					break
				}
			}
			c.tcp.CloseWrite()
			said, _ := io.ReadAll(c.tcp)
			if strings.Contains(string(said), "\r\n") || len(said) > 0 && said[0] < 0x14 || len(said) > 0 && said[0] > 0x17 {
				t.Errorf("%s: the server said %q", what, said)
			}
			if n := len(events.of(ftpserver.EventRefused)) - before; n != 1 {
				t.Errorf("%s: %d events", what, n)
			}
		}
		wantFile(t, srv.FS, "f", "data")
	})
}

// S-04: a client that does not end its side of TLS is not waited for longer than for a
// handshake, and by a shutdown not at all.
func TestEndOfTLSIsBounded(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]time.Duration{"limit": 200 * time.Millisecond, "shutdown": time.Hour} {
		t.Run(name, func(t *testing.T) {
			srv := serveTree(t, nil, func(s *ftpserver.Server) { s.Limits.Handshake = limit })
			c := connect(t, srv).login()
			c.do("REIN", "220")
			if left, err := io.ReadAll(c.conn); err != nil || len(left) > 0 {
				t.Fatalf("until close_notify: %q, %v", left, err)
			}
			if name == "shutdown" {
				if err := srv.Server.Shutdown(context.Background()); err != nil {
					t.Error(err)
				}
			}
			if said, err := io.ReadAll(c.tcp); err != nil || len(said) > 0 {
				t.Errorf("behind close_notify: %q, %v", said, err)
			}
		})
	}
}

// S-13, R-136: the tickets of before REIN prove nothing any more, not even to the
// session that they were issued by; those of the next handshake do.
//
func TestS13TicketsDieWithRein(t *testing.T) {
	t.Parallel()
	tlsVersions(t, func(t *testing.T, version uint16) {
		srv := serveTree(t, map[string]string{"/f": "data"}, func(s *ftpserver.Server) {
			s.TLS.Resumption = ftpserver.ResumptionRequire
		})
		other, _ := loginWith(t, srv, version)
		c, old := loginWith(t, srv, version)
		if got, resumed := c.retr("f"); got != "data" || !resumed {
			t.Fatalf("%q, resumed %v", got, resumed)
		}
		c.do("REIN", "220")
		other.refusedData("of before REIN, in another session", &countingCache{state: old.state})
		c.conn = unwrap(t, c.conn.(*tls.Conn))
		c.r = bufio.NewReader(c.conn)
		c.do("AUTH TLS", "234")
		fresh := &countingCache{}
		c.tls.ClientSessionCache = fresh
		c.handshake()
		c.do("PBSZ 0", "200")
		c.do("PROT P", "200")
		c.userPass()
		c.refusedData("of before REIN", &countingCache{state: old.state})
		if got, resumed := c.retr("f"); got != "data" || !resumed {
			t.Errorf("behind REIN: %q, resumed %v", got, resumed)
		}
	})
}

// S-07: REIN before login counts as a refused command does, so that nobody has the
// server shake hands for ever.
func TestReinIsCounted(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, nil, func(s *ftpserver.Server) { s.Limits.BadCommands = 4 })
	c := connect(t, srv)
	c.authTLS()
	for range 3 {
		c.do("REIN", "220")
		c.conn = unwrap(t, c.conn.(*tls.Conn))
		c.r = bufio.NewReader(c.conn)
		c.do("AUTH TLS", "234")
		c.handshake()
	}
	c.do("REIN", "421")
	c.expectClosed()
	c = connect(t, srv)
	c.authTLS()
	for range 8 { // with a login between them they are those of an honest client
		c.userPass()
		c.do("REIN", "220")
		c.conn = unwrap(t, c.conn.(*tls.Conn))
		c.r = bufio.NewReader(c.conn)
		c.do("AUTH TLS", "234")
		c.handshake()
	}
}

// who was logged in has the whole time of a login again, by REIN and by USER;
// who was not has not.
func TestLoginLimitBehindLogout(t *testing.T) {
	for _, verb := range []string{"REIN", "USER x"} {
		inBubble(t, func(t *testing.T, c *strictClient) {
			c.login()
			time.Sleep(9 * time.Minute)
			if a := c.do(verb); a.code != 220 && a.code != 331 {
				t.Fatal(a)
			}
			began := time.Now()
			time.Sleep(50 * time.Second)
			c.must(331, "USER x")
			time.Sleep(5 * time.Second)
			c.do(verb)
			c.want(c.read(), 421)
			if took := time.Since(began); took != time.Minute {
				t.Errorf("%s: it ended after %v", verb, took)
			}
		})
	}
}

// Wrong passwords are counted across REIN (RFC 2577 §5).
func TestReinKeepsFailures(t *testing.T) {
	inBubble(t, func(t *testing.T, c *strictClient) {
		for _, code := range []int{530, 530, 421} {
			c.must(220, "REIN")
			c.must(331, "USER x")
			c.must(code, "PASS wrong")
		}
	})
}
