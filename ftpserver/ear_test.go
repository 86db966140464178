package ftpserver_test

import (
	"context"
	"testing"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
)

// heldLogin makes logins wait until the test lets them go on.
func heldLogin(s *ftpserver.Server) (started <-chan struct{}, goOn chan<- struct{}) {
	begun, release := make(chan struct{}), make(chan struct{})
	login := s.Login
	s.Login = func(ctx context.Context, c auth.Credentials) (*auth.Grant, error) {
		begun <- struct{}{}
		<-release
		return login(ctx, c)
	}
	return begun, release
}

// S-32: a line may begin while a job runs and end behind it. Its two halves are read
// by different goroutines, in clear and under TLS, and nothing of it is lost.
func TestLineAcrossTheEndOfAJob(t *testing.T) {
	for name, secure := range map[string]bool{"TLS": true, "clear": false} {
		t.Run(name, func(t *testing.T) {
			var started <-chan struct{}
			var goOn chan<- struct{}
			srv := serveTree(t, nil, func(s *ftpserver.Server) {
				inClear(s)
				started, goOn = heldLogin(s)
			})
			c := connect(t, srv)
			if secure {
				c.authTLS()
			} else {
				c.expect("220")
			}
			c.do("USER alice", "331")
			c.write("PASS correct horse\r\n")
			<-started
			c.write("N")
			c.write("O")
			goOn <- struct{}{}
			c.expect("230")
			c.write("O")
			c.do("P", "200")
			c.do("PWD", "257")
		})
	}
}

// A shutdown ends sessions that wait for a command, in the middle of a line too, and
// lets a job finish first.
func TestShutdownWakesTheIdle(t *testing.T) {
	var started <-chan struct{}
	var goOn chan<- struct{}
	srv := serveTree(t, nil, func(s *ftpserver.Server) {
		inClear(s)
		started, goOn = heldLogin(s)
	})
	idle, half, secure, busy := connect(t, srv), connect(t, srv), connect(t, srv), connect(t, srv)
	idle.expect("220")
	half.expect("220")
	half.write("NO")
	secure.authTLS()
	secure.do("USER alice", "331")
	busy.expect("220")
	busy.do("USER alice", "331")
	busy.write("PASS correct horse\r\n")
	<-started

	ctx, cancel := context.WithTimeout(t.Context(), hangLimit)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- srv.Server.Shutdown(ctx) }()
	for _, c := range []*rawClient{idle, half, secure} {
		c.expect("421 The server is shutting down.")
		c.expectClosed()
		c.away()
	}
	goOn <- struct{}{}
	busy.expect("230")
	busy.expect("421 The server is shutting down.")
	busy.expectClosed()
	busy.away()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
