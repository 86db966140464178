package ftpserver_test

import (
	"context"
	"crypto/tls"
	"io"
	"sync"
	"testing"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs/memfs"
)

// countingCache is a session cache of one entry that counts what is put in. The
// key does not matter, as control and data connections are one server.
type countingCache struct {
	mu      sync.Mutex
	state   *tls.ClientSessionState
	puts    int
	empty   int // tickets of no bytes
	deaf    bool
	offered bool // whether the last Get gave a ticket
}

func (c *countingCache) Get(string) (*tls.ClientSessionState, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offered = !c.deaf && c.state != nil
	if !c.offered {
		return nil, false
	}
	return c.state, true
}

func (c *countingCache) Put(_ string, s *tls.ClientSessionState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s == nil {
		return
	}
	c.puts++
	if ticket, _, err := s.ResumptionState(); err == nil && len(ticket) == 0 {
		c.empty++
		return // RFC 5077 §3.3: no ticket at all; keep the old one
	}
	if !c.deaf {
		c.state = s
	}
}

func (c *countingCache) counts() (puts, empty int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.puts, c.empty
}

// loginWith logs in with a cache of its own and reads on until the ticket of the
// control connection has arrived, which the replies after the handshake ensure.
func loginWith(t *testing.T, srv *ftptest.Server, version uint16) (*rawClient, *countingCache) {
	t.Helper()
	c, cache := connect(t, srv), &countingCache{}
	c.tls.ClientSessionCache = cache
	c.tls.MaxVersion = version
	return c.login(), cache
}

// T-01: the data connections of a session resume with its own ticket, seen at
// both ends: 50 one after the other, then 32 at once over 32 sessions.
//
func TestT01OwnTicketResumes(t *testing.T) {
	tlsVersions(t, func(t *testing.T, version uint16) {
		events := &eventLog{}
		srv := serveTree(t, map[string]string{"/f": "data"}, func(s *ftpserver.Server) { s.Observe = events.observe })
		const sequential, parallel = 50, 32
		c, _ := loginWith(t, srv, version)
		for i := range sequential {
			if got, resumed := c.retr("f"); got != "data" || !resumed {
				t.Fatalf("transfer %d: %q, resumed %v", i, got, resumed)
			}
		}
		var clients []*rawClient
		for range parallel {
			c, _ := loginWith(t, srv, version)
			clients = append(clients, c.inGoroutine())
		}
		var all sync.WaitGroup
		for _, c := range clients {
			all.Go(func() {
				if got, resumed := c.retr("f"); got != "data" || !resumed {
					t.Errorf("parallel transfer: %q, resumed %v", got, resumed)
				}
			})
		}
		all.Wait()
		transfers := events.of(ftpserver.EventTransfer)
		for _, e := range transfers {
			if !e.Resumed {
				t.Errorf("the server did not see it resume: %+v", e)
			}
		}
		if len(transfers) != sequential+parallel {
			t.Errorf("%d transfers seen, want %d", len(transfers), sequential+parallel)
		}
	})
}

// T-01, T-03: a ticket proves for every session of the account while the session
// that issued it lives. One of a dead session, or of another account, leads to a
// full handshake, and the transfer works all the same.
//
func TestT03WhoseTicketProves(t *testing.T) {
	tlsVersions(t, func(t *testing.T, version uint16) {
		ended := make(chan struct{}, 8)
		tree := memfs.From(map[string]string{"/f": "data"})
		srv := ftptest.NewServerFS(tree, func(s *ftpserver.Server) {
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
			if user != ftptest.User {
				c.do("USER "+user, "331")
				c.do("PASS x", "230")
				c.do("TYPE I", "200")
			}
			return c, cache
		}
		mine, _ := enter(ftptest.User)
		own := mine.tls.ClientSessionCache
		use := func(what string, cache *countingCache, want bool) {
			t.Helper()
			// A copy: what the transfer puts in must not replace the ticket.
			mine.tls.ClientSessionCache = &countingCache{state: cache.state}
			if got, resumed := mine.retr("f"); got != "data" || resumed != want {
				t.Errorf("%s: %q, resumed %v, want %v", what, got, resumed, want)
			}
			mine.tls.ClientSessionCache = own
		}
		sibling, siblings := enter(ftptest.User)
		_, others := enter("mallory")
		use("of a live session of the account", siblings, true)
		use("of another account", others, false)
		sibling.do("QUIT", "221")
		sibling.expectClosed()
		sibling.tcp.Close()
		<-ended
		use("of a dead session", siblings, false)
		if got, resumed := mine.retr("f"); got != "data" || !resumed {
			t.Errorf("afterwards the own ticket: %q, resumed %v", got, resumed)
		}
	})
}

// SP-11: a control connection never resumes, whatever ticket it shows; else a
// client would go on showing the id of a session that is dead or not its own.
func TestSP11ControlNeverResumes(t *testing.T) {
	tlsVersions(t, func(t *testing.T, version uint16) {
		srv := serveTree(t, nil, nil)
		_, cache := loginWith(t, srv, version)
		for _, explicit := range []bool{true, false} {
			again := connectFrom(t, srv, srv.Addr, "")
			if !explicit {
				again = connectFrom(t, srv, srv.ImplicitAddr, "")
			}
			again.tls.ClientSessionCache, again.tls.MaxVersion = cache, version
			if explicit {
				again.authTLS()
			} else {
				again.handshake()
				again.expect("220")
			}
			if !cache.offered {
				t.Fatal("the client offered no ticket")
			}
			if again.conn.(*tls.Conn).ConnectionState().DidResume {
				t.Errorf("control resumed, explicit %v", explicit)
			}
		}
	})
}

// T-07: who gets a new ticket on a data connection. In TLS 1.3 one who offered
// none gets none, as it would lie unread when the client closes, and the RST
// that this causes destroys the tail of an upload; one who offered gets one,
// since curl uses each once, and so does one who has resumed before and has none
// left; but not for an upload that was known before the
// handshake, which the client does not read in. In TLS 1.2 a resumed connection
// gets the empty ticket: PHP fails on a renewed one.
//
func TestT07NewTickets(t *testing.T) {
	tlsVersions(t, func(t *testing.T, version uint16) {
		srv := serveTree(t, map[string]string{"/f": "data"}, nil)
		c, first := loginWith(t, srv, version)
		transfer := func(what string, offer, early bool, command string, wantPuts, wantEmpty int) {
			t.Helper()
			cache := &countingCache{deaf: !offer, state: first.state}
			c.tls.ClientSessionCache = cache
			addr := c.epsv()
			if !early {
				c.do(command, "150")
			}
			s, tcp := c.secureData(addr)
			if early {
				c.do(command, "150")
			}
			if s.ConnectionState().DidResume != offer {
				t.Errorf("%s: resumed %v", what, !offer)
			}
			if command == "RETR f" {
				io.Copy(io.Discard, s)
			}
			if err := endUpload(s, tcp); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			c.expect("226")
			if puts, empty := cache.counts(); puts != wantPuts || empty != wantEmpty {
				t.Errorf("%s: %d tickets, %d of them empty; want %d, %d", what, puts, empty, wantPuts, wantEmpty)
			}
		}
		if version == tls.VersionTLS13 {
			transfer("download, none offered", false, false, "RETR f", 0, 0)
			transfer("upload, none offered", false, false, "STOR g", 0, 0)
			transfer("early upload, none offered", false, true, "STOR g", 0, 0)
			transfer("download, offered", true, false, "RETR f", 1, 0)
			transfer("early upload, offered", true, true, "STOR g", 1, 0)
			transfer("upload, offered", true, false, "STOR g", 0, 0)
			// A client that has resumed before has only run out of tickets.
			transfer("download, none left", false, false, "RETR f", 1, 0)
			transfer("upload, none left", false, false, "STOR g", 0, 0)
			return
		}
		transfer("download, offered", true, false, "RETR f", 1, 1)
		transfer("upload, offered", true, false, "STOR g", 1, 1)
	})
}
