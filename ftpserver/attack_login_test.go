package ftpserver_test

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs/memfs"
)

// S-08: a name and a password in clear are refused before they are asked for,
// and nobody judges them.
func TestS08PlaintextLogin(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, nil, func(s *ftpserver.Server) {
		s.Login = func(context.Context, auth.Credentials) (*auth.Grant, error) {
			t.Error("a password was judged")
			return nil, auth.ErrDenied
		}
	})
	c := connect(t, srv)
	c.expect("220")
	c.do("USER "+ftptest.User, "530")
	c.do("PASS "+ftptest.Password, "530")
	c.do("PWD", "530")
}

// S-09: PBSZ and PROT only inside TLS, PROT only behind PBSZ, and no level but P
// where data must be private.
func TestS09ProtBeforeAuth(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, nil, func(s *ftpserver.Server) { s.Limits.BadCommands = 100 })
	c := connect(t, srv)
	c.expect("220")
	c.do("PBSZ 0", "503")
	c.do("PROT P", "503")
	c.do("AUTH TLS", "234")
	c.handshake()
	c.do("PROT P", "503")
	for arg, want := range map[string]string{"-1": "501", "8589934592": "501", "x": "501", "1": "200 PBSZ=0", "0": "200 PBSZ=0"} {
		c.do("PBSZ "+arg, want)
	}
	for arg, want := range map[string]string{"C": "534", "S": "536", "E": "536", "X": "504", "P": "200"} {
		c.do("PROT "+arg, want)
	}
}

// S-10: where data must be private, no data command works without PROT P, and
// the port that was offered is given up.
func TestS10DataInClear(t *testing.T) {
	srv := serveTree(t, map[string]string{"/f": "data"}, nil)
	c := connect(t, srv)
	c.authTLS()
	c.userPass()
	c.do("PBSZ 0", "200")
	c.do("PROT C", "534")
	for _, command := range []string{"RETR f", "STOR g", "APPE f", "LIST", "NLST", "MLSD"} {
		addr := c.epsv()
		c.do(command, "521")
		if conn, err := net.Dial("tcp", addr); err == nil {
			t.Errorf("%s: %s is still open", command, addr)
			conn.Close()
		}
	}
	wantNoFile(t, srv.FS, "g")
	wantFile(t, srv.FS, "f", "data")
}

// S-24: PASS counts only right behind USER; a second USER takes the first login
// back, with its tree and its working directory.
func TestS24UserPassOrder(t *testing.T) {
	t.Parallel()
	trees := map[string]*memfs.FS{
		"alice": memfs.From(map[string]string{"/alice/f": "hers"}),
		"bob":   memfs.From(map[string]string{"/bob/f": "his"}),
	}
	srv := serveTree(t, nil, func(s *ftpserver.Server) {
		s.Login = func(_ context.Context, c auth.Credentials) (*auth.Grant, error) {
			if trees[c.User] == nil || c.Password != c.User {
				return nil, auth.ErrDenied
			}
			return &auth.Grant{Account: c.User, FS: trees[c.User]}, nil
		}
	})
	c := connect(t, srv)
	c.authTLS()
	c.do("PASS alice", "503")
	c.do("USER alice", "331")
	c.do("NOOP", "200")
	c.do("PASS alice", "503")
	c.do("USER alice", "331")
	c.do("USER bob", "331")
	c.do("PASS alice", "530") // the last USER counts
	c.do("PASS bob", "503")
	c.do("USER alice", "331")
	c.do("PASS alice", "230")
	c.do("CWD alice", "250")
	c.do("USER bob", "331")
	c.do("PWD", "530")
	c.do("USER bob", "331")
	c.do("PASS wrong", "530")
	c.do("MLST /alice", "530")
	c.do("USER bob", "331")
	c.do("PASS bob", "230")
	if got := c.do("PWD", "257"); !strings.HasPrefix(got, `257 "/" `) {
		t.Errorf("bob begins in %q", got)
	}
	c.do("MLST /alice", "550")
	c.do("MLST /bob/f", "250")
}
