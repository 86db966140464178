package ftpclient_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
)

// every makes a pause of d.
func every(d time.Duration) func() { return func() { time.Sleep(d) } }

// mostReplies is how long a server can hold up the answer to one command: 16
// preliminary replies, and the last one.
const mostReplies = 17 * ftpclient.DefaultTimeout

// C-23: a server that answers slowly, or never, before or during the login.
func TestAttackTarpitLogin_C23(t *testing.T) {
	long := "220 " + strings.Repeat("x", 1000) + "\r\n"
	for _, tt := range []struct {
		name   string
		script ftptest.Script
		most   time.Duration
		want   error
	}{
		{"no greeting", func(s *ftptest.Session) { s.Silence() }, ftpclient.DefaultTimeout, ftpclient.ErrNetwork},
		{"greeting, a byte a minute", func(s *ftptest.Session) { s.Drip(long, every(time.Minute)) }, ftpclient.DefaultTimeout, ftpclient.ErrNetwork},
		{"greeting, a byte a second", func(s *ftptest.Session) { s.Drip(long, every(time.Second)) }, ftpclient.DefaultTimeout, ftpclient.ErrNetwork},
		{"greeting, a line a second", func(s *ftptest.Session) { s.Endless("220-hello\r\n", every(time.Second)) }, ftpclient.DefaultTimeout, ftpclient.ErrNetwork},
		{"120 for ever", func(s *ftptest.Session) { s.Endless("120 soon\r\n", every(25*time.Second)) }, mostReplies, ftpclient.ErrProtocol},
		{"no handshake", func(s *ftptest.Session) { s.Reply("220 ready"); s.Answer("AUTH TLS", "234 go"); s.Silence() }, ftpclient.DefaultTimeout, ftpclient.ErrNetwork},
		{"handshake, a byte a second", func(s *ftptest.Session) {
			s.Reply("220 ready")
			s.Answer("AUTH TLS", "234 go")
			s.Drip("\x16\x03\x03\x20\x00"+long, every(time.Second))
		}, ftpclient.DefaultTimeout, ftpclient.ErrNetwork},
		{"no answer to USER", func(s *ftptest.Session) { s.Greet(); s.Expect("USER *"); s.Silence() }, ftpclient.DefaultTimeout, ftpclient.ErrNetwork},
		{"no answer to PASS", func(s *ftptest.Session) { s.Greet(); s.Answer("USER *", "331 and?"); s.Expect("PASS *"); s.Silence() }, ftpclient.DefaultTimeout, ftpclient.ErrNetwork},
	} {
		t.Run(tt.name, func(t *testing.T) {
			against(t, tt.script, func(t *testing.T, h *ftptest.Hostile, opt ftpclient.Options) {
				begin := time.Now()
				_, err := ftpclient.Dial(t.Context(), h.URL(), opt)
				wantKind(t, err, tt.want)
				within(t, begin, tt.most)
			})
			// The end of the context is heard at once.
			against(t, tt.script, func(t *testing.T, h *ftptest.Hostile, opt ftpclient.Options) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				begin := time.Now()
				_, err := ftpclient.Dial(ctx, h.URL(), opt)
				wantKind(t, err, context.DeadlineExceeded)
				within(t, begin, 10*time.Second)
			})
		})
	}
}

// C-23: a server that stands still, or nearly so, in a transfer.
func TestAttackTarpitTransfer_C23(t *testing.T) {
	download := func(ctx context.Context, c *ftpclient.Client) error {
		_, err := c.Retrieve(ctx, "/f", 0, io.Discard)
		return err
	}
	upload := func(ctx context.Context, c *ftpclient.Client) error {
		_, err := c.Store(ctx, "/f", 0, zeros{})
		return err
	}
	small := func(ctx context.Context, c *ftpclient.Client) error {
		_, err := c.Store(ctx, "/f", 0, strings.NewReader("x"))
		return err
	}
	listing := func(ctx context.Context, c *ftpclient.Client) error {
		_, err := list(ctx, c, "/f")
		return err
	}
	const stall, finish = ftpclient.DefaultTimeout, ftpclient.DefaultFinishTimeout
	for _, tt := range []struct {
		name   string
		do     func(context.Context, *ftpclient.Client) error
		script ftptest.Script // behind EPSV
		most   time.Duration  // 0: for ever, as long as bytes come in time
	}{
		{"no 150", download, func(s *ftptest.Session) { s.Expect("RETR /f"); s.Silence() }, stall},
		{"no handshake", download, func(s *ftptest.Session) { s.Answer("RETR /f", "150 go"); s.Accept().Silence() }, 2 * stall},
		{"no data", download, func(s *ftptest.Session) { s.Answer("RETR /f", "150 go"); s.Data().Silence() }, 2 * stall},
		{"a byte a minute", download, func(s *ftptest.Session) { s.Answer("RETR /f", "150 go"); s.Data().Endless("x", every(time.Minute)) }, 2 * stall},
		{"a byte in 20 seconds", download, func(s *ftptest.Session) {
			s.Answer("RETR /f", "150 go")
			s.Data().Endless("x", every(20*time.Second))
		}, 0},
		{"no end", download, func(s *ftptest.Session) { s.Answer("RETR /f", "150 go"); s.Data().Send("x"); s.Reply("226 done") }, 2 * stall},
		{"no 226", download, func(s *ftptest.Session) { s.Answer("RETR /f", "150 go"); s.Data().End(); s.Silence() }, finish},
		{"226, a byte a second", download, func(s *ftptest.Session) {
			s.Answer("RETR /f", "150 go")
			s.Data().End()
			s.Endless("226-more\r\n", every(time.Second))
		}, finish},
		{"half a line of a listing", listing, func(s *ftptest.Session) {
			s.Answer("MLSD /f", "150 go")
			d := s.Data()
			d.Send("type=fi")
			d.Silence()
		}, 2 * stall},
		{"nothing is read", upload, func(s *ftptest.Session) {
			s.Answer("STOR /f", "150 go")
			s.Data()
			s.Silence()
		}, 3 * stall}, // the first one has seen what fits into the window move
		{"read, but not confirmed", small, func(s *ftptest.Session) {
			s.Answer("STOR /f", "150 go")
			d := s.Data()
			d.Drain()
			s.Silence()
		}, 2 * finish},
	} {
		t.Run(tt.name, func(t *testing.T) {
			script := func(s *ftptest.Session) { s.Login(); s.EPSV(); tt.script(s) }
			if tt.most > 0 {
				loggedIn(t, script, func(t *testing.T, _ *ftptest.Hostile, c *ftpclient.Client) {
					begin := time.Now()
					wantKind(t, tt.do(t.Context(), c))
					within(t, begin, tt.most)
				})
			}
			// The end of the context is heard within a second, whatever the server does.
			loggedIn(t, script, func(t *testing.T, _ *ftptest.Hostile, c *ftpclient.Client) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				if tt.most == 0 {
					ctx, cancel = context.WithTimeout(t.Context(), time.Hour)
				}
				defer cancel()
				wantKind(t, tt.do(ctx, c), context.DeadlineExceeded)
				end, _ := ctx.Deadline()
				within(t, end, time.Second)
			})
		})
	}
}

// C-23: commands without data, and a server that does not let go.
func TestAttackTarpitCommand_C23(t *testing.T) {
	for name, play := range map[string]func(*ftptest.Session){
		"silence":            func(s *ftptest.Session) { s.Silence() },
		"a byte a second":    func(s *ftptest.Session) { s.Drip("200 "+strings.Repeat("x", 1000), every(time.Second)) },
		"a line in a second": func(s *ftptest.Session) { s.Endless("200-x\r\n", every(time.Second)) },
	} {
		for verb, do := range map[string]func(context.Context, *ftpclient.Client) error{
			"NOOP": func(ctx context.Context, c *ftpclient.Client) error { return c.Noop(ctx) },
			"QUIT": func(ctx context.Context, c *ftpclient.Client) error { return c.Quit(ctx) },
			"SIZE": func(ctx context.Context, c *ftpclient.Client) error { _, err := c.Size(ctx, "/f"); return err },
		} {
			t.Run(verb+", "+name, func(t *testing.T) {
				loggedIn(t, func(s *ftptest.Session) { s.Login(); s.Expect(verb + "*"); play(s) }, func(t *testing.T, h *ftptest.Hostile, c *ftpclient.Client) {
					begin := time.Now()
					wantKind(t, do(t.Context(), c), ftpclient.ErrNetwork)
					within(t, begin, ftpclient.DefaultTimeout)
					isLost(t, h, c)
				})
			})
		}
	}
}

// F-02: one direction of the control connection, or of the data connection, ends before
// the other: that has a defined end in every order, and nobody spins meanwhile.
func TestAttackHalfClosed_F02(t *testing.T) {
	controlEnd := map[string]func(*ftptest.Session){
		"FIN":          func(s *ftptest.Session) { s.FIN() },
		"close_notify": func(s *ftptest.Session) { s.CloseNotify() },
		"both":         func(s *ftptest.Session) { s.End() },
	}
	for name, end := range controlEnd {
		t.Run("control only, "+name, func(t *testing.T) {
			loggedIn(t, func(s *ftptest.Session) { s.Login(); end(s); s.Silence() }, func(t *testing.T, h *ftptest.Hostile, c *ftpclient.Client) {
				begin := time.Now()
				wantKind(t, c.Noop(t.Context()), ftpclient.ErrNetwork)
				within(t, begin, 0)
				isLost(t, h, c)
			})
		})
		for _, order := range []string{"control first", "data first"} {
			t.Run(order+", "+name, func(t *testing.T) {
				loggedIn(t, func(s *ftptest.Session) {
					s.Login()
					d := s.Transfer("RETR /f")
					d.Send("the content")
					if order == "data first" {
						d.End()
						time.Sleep(time.Second)
					}
					end(s)
					time.Sleep(time.Second)
					d.End()
					d.Silence()
					s.Silence()
				}, func(t *testing.T, h *ftptest.Hostile, c *ftpclient.Client) {
					begin := time.Now()
					_, err := c.Retrieve(t.Context(), "/f", 0, io.Discard)
					wantKind(t, err, ftpclient.ErrNetwork)
					within(t, begin, 2*time.Second)
					isLost(t, h, c)
				})
			})
		}
		t.Run("control during an upload, "+name, func(t *testing.T) {
			loggedIn(t, func(s *ftptest.Session) {
				s.Login()
				d := s.Transfer("STOR /f")
				end(s)
				d.Drain()
				s.Silence()
			}, func(t *testing.T, h *ftptest.Hostile, c *ftpclient.Client) {
				begin := time.Now()
				_, err := c.Store(t.Context(), "/f", 0, zeros{})
				wantKind(t, err, ftpclient.ErrNetwork)
				within(t, begin, 2*time.Second)
				isLost(t, h, c)
			})
		})
	}
	// The server's direction of an upload's data connection carries nothing: that it
	// ends early is no failure.
	for name, end := range map[string]func(*ftptest.Stream){"FIN": (*ftptest.Stream).FIN, "close_notify": (*ftptest.Stream).CloseNotify, "both": (*ftptest.Stream).End} {
		t.Run("data of an upload, "+name, func(t *testing.T) {
			const size = 1 << 20
			loggedIn(t, func(s *ftptest.Session) {
				s.Login()
				d := s.Transfer("STOR /f")
				end(d)
				if n := d.Drain(); n != size {
					s.Failf("%d bytes came", n)
				}
				s.Reply("226 done")
			}, func(t *testing.T, _ *ftptest.Hostile, c *ftpclient.Client) {
				res, err := c.Store(t.Context(), "/f", 0, io.LimitReader(zeros{}, size))
				if err != nil || res.Bytes != size || res.Reply.Code != ftp.Code226Done {
					t.Errorf("%+v, %v", res, err)
				}
				survives(t, c)
			})
		})
	}
}
