package ftptest_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
)

// servers are the two networks on which everything has to be the same.
var servers = map[string]func(ftptest.Script) *ftptest.Hostile{"loopback": ftptest.NewHostile, "memory": ftptest.NewHostileInMemory}

func dialHostile(t *testing.T, h *ftptest.Hostile, u ftp.URL) (*ftpclient.Client, error) {
	t.Helper()
	c, err := ftpclient.Dial(t.Context(), u, ftpclient.Options{RootCAs: h.Pool, DialContext: h.DialContext})
	if err == nil {
		t.Cleanup(func() { _ = c.Close() })
	}
	return c, err
}

// A proper client and a script that does nothing bad get on with each other.
func TestHostileBehaves(t *testing.T) {
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			var got []byte
			h := start(func(s *ftptest.Session) {
				s.Login("SIZE")
				s.Answer("SIZE *", "213 5")
				d := s.Transfer("RETR /f")
				d.Drip("hello", nil)
				d.End()
				s.Reply("226 done")
				s.PASV("10.9.8.7")
				s.Answer("STOR /*", "150 go")
				d = s.Data()
				got, _ = io.ReadAll(d)
				d.End()
				s.Reply("226 done")
				s.Answer("SIZE /g", "213 3")
			})
			c, err := dialHostile(t, h, h.URL())
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			if res, err := c.Retrieve(t.Context(), "/f", 0, &b); err != nil || b.String() != "hello" || !res.SizeAgrees || !res.Resumed {
				t.Errorf("%q, %+v, %v", b.String(), res, err)
			}
			if _, err := c.Store(t.Context(), "/g", 0, strings.NewReader("abc")); err != nil {
				t.Error(err)
			}
			if err := c.Quit(t.Context()); err != nil {
				t.Error(err)
			}
			if err := h.Close(); err != nil || string(got) != "abc" {
				t.Errorf("%v, %q", err, got)
			}
			if want := "AUTH USER PASS PBSZ PROT FEAT TYPE SIZE EPSV RETR EPSV PASV STOR SIZE QUIT"; h.Verbs() != want {
				t.Errorf("said %q", h.Verbs())
			}
			if got := h.Dialled(); len(got) != 3 || got[0] != h.Addr || slices.ContainsFunc(got, func(a string) bool { return !strings.HasPrefix(a, "127.0.0.1:") }) {
				t.Errorf("dialled %q", got)
			}
		})
	}
}

func TestHostileImplicit(t *testing.T) {
	h := ftptest.NewHostile(func(s *ftptest.Session) { s.StartTLS(); s.Reply("220 ready"); s.User() })
	u := h.URL()
	u.Security = ftp.Implicit
	c, err := dialHostile(t, h, u)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Noop(t.Context()); err != nil {
		t.Error(err)
	}
	_ = c.Close()
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

// What the client does otherwise than the script expects is told once, by Close.
func TestHostileTellsDeviations(t *testing.T) {
	for want, script := range map[string]ftptest.Script{
		`"USER alice", expected was "USER bob"`: func(s *ftptest.Session) { s.Greet(); s.Expect("USER bob") },
		"no data port":                          func(s *ftptest.Session) { s.Accept() },
		"enough":                                func(s *ftptest.Session) { s.Failf("enough") },
	} {
		h := ftptest.NewHostile(script)
		if _, err := dialHostile(t, h, h.URL()); err == nil {
			t.Error("the script went on")
		}
		if err := h.Close(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	h := ftptest.NewHostile(func(s *ftptest.Session) { s.Stop() })
	if _, err := dialHostile(t, h, h.URL()); err == nil {
		t.Error("the script went on")
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if _, err := h.DialContext(t.Context(), "tcp", "10.9.8.7:2121"); err == nil {
		t.Error("a stranger was dialled")
	}
	for _, start := range servers {
		h := start(func(*ftptest.Session) {})
		_ = h.Close()
		if _, err := h.DialContext(t.Context(), "tcp", h.Addr); err == nil {
			t.Error("a closed server was reached")
		}
	}
}

// Every end is seen by the peer as what it is, on both networks.
func TestHostileEnds(t *testing.T) {
	for name, start := range servers {
		for _, tt := range []struct {
			name string
			end  func(*ftptest.Stream)
			tls  error // what crypto/tls makes of it; nil: another error
		}{
			{"End", (*ftptest.Stream).End, io.EOF},
			{"CloseNotify", (*ftptest.Stream).CloseNotify, io.EOF},
			{"FIN", (*ftptest.Stream).FIN, io.EOF}, // crypto/tls cannot tell; see the Example
			{"RST", (*ftptest.Stream).RST, syscall.ECONNRESET},
			{"Alert", (*ftptest.Stream).Alert, nil},
			{"SendClear", func(s *ftptest.Stream) { s.SendClear("no record") }, nil},
		} {
			t.Run(name+" "+tt.name, func(t *testing.T) {
				received := make(chan struct{})
				h := start(func(s *ftptest.Session) {
					s.StartTLS()
					s.Send("x")
					<-received // a RST would take it away
					tt.end(s.Stream)
					s.Silence()
				})
				defer h.Close()
				raw, err := h.DialContext(t.Context(), "tcp", h.Addr)
				if err != nil {
					t.Fatal(err)
				}
				defer raw.Close()
				c := tls.Client(raw, &tls.Config{RootCAs: h.Pool, ServerName: "localhost"})
				if _, err := c.Read(make([]byte, 1)); err != nil {
					t.Fatal(err)
				}
				close(received)
				_, err = c.Read(make([]byte, 1))
				var alert *net.OpError
				switch {
				case err == nil, tt.tls != nil && !errors.Is(err, tt.tls):
					t.Errorf("got %v, want %v", err, tt.tls)
				case tt.name == "Alert" && (!errors.As(err, &alert) || alert.Op != "remote error"):
					t.Errorf("got %v, want an alert", err)
				case tt.tls == nil && (errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)):
					t.Errorf("got %v", err)
				}
			})
		}
	}
}

// A flood ends with the client, or at its bound.
func TestHostileFlood(t *testing.T) {
	sent := make(chan int64, 2)
	h := ftptest.NewHostileInMemory(func(s *ftptest.Session) {
		sent <- s.Flood("abc", 10)
		sent <- s.Flood("abc", 1<<40)
	})
	raw, err := h.DialContext(t.Context(), "tcp", h.Addr)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, raw, 1<<20); err != nil {
		t.Error(err)
	}
	_ = raw.Close()
	if few, many := <-sent, <-sent; few < 10 || few > 16<<10 || few+many < 1<<20 || many > 2<<20 {
		t.Errorf("sent %d, %d", few, many)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

// In memory, time passes in bubbles, and deadlines are kept.
func TestHostileTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := ftptest.NewHostileInMemory(func(s *ftptest.Session) {
			s.Drip("abc", func() { time.Sleep(time.Minute) })
			s.Silence()
		})
		raw, err := h.DialContext(context.Background(), "tcp", h.Addr)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if _, err := io.ReadFull(raw, make([]byte, 3)); err != nil || time.Since(begin) != 3*time.Minute {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		for range 2 {
			_ = raw.SetReadDeadline(time.Now().Add(time.Hour))
			begin = time.Now()
			if _, err := raw.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begin) != time.Hour {
				t.Errorf("%v after %v", err, time.Since(begin))
			}
		}
		_ = raw.SetWriteDeadline(time.Now().Add(-time.Second))
		if _, err := raw.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
		_ = raw.SetDeadline(time.Time{})
		if _, err := raw.Write([]byte("x")); err != nil {
			t.Error(err)
		}
		_ = raw.Close()
		if _, err := raw.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if err := raw.Close(); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}
