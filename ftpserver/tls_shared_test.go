package ftpserver_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/internal/testport"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
)

// freePorts finds ports for a shared server of the test, as far as that can be
// known before it opens them.
func freePorts(t testing.TB, n int) (from, to uint16) {
	t.Helper()
	first := testport.Range(t, n)
	return uint16(first), uint16(first + n - 1)
}

// serveShared starts a server with n shared ports.
func serveShared(t *testing.T, n int, tree vfs.FS, configure func(*ftpserver.Server)) *ftptest.Server {
	t.Helper()
	from, to := freePorts(t, n)
	srv := ftptest.NewServerFS(tree, func(s *ftpserver.Server) {
		s.Data.From, s.Data.To = from, to
		if configure != nil {
			configure(s)
		}
	})
	t.Cleanup(srv.Close)
	return srv
}

// anyName lets everybody in under the name that they give.
func anyName(tree vfs.FS) func(*ftpserver.Server) {
	return func(s *ftpserver.Server) {
		s.Login = func(_ context.Context, c auth.Credentials) (*auth.Grant, error) {
			return &auth.Grant{Account: c.User, FS: tree}, nil
		}
	}
}

// SP-01: eight sessions at once that share one TLS cache, as programs with
// parallel transfers do, get each file right, on 1, 2 and 8 ports.
func TestSP01SharedCache(t *testing.T) {
	const sessions, files = 8, 10
	tree := map[string]string{}
	name := func(session, file int) string { return fmt.Sprintf("f%d-%d", session, file) }
	for session := range sessions {
		for file := range files {
			n := name(session, file)
			tree["/"+n] = strings.Repeat(n+";", 6000/len(n))
		}
	}
	tlsVersions(t, func(t *testing.T, version uint16) {
		for _, ports := range []int{1, 2, 8} {
			t.Run(fmt.Sprintf("%d_ports", ports), func(t *testing.T) {
				t.Parallel()
				events := &eventLog{}
				srv := serveShared(t, ports, memfs.From(tree), func(s *ftpserver.Server) {
					s.Observe = events.observe
					// The last resort of a machine so slow that an owner looks dead.
					s.Data.FallbackFrom, s.Data.FallbackTo = 1024, 65535
				})
				cache := tls.NewLRUClientSessionCache(16)
				var clients []*rawClient
				for range sessions {
					c := connect(t, srv)
					c.tls.ClientSessionCache, c.tls.MaxVersion = cache, version
					clients = append(clients, c.login().inGoroutine())
				}
				var all sync.WaitGroup
				for session, c := range clients {
					all.Go(func() {
						for file := range files {
							n := name(session, file)
							if got, _ := c.retr(n); got != tree["/"+n] {
								c.fail("%s: got %d bytes, %.20q", n, len(got), got)
							}
							// And a file of its own, up.
							c.stor("up-"+n, tree["/"+n])
						}
					})
				}
				all.Wait()
				for n, want := range tree {
					wantFile(t, srv.FS, "up-"+strings.TrimPrefix(n, "/"), want)
				}
				resumed, from := 0, srv.Server.Data.From
				for _, e := range events.of(ftpserver.EventTransfer) {
					if e.Resumed {
						resumed++
					}
				}
				if resumed == 0 {
					t.Errorf("not one of the connections at port %d and on resumed, so the shared cache was not put to the test", from)
				}
			})
		}
	})
}

// SP-02: two accounts in one program with one cache: the other account's ticket is
// no proof, and no harm: a full handshake, the right file under auto, and 522
// where resumption is required.
func TestSP02TwoAccounts(t *testing.T) {
	tlsVersions(t, func(t *testing.T, version uint16) {
		for _, required := range []bool{false, true} {
			t.Run(fmt.Sprintf("required_%v", required), func(t *testing.T) {
				t.Parallel()
				tree := memfs.From(map[string]string{"/f": "data"})
				srv := serveShared(t, 2, tree, func(s *ftpserver.Server) {
					anyName(tree)(s)
					s.Limits.Connect = 2 * time.Second // that 522 waits for a rival with proof
					if required {
						s.TLS.Resumption = ftpserver.ResumptionRequire
					}
				})
				enter := func(user string) (*rawClient, *countingCache) {
					c, cache := loginWith(t, srv, version)
					c.do("USER "+user, "331")
					c.do("PASS x", "230")
					c.do("TYPE I", "200")
					return c, cache
				}
				anna, annas := enter("anna")
				_, berts := enter("bert")
				anna.tls.ClientSessionCache = &countingCache{state: berts.state}
				if !required {
					if got, resumed := anna.retr("f"); got != "data" || resumed {
						t.Errorf("got %q, resumed %v", got, resumed)
					}
				} else {
					addr := anna.epsv()
					anna.do("RETR f", "150")
					conn, tcp := anna.secureData(addr)
					got, err := io.ReadAll(conn)
					if len(got) > 0 || err != nil {
						t.Errorf("got %q, %v; want a polite end", got, err)
					}
					tcp.Close()
					if reply := anna.expect("522"); !strings.Contains(reply, "session reuse") {
						t.Errorf("%q names no cure", reply)
					}
				}
				anna.tls.ClientSessionCache = annas
				if got, resumed := anna.retr("f"); got != "data" || !resumed {
					t.Errorf("with the own ticket: %q, resumed %v", got, resumed)
				}
			})
		}
	})
}

// SP-11: also with shared ports, and the tickets of data connections in the cache,
// no control connection resumes.
func TestSP11ControlAfterData(t *testing.T) {
	tlsVersions(t, func(t *testing.T, version uint16) {
		srv := serveShared(t, 2, memfs.From(map[string]string{"/f": "data"}), nil)
		cache := &countingCache{}
		for i := range 3 {
			c := connect(t, srv)
			c.tls.ClientSessionCache, c.tls.MaxVersion = cache, version
			c.login()
			if i > 0 && !cache.offered {
				t.Fatal("the client offered no ticket")
			}
			if c.conn.(*tls.Conn).ConnectionState().DidResume {
				t.Error("control resumed")
			}
			if got, resumed := c.retr("f"); got != "data" || !resumed {
				t.Errorf("%q, resumed %v", got, resumed)
			}
		}
	})
}

// SP-06: two connections without proof, in a session that has resumed before: 425
// for the transfer, nothing for either, and a warning for the owner.
func TestSP06TwoUnproven(t *testing.T) {
	tlsVersions(t, func(t *testing.T, version uint16) {
		var log syncBuffer
		srv := serveShared(t, 1, memfs.From(map[string]string{"/f": "data"}), func(s *ftpserver.Server) {
			s.Logger = slog.New(slog.NewTextHandler(&log, nil))
		})
		c, cache := loginWith(t, srv, version)
		if _, resumed := c.retr("f"); !resumed {
			t.Fatal("the session has not resumed")
		}
		c.tls.ClientSessionCache = nil
		for range 20 {
			addr := c.epsv()
			a, _ := c.secureData(addr)
			b, err := net.Dial("tcp", addr)
			if err == nil {
				defer b.Close()
				err = tls.Client(b, c.tls).Handshake()
			}
			c.do("RETR f", "150")
			reply := c.expect("")
			a.Close()
			if strings.HasPrefix(reply, "425") && strings.Contains(reply, "Two") {
				if !strings.Contains(log.String(), "level=WARN") {
					t.Errorf("no warning: %s", log.String())
				}
				c.tls.ClientSessionCache = cache
				if got, resumed := c.retr("f"); got != "data" || !resumed {
					t.Errorf("afterwards: %q, resumed %v", got, resumed)
				}
				return
			}
			// The machine was too slow for both handshakes within the grace.
			t.Logf("%q, rival %v", reply, err)
		}
		t.Error("two connections never met within the grace")
	})
}

type syncBuffer struct {
	mu  sync.Mutex
	buf strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// Rule 7: a client that never connected gets 425 on the next command too, until it
// asks for a port again, which frees its own quarantine; 8: a refused command frees
// the port at once.
func TestSharedPortComesBack(t *testing.T) {
	srv := serveShared(t, 1, memfs.From(map[string]string{"/f": "data"}), func(s *ftpserver.Server) {
		s.Limits.Connect = 100 * time.Millisecond
	})
	c := connect(t, srv).login()
	first := c.epsv()
	c.do("RETR f", "150")
	c.expect("425")
	c.do("RETR f", "425")
	if late, err := net.Dial("tcp", first); err == nil { // else it has heard the reset already
		if n, err := late.Read(make([]byte, 1)); n > 0 || err == nil {
			t.Error("a late connection was let in")
		}
		late.Close()
	}
	other := connect(t, srv).login()
	other.do("EPSV", "425") // the only port of the address is under quarantine
	for range 3 {
		if c.epsv() != first {
			t.Error("there is but one port")
		}
		c.do("RETR nonesuch", "550")
	}
	other.epsv()
	other.do("QUIT", "221")
	other.expectClosed()
}

// The policies that make no sense are found before the server starts.
func TestDataPolicyMistakes(t *testing.T) {
	for want, change := range map[string]func(s *ftpserver.Server){
		"Mode is unknown":       func(s *ftpserver.Server) { s.Data.Mode = 7 },
		"Resumption is unknown": func(s *ftpserver.Server) { s.TLS.Resumption = 7 },
		"more than 256":         func(s *ftpserver.Server) { s.Data.From, s.Data.To = 50000, 50256 },
		"To is below":           func(s *ftpserver.Server) { s.Data.From, s.Data.To = 50001, 50000 },
		"no port":               func(s *ftpserver.Server) { s.Data.To = 50000 },
		"no range of ports":     func(s *ftpserver.Server) { s.Data.FallbackFrom = 50000 },
	} {
		s := &ftpserver.Server{
			Login: func(context.Context, auth.Credentials) (*auth.Grant, error) { return nil, auth.ErrDenied },
			TLS:   ftpserver.TLSPolicy{InsecurePlaintext: true},
		}
		change(s)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Serve(l); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
