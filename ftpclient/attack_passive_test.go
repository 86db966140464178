package ftpclient_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
)

// C-01: whatever a passive reply says about an address, the data connection goes to
// the peer of the control connection; EPSV is tried first, and once; privileged ports
// are not connected to. (CVE-2020-8284, CVE-2021-4189, CVE-2021-37533, CVE-2021-31810)
func TestAttackAddress_C01(t *testing.T) {
	hosts := []string{"10.9.8.7", "127.0.0.1", "127.0.0.2", "169.254.169.254", "0.0.0.0", "255.255.255.255", "192.168.0.1", "8.8.8.8"}
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			loggedIn(t, func(s *ftptest.Session) {
				s.Login()
				s.PASV(host)
				s.Answer("RETR /f", "150 go")
				d := s.Data()
				d.Send("down")
				d.End()
				s.Reply("226 done")
				s.PASV(host)
				s.Answer("STOR /f", "150 go")
				d = s.Data()
				d.Drain()
				d.End()
				s.Reply("226 done")
				s.PASV(host)
				s.Answer("MLSD /d", "150 go")
				d = s.Data()
				d.End()
				s.Reply("226 done")
			}, func(t *testing.T, h *ftptest.Hostile, c *ftpclient.Client) {
				if _, err := c.Retrieve(t.Context(), "/f", 0, io.Discard); err != nil {
					t.Error(err)
				}
				if _, err := c.Store(t.Context(), "/f", 0, strings.NewReader("up")); err != nil {
					t.Error(err)
				}
				if _, err := list(t.Context(), c, "/d"); err != nil {
					t.Error(err)
				}
				if dialled := h.Dialled(); len(dialled) != 4 {
					t.Errorf("dialled %q", dialled)
				}
				for _, address := range h.Dialled() {
					if !strings.HasPrefix(address, "127.0.0.1:") {
						t.Errorf("dialled %s", address)
					}
				}
				if n := strings.Count(h.Verbs(), "EPSV"); n != 1 {
					t.Errorf("EPSV was sent %d times", n)
				}
			})
		})
	}
	for _, port := range []int{0, 1, 21, 22, 25, 990, 1023} {
		for _, reply := range []string{ftptest.PASVReply("127.0.0.1", port), fmt.Sprintf("229 ok (|||%d|)", port)} {
			t.Run(reply, func(t *testing.T) { refusePassive(t, reply) })
		}
	}
}

// refusePassive demands that a passive reply is an error that breaks nothing, and that
// no connection is made for it.
func refusePassive(t *testing.T, reply string) {
	loggedIn(t, func(s *ftptest.Session) {
		s.Login()
		for range 2 {
			if verb := s.Expect("*P*SV"); verb == "EPSV" && strings.HasPrefix(reply, "227") {
				s.Reply("500 what")
				s.Expect("PASV")
			}
			s.Reply(reply)
		}
	}, func(t *testing.T, h *ftptest.Hostile, c *ftpclient.Client) {
		_, err := c.Retrieve(t.Context(), "/f", 0, io.Discard)
		wantKind(t, err, ftpclient.ErrProtocol)
		_, err = c.Store(t.Context(), "/f", 0, strings.NewReader("up"))
		wantKind(t, err, ftpclient.ErrProtocol)
		if n := len(h.Dialled()); n != 1 {
			t.Errorf("dialled %q", h.Dialled())
		}
		survives(t, c)
	})
}

// C-02: a passive reply that cannot be read is an error; nothing is guessed. (That the
// parentheses of a 227 may be missing is RFC 1123 §4.1.2.6.)
func TestAttackPassiveReply_C02(t *testing.T) {
	long := strings.Repeat("9", 60000)
	for _, reply := range []string{
		"227 no numbers", "227 ", "227", "227 (1,2,3,4,5)", "227 1,2,3,4,5", "227 (1,2,3,4,5,6,7)", "227 (127,0,0,1,256,1)", "227 (127,0,0,256,100,1)", "227 (127,0,0,1,-1,1)",
		"227 (127,0,0,1,1e2,1)", "227 (127,0,0,1,0x20,1)", "227 (127,0,0,1,200,)", "227 (,,,,,)", "227 (127.0.0.1,200,1)", "227 (127,0,0,1,٢,1)",
		"227 (127,0,0,1,200," + long + ")", "227 (" + long + ",0,0,1,200,1)",
		"229 ", "229", "229 no", "229 (|||65536|)", "229 (|||99999999999999999999|)", "229 (|||-5000|)", "229 (|||+5000|)", "229 (|||abc|)", "229 (||||)", "229 |||5000|",
		"229 (||5000|)", "229 (|||5000)", "229 (|||5000", "229 (|||5000x|)", "229 (|||0x1388|)", "229 (|||5 000|)", "229 (5000)", "229 (|!|5000|)", "229 (|||" + long + "|)",
	} {
		t.Run(fmt.Sprintf("%.30q", reply), func(t *testing.T) { refusePassive(t, reply) })
	}
	// What is over the limit of a reply ends the connection.
	for _, reply := range []string{"227 (127,0,0,1,200," + strings.Repeat("9", 1<<20) + ")", "229 (|||" + strings.Repeat("5", 1<<20) + "|)"} {
		t.Run(fmt.Sprintf("%.10q of 1 MiB", reply), func(t *testing.T) {
			loggedIn(t, func(s *ftptest.Session) {
				s.Login()
				if s.Expect("EPSV"); strings.HasPrefix(reply, "227") {
					s.Reply("500 what")
					s.Expect("PASV")
				}
				s.Reply(reply)
			}, func(t *testing.T, h *ftptest.Hostile, c *ftpclient.Client) {
				_, err := c.Retrieve(t.Context(), "/f", 0, io.Discard)
				wantKind(t, err, ftpclient.ErrProtocol)
				isLost(t, h, c)
			})
		})
	}
}
