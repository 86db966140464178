package ftpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/wire"
)

func TestDialExplicit(t *testing.T) {
	s := serve(t, func(c *session) { c.login("SIZE", "MLST type*;size*;") })
	c := s.dial(s.options())
	if c.TLS() == nil || !c.HasFeature("size") || c.HasFeature("MDTM") {
		t.Errorf("TLS %v, features %v", c.TLS(), c.Features())
	}
	if err := c.Noop(t.Context()); err != nil {
		t.Error(err)
	}
	if err := c.Quit(t.Context()); err != nil {
		t.Error(err)
	}
	if err := c.Noop(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("after Quit: %v", err)
	}
	if got, want := s.said(), "AUTH USER PASS PBSZ PROT FEAT TYPE NOOP QUIT"; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
}

func TestDialImplicit(t *testing.T) {
	s := serve(t, func(c *session) {
		c.upgrade()
		c.reply("220 ready")
		c.expect("USER anna")
		c.reply("232 your certificate will do")
		c.expect("PBSZ 0")
		c.reply("200 ok")
		c.expect("PROT P")
		c.reply("200 ok")
		c.ready()
	})
	u := s.url()
	u.Security = ftp.Implicit
	c, err := Dial(t.Context(), u, s.options())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.TLS() == nil {
		t.Error("no TLS")
	}
}

// nothing is sent before 220; 120 may come first.
func TestGreetingLater_R034(t *testing.T) {
	s := serve(t, func(c *session) { c.reply("120 in a minute"); c.login() })
	s.dial(s.options())
}

// C-04, R-123, V-71: what comes in clear behind the change to TLS, or ahead of it, ends the
// attempt.
//
func TestPlaintextAhead_C04(t *testing.T) {
	t.Run("behind 234", func(t *testing.T) {
		s := serve(t, func(c *session) {
			c.reply("220 ready")
			c.expect("AUTH TLS")
			c.send("234 ok\r\n230 logged in\r\n")
		})
		_, err := Dial(t.Context(), s.url(), s.options())
		wantError(t, err, ErrTLS, wire.ErrPlaintextBehindAuth)
	})
	t.Run("behind 220", func(t *testing.T) {
		s := serve(t, func(c *session) { c.send("220 ready\r\n234 ok\r\n230 in\r\n") })
		_, err := Dial(t.Context(), s.url(), s.options())
		wantError(t, err, ErrProtocol)
		if s.said() != "" {
			t.Errorf("said %q", s.said())
		}
	})
}

// C-05, R-151, V-70: whatever is not 234 ends the attempt; no user name in clear, no second
// attempt.
//
func TestAuthRefused_C05(t *testing.T) {
	for _, answer := range []string{"500 what", "502 no", "534 policy", "431 later", "421 bye", "230 in", "200 ok", "331 password", ""} {
		t.Run(answer, func(t *testing.T) {
			s := serve(t, func(c *session) {
				c.reply("220 ready")
				c.expect("AUTH TLS")
				if answer == "" {
					_ = c.raw.Close()
					return
				}
				c.reply(answer)
			})
			_, err := Dial(t.Context(), s.url(), s.options())
			if answer == "" {
				wantError(t, err, ErrNetwork)
			} else {
				wantError(t, err, ErrTLS)
				wantCode(t, err, ftp.Code(100*int(answer[0]-'0')+10*int(answer[1]-'0')+int(answer[2]-'0')))
			}
			if got := s.said(); got != "AUTH" {
				t.Errorf("said %q, want only AUTH", got)
			}
		})
	}
	t.Run("preauth greeting", func(t *testing.T) {
		s := serve(t, func(c *session) { c.reply("230 you are in already") })
		_, err := Dial(t.Context(), s.url(), s.options())
		wantCode(t, err, 230)
		if s.said() != "" {
			t.Errorf("said %q", s.said())
		}
	})
}

// C-06: no protection of the data connections, no session.
func TestProtectionRefused_C06(t *testing.T) {
	for _, tt := range []struct{ pbsz, prot string }{
		{"500 no", ""}, {"200 ok", "534 no"}, {"200 ok", "536 no"}, {"200 ok", "431 no"}, {"200 ok", "350 and?"},
	} {
		t.Run(tt.pbsz+","+tt.prot, func(t *testing.T) {
			s := serve(t, func(c *session) {
				c.start()
				c.expect("USER anna")
				c.reply("230 in")
				c.expect("PBSZ 0")
				c.reply(tt.pbsz)
				if tt.prot != "" {
					c.expect("PROT P")
					c.reply(tt.prot)
				}
			})
			_, err := Dial(t.Context(), s.url(), s.options())
			wantError(t, err, ErrTLS)
		})
	}
}

// C-07: a certificate that cannot be verified ends the attempt before anything
// is said under it; a pin takes the place of the chain.
func TestTrust_C07(t *testing.T) {
	login := func(c *session) { c.login() }
	t.Run("unknown authority", func(t *testing.T) {
		s := serve(t, login)
		_, other := testCertificate(t)
		_, err := Dial(t.Context(), s.url(), Options{RootCAs: other})
		wantError(t, err, ErrTLS)
	})
	t.Run("other name", func(t *testing.T) {
		s := serve(t, login)
		opt := s.options()
		opt.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, s.ln.Addr().String())
		}
		u := s.url()
		u.Host = "files.example"
		_, err := Dial(t.Context(), u, opt)
		wantError(t, err, ErrTLS)
	})
	t.Run("pin", func(t *testing.T) {
		s := serve(t, login)
		s.dial(Options{Verify: func(tls.ConnectionState) error { return nil }})
	})
	t.Run("wrong pin", func(t *testing.T) {
		s := serve(t, login)
		bad := errors.New("not this one")
		_, err := Dial(t.Context(), s.url(), Options{RootCAs: s.roots, Verify: func(tls.ConnectionState) error { return bad }})
		wantError(t, err, ErrTLS, bad)
	})
	t.Run("TLS too old", func(t *testing.T) {
		s := serve(t, login)
		s.tls.MaxVersion = tls.VersionTLS12
		opt := s.options()
		opt.MinTLS = tls.VersionTLS13
		_, err := Dial(t.Context(), s.url(), opt)
		wantError(t, err, ErrTLS)
	})
}

func TestLoginRefused(t *testing.T) {
	for _, answer := range []string{"530 no", "332 account", "421 too many"} {
		s := serve(t, func(c *session) {
			c.start()
			c.expect("USER anna")
			c.reply("331 password")
			c.expect("PASS secret")
			c.reply(answer)
		})
		_, err := Dial(t.Context(), s.url(), s.options())
		wantError(t, err)
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error shows the password: %v", err)
		}
		var refused *ftp.Error
		if !errors.As(err, &refused) || refused.Command != "PASS" {
			t.Errorf("%s: %v", answer, err)
		}
	}
}

func TestPlaintextOnlyByName(t *testing.T) {
	s := serve(t, func(c *session) {
		c.reply("220 ready")
		c.expect("USER anna")
		c.reply("230 in")
		c.ready()
	})
	opt := Options{InsecurePlaintext: true}
	if _, err := Dial(t.Context(), s.url(), opt); err == nil || s.said() != "" {
		t.Errorf("an ftpes URL was used in clear: %v, said %q", err, s.said())
	}
	u := s.url()
	u.PlainScheme = true
	c, err := Dial(t.Context(), u, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.TLS() != nil {
		t.Error("TLS without asking")
	}
}

// C-15: every bound of a reply is an error, not memory.
func TestHostileReplies_C15(t *testing.T) {
	forever := func(c *session, first, again string) {
		c.send(first)
		for {
			if _, err := c.conn.Write([]byte(again)); err != nil {
				return
			}
		}
	}
	tests := map[string]func(*session){
		"endless multi-line": func(c *session) { forever(c, "220-hello\r\n", " more\r\n") },
		"endless line":       func(c *session) { forever(c, "220 ", strings.Repeat("x", 1000)) },
		"endless 1xx":        func(c *session) { forever(c, "", "120 soon\r\n") },
		"code 999":           func(c *session) { c.reply("999 hello") },
		"letters":            func(c *session) { c.reply("2xx hello") },
		"no digits":          func(c *session) { c.reply("hello") },
		"empty":              func(c *session) { c.reply("") },
	}
	for name, script := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, script)
			_, err := Dial(t.Context(), s.url(), s.options())
			wantError(t, err, ErrProtocol)
		})
	}
	t.Run("byte by byte", func(t *testing.T) {
		s := serve(t, func(c *session) {
			for _, b := range []byte("220-hello\r\n220 rea") {
				c.send(string(b))
			}
			c.refuseLogin("dy\r\n")
		})
		_, err := Dial(t.Context(), s.url(), s.options())
		wantCode(t, err, 530)
	})
}

// refuseLogin ends a greeting and refuses the login.
func (c *session) refuseLogin(tail string) {
	c.send(tail)
	c.expect("AUTH TLS")
	c.reply("234 go on")
	c.upgrade()
	c.expect("USER anna")
	c.reply("530 no")
}

// C-17: no byte is sent of what would become a second command.
func TestLineEndsRefused_C17(t *testing.T) {
	s := serve(t, func(c *session) { c.login() })
	for _, bad := range []string{"a\rb", "a\nDELE b", "a\x00b", "a\r\nQUIT"} {
		for _, u := range []ftp.URL{
			{Host: "127.0.0.1", Port: "1", User: bad}, {Host: "127.0.0.1", Port: "1", User: "a", Password: bad},
		} {
			if _, err := Dial(t.Context(), u, Options{}); !errors.Is(err, wire.ErrUnsafeArgument) {
				t.Errorf("user or password %q: %v", bad, err)
			}
		}
	}
	c := s.dial(s.options())
	before := s.said()
	for _, bad := range []string{"/a\rb", "/a\nDELE b", "/a\x00b", "/a\r\nQUIT"} {
		ctx := t.Context()
		_, sizeErr := c.Size(ctx, bad)
		_, doErr := c.Do(ctx, "SITE", bad)
		for name, err := range map[string]error{
			"Size": sizeErr, "Do": doErr, "Mkdir": c.Mkdir(ctx, bad), "Remove": c.Remove(ctx, bad),
			"Rename to": c.Rename(ctx, "/a", bad), "Rename from": c.Rename(ctx, bad, "/a"),
		} {
			if !errors.Is(err, wire.ErrUnsafeArgument) {
				t.Errorf("%s(%q): %v", name, bad, err)
			}
		}
	}
	if err := c.Noop(t.Context()); err != nil {
		t.Errorf("the session did not survive: %v", err)
	}
	if got := s.said(); got != before+" NOOP" {
		t.Errorf("said %q", strings.TrimPrefix(got, before))
	}
}

func TestCancelEndsReply(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(c *session) {
		c.login()
		c.expect("NOOP")
		cancel()
		_, _ = c.line() // no reply, ever: the client has to go
	})
	c := s.dial(s.options())
	if err := c.Noop(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := c.Noop(t.Context()); !errors.Is(err, context.Canceled) {
		t.Errorf("the client is still in use: %v", err)
	}
}
