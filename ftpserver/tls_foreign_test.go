package ftpserver_test

import (
	"context"
	"crypto/tls"
	"io"
	"testing"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs/memfs"
)

// foreign makes a ticket cache that holds the ticket of one session and the secrets of
// another.
func foreign(t *testing.T, ticket []byte, secrets *countingCache) *countingCache {
	t.Helper()
	_, shared, err := secrets.state.ResumptionState()
	if err != nil {
		t.Fatal(err)
	}
	b, err := shared.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	state, err := tls.ParseSessionState(b) // NewResumptionState puts the ticket into it
	if err != nil {
		t.Fatal(err)
	}
	mixed, err := tls.NewResumptionState(ticket, state)
	if err != nil {
		t.Fatal(err)
	}
	return &countingCache{state: mixed}
}

func ticketOf(t *testing.T, c *countingCache) []byte {
	t.Helper()
	ticket, _, err := c.state.ResumptionState()
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

// refusedData makes one data connection with the tickets of cache, which must not get
// the file: 522, whether the handshake fails or not.
func (c *rawClient) refusedData(what string, cache *countingCache) {
	c.t.Helper()
	own := c.tls.ClientSessionCache
	defer func() { c.tls.ClientSessionCache = own }()
	c.tls.ClientSessionCache = cache
	addr := c.epsv()
	c.do("RETR f", "150")
	tcp := c.dialData(addr)
	defer tcp.Close()
	s := tls.Client(tcp, c.tls)
	if s.Handshake() == nil {
		if b, _ := io.ReadAll(s); len(b) > 0 {
			c.t.Errorf("%s: got %q", what, b)
		}
	}
	if got := c.expect("522"); got == "" {
		c.t.Errorf("%s: no reply", what)
	}
}

// T-02, T-04, S-52: with resumption required, nothing but a ticket of a living session
// of the account opens a data connection: not one of another account, of a session
// that is over, none at all, rubbish, nor a ticket without its secret. The client
// itself is served afterwards, each time.
//
func TestT02ForeignTicketsAreRefused(t *testing.T) {
	t.Parallel()
	tlsVersions(t, func(t *testing.T, version uint16) {
		ended := make(chan struct{}, 8)
		tree := memfs.From(map[string]string{"/f": "data"})
		srv := ftptest.NewServerFS(tree, func(s *ftpserver.Server) {
			s.TLS.Resumption = ftpserver.ResumptionRequire
			s.Login = func(_ context.Context, c auth.Credentials) (*auth.Grant, error) {
				return &auth.Grant{Account: c.User, FS: tree}, nil
			}
			s.Observe = func(_ context.Context, e ftpserver.Event) {
				if e.Kind == ftpserver.EventSessionEnd {
					ended <- struct{}{}
				}
			}
		})
		t.Cleanup(srv.Close)
		enter := func(user string) (*rawClient, *countingCache) {
			c, cache := loginWith(t, srv, version)
			c.do("USER "+user, "331")
			c.do("PASS x", "230")
			c.do("TYPE I", "200")
			return c, cache
		}
		mine, own := enter("anna")
		_, others := enter("mallory")
		dead, deads := enter("anna")
		dead.do("QUIT", "221")
		dead.expectClosed()
		dead.tcp.Close()
		<-ended
		for what, cache := range map[string]*countingCache{
			"of another account":   {state: others.state},
			"of a dead session":    {state: deads.state},
			"none":                 {},
			"rubbish":              foreign(t, []byte("no ticket of this server, but as long as one might be"), own),
			"without its secret":   foreign(t, ticketOf(t, own), others),
			"a stranger's renamed": foreign(t, ticketOf(t, others), own),
		} {
			mine.refusedData(what, cache)
			if got, resumed := mine.retr("f"); got != "data" || !resumed {
				t.Errorf("after %s: %q, resumed %v", what, got, resumed)
			}
		}
	})
}

// T-19: a client whose only share is of another group than the server would choose
// resumes all the same, be it by a HelloRetryRequest or not.
func TestT19OtherGroups(t *testing.T) {
	for _, groups := range [][]tls.CurveID{{tls.CurveP384}, {tls.CurveP521}, {tls.X25519MLKEM768}, {tls.CurveP384, tls.X25519}} {
		srv := serveTree(t, map[string]string{"/f": "data"}, func(s *ftpserver.Server) { s.TLS.Resumption = ftpserver.ResumptionRequire })
		c := connect(t, srv)
		c.tls.ClientSessionCache, c.tls.CurvePreferences = &countingCache{}, groups
		c.login()
		for range 3 {
			if got, resumed := c.retr("f"); got != "data" || !resumed {
				t.Errorf("%v: %q, resumed %v", groups, got, resumed)
			}
		}
	}
}
