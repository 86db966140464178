//go:build walljump

package ftpserver_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
)

const year = 8766 * time.Hour

// atJumps runs a test for each jump, which the test makes itself and which is taken back.
func atJumps(t *testing.T, test func(t *testing.T, jump func(), by time.Duration)) {
	for _, by := range []time.Duration{24 * time.Hour, -time.Hour, 10 * year} {
		t.Run(by.String(), func(t *testing.T) {
			jumped := false
			jump := func() { jumped = true; time.JumpWall(by) }
			t.Cleanup(func() {
				if jumped {
					time.JumpWall(-by)
				}
			})
			test(t, jump, by)
		})
	}
}

// F-09: when the clock jumps nobody is logged out, and what was begun goes on to its end.
func TestF09JumpEndsNothing(t *testing.T) {
	big := pattern(8 << 20)
	atJumps(t, func(t *testing.T, jump func(), by time.Duration) {
		srv := serveTree(t, map[string]string{"big": big, "small": "content"}, nil)
		idle, down, up, offered := connect(t, srv).login(), connect(t, srv).login(), connect(t, srv).login(), connect(t, srv).login()
		late := connect(t, srv)
		late.expect("220")
		late.do("AUTH TLS", "234")

		addr := down.epsv()
		down.do("RETR big", "150")
		downData, _ := down.secureData(addr)
		first := make([]byte, 64<<10)
		if _, err := io.ReadFull(downData, first); err != nil {
			t.Fatal(err)
		}
		addr = up.epsv()
		up.do("STOR new", "150")
		upData, upTCP := up.secureData(addr)
		if _, err := io.WriteString(upData, big[:len(big)/2]); err != nil {
			t.Fatal(err)
		}
		offer := offered.epsv()

		jump()

		idle.do("NOOP", "200")
		rest, err := io.ReadAll(downData)
		if err != nil || string(first)+string(rest) != big {
			t.Errorf("the download: %d bytes, %v", len(first)+len(rest), err)
		}
		down.expect("226")
		if _, err := io.WriteString(upData, big[len(big)/2:]); err != nil {
			t.Errorf("the upload: %v", err)
		}
		if err := endUpload(upData, upTCP); err != nil {
			t.Errorf("the upload: %v", err)
		}
		up.expect("226")
		wantFile(t, srv.FS, "/new", big)

		if by < 7*24*time.Hour { // the life of a ticket
			offered.do("RETR small", "150")
			data, _ := offered.secureData(offer)
			if got, err := io.ReadAll(data); err != nil || string(got) != "content" {
				t.Errorf("by an offer of before: %q, %v", got, err)
			}
			offered.expect("226")
			idle.retr("small")
			late.handshake()
			late.do("PBSZ 0", "200")
			late.do("PROT P", "200")
			late.userPass()
			connect(t, srv).login().retr("small")
		} else {
			// The certificate of the server is of the past by now, and so are all tickets.
			s := tls.Client(late.tcp, late.tls)
			var invalid x509.CertificateInvalidError
			if err := s.Handshake(); !errors.As(err, &invalid) || invalid.Reason != x509.Expired {
				t.Errorf("a certificate of the past: %v", err)
			}
			// Who goes by a clock of before goes on, in the session of before, too, where
			// no ticket proves any more whose the data connection is.
			for _, c := range []*rawClient{idle, connect(t, srv)} {
				c.tls.Time = func() time.Time { return time.Now().Add(-by) }
				if c != idle {
					c.login()
				}
				if got, resumed := c.retr("small"); got != "content" || resumed != (c != idle) {
					t.Errorf("%q, resumed: %t", got, resumed)
				}
			}
		}
		for _, c := range []*rawClient{idle, down, up, offered} {
			c.do("PWD", "257")
		}
	})
}

// F-09: when the clock jumps every limit of time is as long as before.
func TestF09JumpMovesNoLimit(t *testing.T) {
	const limit = time.Second
	atJumps(t, func(t *testing.T, jump func(), by time.Duration) {
		srv := serveTree(t, map[string]string{"big": pattern(64 << 20)}, func(s *ftpserver.Server) {
			s.Limits = ftpserver.Limits{Login: 3 * limit, Handshake: limit, Idle: 3 * limit, Connect: limit, Stall: limit, Linger: limit}
		})
		hello := clientHello(t, srv)
		stalled, missing, idle := connect(t, srv).login(), connect(t, srv).login(), connect(t, srv).login()
		addr := stalled.epsv()
		stalled.do("RETR big", "150")
		stalled.secureData(addr)
		silent, half := connect(t, srv), connect(t, srv)
		silent.expect("220")
		half.expect("220")
		half.do("AUTH TLS", "234")
		half.write(hello[:len(hello)/2])
		missing.epsv()
		missing.do("RETR big", "150")
		idle.do("NOOP", "200")
		began := time.Now()

		jump()

		type end struct {
			name  string
			least time.Duration
			took  time.Duration
		}
		ends := make(chan end)
		wait := func(name string, least time.Duration, until func()) {
			go func() {
				defer func() { ends <- end{name, least, time.Since(began)} }()
				until()
			}()
		}
		// What began before the clock was looked at may end so much earlier.
		const before = 500 * time.Millisecond
		wait("login", 3*limit-before, func() { silent.inGoroutine().expect("421"); silent.expectClosed() })
		wait("handshake", limit-before, func() { io.Copy(io.Discard, half.tcp) })
		wait("idleness", 3*limit-before, func() { idle.inGoroutine().expect("421"); idle.expectClosed() })
		wait("data connection", limit-before, func() { missing.inGoroutine().expect("425") })
		wait("stall", 0, func() { stalled.inGoroutine().expect("426") })
		late := time.After(30 * time.Second)
		for range 5 {
			select {
			case e := <-ends:
				t.Logf("%s ended %v after the jump", e.name, e.took.Round(time.Millisecond))
				if e.took < e.least {
					t.Errorf("%s ended %v after the jump, too early", e.name, e.took)
				}
			case <-late:
				t.Fatal("30 seconds after the jump not all have ended whose time is over")
			}
		}
		connectAt(t, srv, by)
	})
}

// connectAt checks that somebody can log in at a clock for which the certificate is good.
func connectAt(t *testing.T, srv *ftptest.Server, by time.Duration) {
	t.Helper()
	c := connect(t, srv)
	c.tls.Time = func() time.Time { return time.Now().Add(-by) }
	c.login()
}
