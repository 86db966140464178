package ftpserver_test

import (
	"context"
	"crypto/tls"
	"net"
	"testing"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs/memfs"
)

// flightCounter counts what a client sends in its handshake: two flights, or three
// after a HelloRetryRequest (RFC 8446 §4.1.4).
type flightCounter struct {
	net.Conn
	flights int
}

func (f *flightCounter) Write(b []byte) (int, error) {
	f.flights++
	return f.Conn.Write(b)
}

// dataGroup downloads /f with the configuration and says how the handshake went.
func (c *rawClient) dataGroup(config *tls.Config) (group tls.CurveID, resumed bool, flights int) {
	c.t.Helper()
	addr := c.epsv()
	c.do("RETR f", "150")
	counter := &flightCounter{Conn: c.dialData(addr)}
	s := tls.Client(counter, config)
	if err := s.Handshake(); err != nil {
		c.fail("handshake on data: %v", err)
	}
	flights = counter.flights
	if b := make([]byte, 4); func() bool { n, _ := s.Read(b); return string(b[:n]) != "data" }() {
		c.fail("got %q", b)
	}
	s.Close()
	c.expect("226")
	state := s.ConnectionState()
	return state.CurveID, state.DidResume, flights
}

// A data connection does with X25519 if the ticket that it shows came out of a
// hybrid key exchange, and then it resumes. In every other case the hybrid stays:
// no ticket, a foreign one, one of a dead session, one of a control connection
// that was not hybrid itself. And no client is sent back for another share.
func TestX25519WhereTheTicketProtects(t *testing.T) {
	hybrid, light := tls.X25519MLKEM768, tls.X25519
	tree := memfs.From(map[string]string{"/f": "data"})
	ended := make(chan struct{}, 8)
	srv := ftptest.NewServerFS(tree, func(s *ftpserver.Server) {
		anyName(tree)(s)
		s.Observe = func(_ context.Context, e ftpserver.Event) {
			if e.Kind == ftpserver.EventSessionEnd {
				ended <- struct{}{}
			}
		}
	})
	t.Cleanup(srv.Close)
	enter := func(user string, groups ...tls.CurveID) (*rawClient, *countingCache) {
		t.Helper()
		c := connect(t, srv)
		cache := &countingCache{}
		c.tls.ClientSessionCache, c.tls.CurvePreferences = cache, groups
		c.login()
		if user != ftptest.User {
			c.do("USER "+user, "331")
			c.do("PASS x", "230")
			c.do("TYPE I", "200")
		}
		return c, cache
	}
	mine, own := enter(ftptest.User)
	_, sibling := enter(ftptest.User)
	_, foreign := enter("mallory")
	_, classic := enter(ftptest.User, tls.X25519)
	gone, dead := enter(ftptest.User)
	gone.do("QUIT", "221")
	gone.expectClosed()
	gone.tcp.Close()
	<-ended

	for _, test := range []struct {
		name    string
		tickets *countingCache
		offers  []tls.CurveID
		want    tls.CurveID
		resumed bool
	}{
		{"own ticket", own, nil, light, true},
		{"own ticket of a data connection", own, nil, light, true}, // which was renewed there
		{"ticket of a sibling", sibling, nil, light, true},
		{"no ticket", &countingCache{deaf: true}, nil, hybrid, false},
		{"ticket of another account", foreign, nil, hybrid, false},
		{"ticket of a dead session", dead, nil, hybrid, false},
		{"ticket that is not hybrid", classic, nil, hybrid, true},
		{"no share but the hybrid", own, []tls.CurveID{tls.X25519MLKEM768}, hybrid, true},
		{"no share but the hybrid, X25519 known", own, []tls.CurveID{tls.SecP256r1MLKEM768, tls.X25519}, tls.SecP256r1MLKEM768, true},
		{"a share of X25519 alone", own, []tls.CurveID{tls.X25519}, light, true},
		{"a share of P-256 alone", own, []tls.CurveID{tls.CurveP256}, tls.CurveP256, true},
	} {
		config := mine.tls.Clone()
		config.ClientSessionCache, config.CurvePreferences = test.tickets, test.offers
		group, resumed, flights := mine.dataGroup(config)
		if group != test.want || resumed != test.resumed || flights != 2 {
			t.Errorf("%s: %v, resumed %v, %d flights; want %v, %v, 2", test.name, group, resumed, flights, test.want, test.resumed)
		}
	}
}

// A ticket does not spare a control connection the hybrid exchange.
func TestControlStaysHybrid(t *testing.T) {
	srv := serveTree(t, nil, nil)
	_, cache := loginWith(t, srv, tls.VersionTLS13)
	again := connect(t, srv)
	again.tls.ClientSessionCache = cache
	again.authTLS()
	if state := again.conn.(*tls.Conn).ConnectionState(); !cache.offered || state.CurveID != tls.X25519MLKEM768 {
		t.Errorf("offered %v, %v", cache.offered, state.CurveID)
	}
}
