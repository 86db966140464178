package ftpserver_test

import (
	"context"
	"crypto/tls"
	"io"
	"strings"
	"testing"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
)

// withData gives the account of the tests a policy of its own.
func withData(tree vfs.FS, p auth.DataPolicy) func(*ftpserver.Server) {
	return func(s *ftpserver.Server) {
		s.Login = func(context.Context, auth.Credentials) (*auth.Grant, error) {
			return &auth.Grant{Account: ftptest.User, FS: tree, Data: p}, nil
		}
	}
}

// T-11, for an account whose devices send no close_notify: a FIN between two records
// ends an upload well, too, and everything else is refused as ever.
func TestT11LegacyEOF(t *testing.T) {
	const old = "the old file"
	text := pattern(100_000)
	tlsVersions(t, func(t *testing.T, version uint16) {
		tree := memfs.From(map[string]string{"/old": old})
		srv := ftptest.NewServerFS(tree, withData(tree, auth.DataPolicy{LegacyEOF: true}))
		t.Cleanup(srv.Close)
		for _, end := range uploadEnds() {
			if end.name == "silence" {
				continue // a limit ends it, whoever is logged in
			}
			t.Run(strings.ReplaceAll(end.name, " ", "_"), func(t *testing.T) {
				t.Parallel()
				c := connect(t, srv)
				c.tls.MaxVersion = version
				c.login()
				for _, size := range []int{0, len(text)} {
					name := "new " + end.name
					if !end.legacyOK {
						name = "old"
					}
					addr := c.epsv()
					c.do("STOR "+name, "150")
					w := &wireConn{TCPConn: c.dialData(addr)}
					s := tls.Client(w, c.tls)
					if err := s.Handshake(); err != nil {
						t.Fatal(err)
					}
					if _, err := io.WriteString(s, text[:size]); err != nil {
						t.Fatal(err)
					}
					if err := end.end(s, w); err != nil {
						t.Fatal(err)
					}
					if end.legacyOK {
						c.expect("226")
						wantFile(t, tree, name, text[:size])
						continue
					}
					c.expect("426")
					wantFile(t, tree, "old", old)
				}
				c.do("NOOP", "200")
			})
		}
	})
}

// Nothing of LegacyEOF holds for the next account of the same control connection, or
// for those who lack it.
func TestT11LegacyEOFIsOfOneAccount(t *testing.T) {
	tree := memfs.New()
	srv := ftptest.NewServerFS(tree, func(s *ftpserver.Server) {
		s.Login = func(_ context.Context, c auth.Credentials) (*auth.Grant, error) {
			return &auth.Grant{Account: c.User, FS: tree, Data: auth.DataPolicy{LegacyEOF: c.User == "scanner"}}, nil
		}
	})
	t.Cleanup(srv.Close)
	c := connect(t, srv)
	c.authTLS()
	c.do("PBSZ 0", "200")
	c.do("PROT P", "200")
	for _, one := range []struct{ user, want string }{{"anna", "426"}, {"scanner", "226"}, {"anna", "426"}} {
		c.do("USER "+one.user, "331")
		c.do("PASS x", "230")
		c.do("TYPE I", "200")
		addr := c.epsv()
		c.do("STOR by "+one.user, "150")
		s, tcp := c.secureData(addr)
		io.WriteString(s, "a scan")
		tcp.CloseWrite()
		c.expect(one.want)
	}
	wantFile(t, tree, "by scanner", "a scan")
	wantNoFile(t, tree, "by anna")
}

// The account's policy of resumption goes over the server's, in both directions; a
// value that nobody knows is the strictest one.
func TestResumptionOfAccounts(t *testing.T) {
	for _, c := range []struct {
		name    string
		server  ftpserver.Resumption
		account auth.Resumption
		refused bool
	}{
		{"default of auto", ftpserver.ResumptionAuto, auth.ResumptionDefault, false},
		{"default of require", ftpserver.ResumptionRequire, auth.ResumptionDefault, true},
		{"default of off", ftpserver.ResumptionOff, auth.ResumptionDefault, false},
		{"require over auto", ftpserver.ResumptionAuto, auth.ResumptionRequire, true},
		{"require over off", ftpserver.ResumptionOff, auth.ResumptionRequire, true},
		{"auto over require", ftpserver.ResumptionRequire, auth.ResumptionAuto, false},
		{"off over require", ftpserver.ResumptionRequire, auth.ResumptionOff, false},
		{"unknown", ftpserver.ResumptionOff, auth.ResumptionOff + 1, true},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			tree := memfs.From(map[string]string{"/f": "data"})
			policy := withData(tree, auth.DataPolicy{Resumption: c.account})
			for _, srv := range []*ftptest.Server{
				serveShared(t, 1, tree, func(s *ftpserver.Server) { policy(s); s.TLS.Resumption = c.server }),
				serveTree(t, nil, func(s *ftpserver.Server) { policy(s); s.TLS.Resumption = c.server }),
			} {
				client := connect(t, srv).login()
				if got, resumed := client.retr("f"); got != "data" || !resumed {
					t.Errorf("with a ticket: %q, resumed %v", got, resumed)
				}
				client.tls.ClientSessionCache = nil
				addr := client.epsv()
				client.do("RETR f", "150")
				s, _ := client.secureData(addr)
				got, _ := io.ReadAll(s)
				if c.refused {
					client.expect("522")
				} else {
					client.expect("226")
				}
				if string(got) == "data" == c.refused {
					t.Errorf("without a ticket: got %q", got)
				}
			}
		})
	}
}
