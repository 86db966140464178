package ftpserver_test

import (
	"context"
	"testing"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs/memfs"
)

// S-27: who gave a grant is told once that the session is done with it, however it ends.
func TestGrantIsReleased(t *testing.T) {
	released := make(chan string, 8)
	judging, judge := make(chan struct{}), make(chan struct{})
	tree := memfs.From(nil)
	srv := ftptest.NewServerFS(tree, func(s *ftpserver.Server) {
		s.Login = func(_ context.Context, c auth.Credentials) (*auth.Grant, error) {
			if c.User == "slow" {
				judging <- struct{}{}
				<-judge
			}
			return &auth.Grant{Account: c.User, FS: tree, Release: func() { released <- c.User }}, nil
		}
	})
	defer srv.Close()
	enter := func(user string) *rawClient {
		c := connect(t, srv)
		c.authTLS()
		c.do("USER "+user, "331")
		c.do("PASS x", "230")
		return c
	}
	is := func(want string) {
		t.Helper()
		if got := <-released; got != want {
			t.Errorf("released %q, want %q", got, want)
		}
	}
	enter("quit").do("QUIT", "221")
	is("quit")
	enter("gone").tcp.Close()
	is("gone")
	c := enter("first")
	c.do("USER second", "331")
	is("first")
	c.do("PASS x", "230")
	c.do("REIN", "220")
	is("second")

	c = connect(t, srv)
	c.authTLS()
	c.do("USER slow", "331")
	c.write("PASS x\r\n")
	<-judging
	c.reset() // before it is known
	close(judge)
	is("slow")
	select {
	case who := <-released:
		t.Errorf("%q was released twice", who)
	default:
	}
}
