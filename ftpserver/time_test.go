package ftpserver_test

import (
	"bufio"
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs/memfs"
)

// inBubble gives a client of a server whose time stands still but where all wait.
// Plain sessions are enough: what is tested is when they end.
func inBubble(t *testing.T, test func(t *testing.T, c *strictClient)) {
	synctest.Test(t, func(t *testing.T) {
		srv := &ftpserver.Server{
			Login: func(_ context.Context, c auth.Credentials) (*auth.Grant, error) {
				if c.Password != ftptest.Password {
					return nil, auth.ErrDenied
				}
				return &auth.Grant{Account: c.User, FS: memfs.New()}, nil
			},
			TLS: ftpserver.TLSPolicy{InsecurePlaintext: true},
		}
		l := newPipeListener()
		go srv.Serve(l)
		conn := l.dial()
		c := &strictClient{t: t, conn: conn, r: bufio.NewReader(conn)}
		c.want(c.read(), 220)
		test(t, c)
		conn.Close()
		srv.Close()
	})
}

// a session without commands ends politely, and any command keeps it.
func TestIdleLimit(t *testing.T) {
	inBubble(t, func(t *testing.T, c *strictClient) {
		c.login()
		for range 3 {
			time.Sleep(9 * time.Minute)
			c.must(200, "NOOP")
		}
		began := time.Now()
		c.want(c.read(), 421)
		if idle := time.Since(began); idle != 10*time.Minute {
			t.Errorf("it ended after %v", idle)
		}
	})
}

// The login has one limit in all, however busy the peer is meanwhile (S-04, S-05).
func TestLoginLimit(t *testing.T) {
	inBubble(t, func(t *testing.T, c *strictClient) {
		began := time.Now()
		time.Sleep(50 * time.Second)
		c.must(331, "USER x")
		c.want(c.read(), 421)
		if took := time.Since(began); took != time.Minute {
			t.Errorf("it ended after %v", took)
		}
	})
}

// T-08: a session ends politely before the TLS tickets do by which its data
// connections prove themselves.
//
func TestT08SessionOfSixDays(t *testing.T) {
	inBubble(t, func(t *testing.T, c *strictClient) {
		began := time.Now()
		c.login()
		const step = 9 * time.Minute
		for time.Since(began)+step < 6*24*time.Hour {
			time.Sleep(step)
			c.must(200, "NOOP")
		}
		c.want(c.read(), 421)
		if age := time.Since(began); age != 6*24*time.Hour {
			t.Errorf("it ended after %v", age)
		}
	})
}

// S-20, R-083: each wrong password costs more time, and the third one the session.
func TestWrongPasswordsCostTime(t *testing.T) {
	inBubble(t, func(t *testing.T, c *strictClient) {
		var last time.Duration
		for _, code := range []int{530, 530, 421} {
			c.must(331, "USER x")
			began := time.Now()
			c.must(code, "PASS wrong")
			took := time.Since(began)
			if took < 250*time.Millisecond || took <= last {
				t.Errorf("the answer came after %v, the one before after %v", took, last)
			}
			last = took
		}
	})
}
