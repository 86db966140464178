package ftpclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
)

// stages are all points at which a client awaits a reply, the last ones behind the
// login. play goes as far as that.
var stages = []struct {
	name string
	play func(*ftptest.Session)
	do   func(context.Context, *ftpclient.Client) error // nil: Dial fails
}{
	{"greeting", func(*ftptest.Session) {}, nil},
	{"AUTH", func(s *ftptest.Session) { s.Reply("220 ready"); s.Expect("AUTH TLS") }, nil},
	{"USER", func(s *ftptest.Session) { s.Greet(); s.Expect("USER *") }, nil},
	{"PASS", func(s *ftptest.Session) { s.Greet(); s.Answer("USER *", "331 and?"); s.Expect("PASS *") }, nil},
	{"PBSZ", func(s *ftptest.Session) { s.Greet(); s.Answer("USER *", "230 in"); s.Expect("PBSZ 0") }, nil},
	{"PROT", func(s *ftptest.Session) {
		s.Greet()
		s.Answer("USER *", "230 in")
		s.Answer("PBSZ 0", "200 ok")
		s.Expect("PROT P")
	}, nil},
	{"FEAT", func(s *ftptest.Session) {
		s.Greet()
		s.Answer("USER *", "230 in")
		s.Answer("PBSZ 0", "200 ok")
		s.Answer("PROT P", "200 ok")
		s.Expect("FEAT")
	}, nil},
	{"TYPE", func(s *ftptest.Session) {
		s.Greet()
		s.Answer("USER *", "230 in")
		s.Answer("PBSZ 0", "200 ok")
		s.Answer("PROT P", "200 ok")
		s.Answer("FEAT", "500 no")
		s.Expect("TYPE I")
	}, nil},
	{"NOOP", func(s *ftptest.Session) { s.Login(); s.Expect("NOOP") }, func(ctx context.Context, c *ftpclient.Client) error { return c.Noop(ctx) }},
	{"EPSV", func(s *ftptest.Session) { s.Login(); s.Expect("EPSV") }, retrieve},
	{"RETR", func(s *ftptest.Session) { s.Login(); s.EPSV(); s.Expect("RETR /f") }, retrieve},
	{"end of RETR", func(s *ftptest.Session) { s.Login(); s.Transfer("RETR /f").End() }, retrieve},
	{"amid RETR", func(s *ftptest.Session) { s.Login(); s.Transfer("RETR /f").Send("x") }, retrieve},
	{"end of STOR", func(s *ftptest.Session) { s.Login(); d := s.Transfer("STOR /f"); d.Drain(); d.End() }, store},
	{"MLST", func(s *ftptest.Session) { s.Login(); s.Expect("MLST /f") }, func(ctx context.Context, c *ftpclient.Client) error { _, err := c.Stat(ctx, "/f"); return err }},
}

func retrieve(ctx context.Context, c *ftpclient.Client) error {
	_, err := c.Retrieve(ctx, "/f", 0, io.Discard)
	return err
}

func store(ctx context.Context, c *ftpclient.Client) error {
	_, err := c.Store(ctx, "/f", 0, strings.NewReader("x"))
	return err
}

// atStages runs play at every stage, and gives check the error of Dial or of what was
// called. The connection must be of no more use.
func atStages(t *testing.T, play func(*ftptest.Session), check func(t *testing.T, stage string, err error)) {
	t.Helper()
	for _, stage := range stages {
		t.Run(stage.name, func(t *testing.T) {
			against(t, func(s *ftptest.Session) { stage.play(s); play(s); s.Silence() }, func(t *testing.T, h *ftptest.Hostile, opt ftpclient.Options) {
				c, err := ftpclient.Dial(t.Context(), h.URL(), opt)
				if stage.do == nil {
					check(t, stage.name, err)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				check(t, stage.name, stage.do(t.Context(), c))
				isLost(t, h, c)
			})
		})
	}
}

// C-15: what is no reply, or one without bounds, is an error at every point where one
// is awaited, and reading stops early. (CVE-2018-1000300, GHSA-rpmf)
func TestAttackReplies_C15(t *testing.T) {
	const most = 4 << 20
	flood := func(first, piece string) func(*ftptest.Session) {
		return func(s *ftptest.Session) {
			s.Send(first)
			if s.Flood(piece, most) >= most {
				s.Failf("the client read on")
			}
		}
	}
	send := func(text string) func(*ftptest.Session) { return func(s *ftptest.Session) { s.Send(text) } }
	for name, play := range map[string]func(*ftptest.Session){
		"endless lines":          flood("150-hello\r\n", " more\r\n"),
		"endless empty lines":    flood("150-hello\r\n", "\r\n"),
		"endless other codes":    flood("150-hello\r\n", "226 done\r\n"),
		"an endless line":        flood("150 ", strings.Repeat("x", 1000)),
		"an endless last line":   flood("150-hello\r\n150 ", strings.Repeat("x", 1000)),
		"endless digits":         flood("", "1"),
		"endless 1yz":            flood("", "150 soon\r\n"),
		"endless NULs":           flood("", "\x00\x00\x00\x00"),
		"1001 lines":             send("200-hello\r\n" + strings.Repeat("x\r\n", 1001) + "200 end\r\n"),
		"over 64 KiB":            send("200 " + strings.Repeat("x", 64<<10) + "\r\n"),
		"over 1 MiB in lines":    send("200-hello\r\n" + strings.Repeat(strings.Repeat("x", 60000)+"\r\n", 20) + "200 end\r\n"),
		"code 999":               send("999 hello\r\n"),
		"code 000":               send("000 hello\r\n"),
		"code 099":               send("099 hello\r\n"),
		"code 600":               send("600 hello\r\n"),
		"letters":                send("2xx hello\r\n"),
		"digits of another kind": send("２２０ hello\r\n"),
		"no digits":              send("hello\r\n"),
		"two digits":             send("22\r\n"),
		"four digits":            send("2200 hello\r\n"),
		"a sign":                 send("+22 hello\r\n"),
		"a space before":         send(" 220 hello\r\n"),
		"empty":                  send("\r\n"),
		"no space behind":        send("220hello\r\n"),
		"HTTP":                   send("HTTP/1.1 400 Bad Request\r\n\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			atStages(t, play, func(t *testing.T, stage string, err error) {
				if strings.HasPrefix(name, "endless 1yz") && stage == "AUTH" {
					wantKind(t, err, ftpclient.ErrTLS) // 150 is not 234, and no more is read
					return
				}
				wantKind(t, err, ftpclient.ErrProtocol)
			})
		})
	}
	// Pieces and many lines are no attack.
	t.Run("in pieces", func(t *testing.T) {
		against(t, func(s *ftptest.Session) {
			s.Drip("220-hello\r\n 220 not yet\r\n221 nor now\r\n220 rea", nil)
			s.Drip("dy\r\n", nil)
			s.Expect("AUTH TLS")
			s.Drip("234 go\r\n", nil)
			s.StartTLS()
			s.Expect("USER *")
			s.Drip("331-"+strings.Repeat("x", 30000)+"\r\n"+strings.Repeat("\r\n", 900)+"331 and?\r\n", nil)
			s.Expect("PASS *")
			s.Drip("530 no\r\n", nil)
		}, func(t *testing.T, h *ftptest.Hostile, opt ftpclient.Options) {
			if _, err := ftpclient.Dial(t.Context(), h.URL(), opt); code(err) != 530 {
				t.Error(err)
			}
		})
	})
}

// C-22: 421 can come at any point, and is told as what it is; the connection is over.
func TestAttackClosing_C22(t *testing.T) {
	for _, tt := range []struct{ name, reply string }{{"421", "421 too many\r\n"}, {"421 and more", "421-too\r\n many\r\n421 connections\r\n"}} {
		t.Run(tt.name, func(t *testing.T) {
			atStages(t, func(s *ftptest.Session) { s.Send(tt.reply); s.End() }, func(t *testing.T, stage string, err error) {
				if code(err) != ftp.Code421Closing {
					t.Errorf("no 421 in %v", err)
				}
				// Before TLS it may be somebody else who says so, and trying again may help him.
				if stage != "AUTH" && !ftpclient.Temporary(err) {
					t.Errorf("%v is not temporary", err)
				}
			})
		})
	}
	// It can also come unasked, while nothing is awaited.
	t.Run("unasked", func(t *testing.T) {
		loggedIn(t, func(s *ftptest.Session) { s.Login(); s.Reply("421 idle for too long"); s.End() }, func(t *testing.T, h *ftptest.Hostile, c *ftpclient.Client) {
			if err := c.Noop(t.Context()); code(err) != ftp.Code421Closing && !errors.Is(err, ftpclient.ErrNetwork) {
				t.Error(err)
			}
			isLost(t, h, c)
		})
	})
}

// C-22: what a server says of itself is bounded, and believed no further than it has to
// be: FEAT, HOST, OPTS, 120.
func TestAttackFeatures_C22(t *testing.T) {
	feat := func(n int, line string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(line, "#", fmt.Sprint(i)) + "\r\n")
		}
		return "211-Features\r\n" + b.String() + "211 End\r\n"
	}
	for _, tt := range []struct {
		name string
		feat string
		most int // features that may be kept
	}{
		{"many", feat(990, " X#"), 200},
		{"the same", feat(990, " SIZE"), 200},
		{"long", feat(15, " X# "+strings.Repeat("y", 60000)), 15},
		{"empty lines", feat(900, ""), 0},
		{"one line", "211 no features\r\n", 0},
		{"only a head", "211-Features\r\n211 End\r\n", 0},
		{"control characters", "211-Features\r\n \x1b[2J\x00\r\n SIZE\r\n211 End\r\n", 2},
		{"no space before", "211-Features\r\nSIZE\r\nMDTM\r\n211 End\r\n", 2},
		{"codes before", "211-Features\r\n211-SIZE\r\n211-MDTM\r\n211 End\r\n", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			against(t, func(s *ftptest.Session) {
				s.Greet()
				s.Answer("USER *", "230 in")
				s.Answer("PBSZ 0", "200 ok")
				s.Answer("PROT P", "200 ok")
				s.Expect("FEAT")
				s.Send(tt.feat)
				s.Answer("TYPE I", "200 ok")
			}, func(t *testing.T, h *ftptest.Hostile, opt ftpclient.Options) {
				c, err := ftpclient.Dial(t.Context(), h.URL(), opt)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				if n := len(c.Features()); n > tt.most {
					t.Errorf("%d features were kept", n)
				}
				survives(t, c)
			})
		})
	}
	t.Run("names that are no UTF-8 in spite of it", func(t *testing.T) {
		loggedIn(t, func(s *ftptest.Session) {
			s.Login("UTF8")
			d := s.Transfer("MLSD /d")
			d.Send("type=file;size=1; \xe4\xff\x1b[31m\r\n")
			d.End()
			s.Reply("226 done")
		}, func(t *testing.T, _ *ftptest.Hostile, c *ftpclient.Client) {
			if names, err := list(t.Context(), c, "/d"); err != nil || len(names) != 1 || names[0] != "\xe4\xff\x1b[31m" {
				t.Errorf("%q, %v", names, err)
			}
		})
	})
	for _, reply := range []string{"501 no", "451 later", "500 what", "421 bye", "200-a\r\nb\r\n200 c"} {
		t.Run("OPTS "+reply[:3], func(t *testing.T) {
			loggedIn(t, func(s *ftptest.Session) {
				s.Login("HASH SHA-256;MD5*")
				s.Answer("OPTS HASH SHA-256", reply)
				s.Answer("HASH /f", "213 SHA-256 0-0 nonsense /f")
			}, func(t *testing.T, _ *ftptest.Hostile, c *ftpclient.Client) {
				_, err := c.Hash(t.Context(), "/f")
				wantKind(t, err)
				if got := fmt.Sprint(code(err)); reply[0] != '2' && got != reply[:3] {
					t.Errorf("no %s in %v", reply[:3], err)
				}
			})
		})
	}
	for reply, refused := range map[string]ftp.Code{"504 not here": 504, "421 bye": 421, "530 no": 530, "331 password?": 331, "451 later": 451, "500 what": 0, "502 no": 0, "220 ok": 0, "120 wait\r\n220 ok": 0} {
		t.Run("HOST "+reply[:3], func(t *testing.T) {
			against(t, func(s *ftptest.Session) {
				s.Greet()
				s.Answer("HOST 127.0.0.1", reply)
				s.User()
			}, func(t *testing.T, h *ftptest.Hostile, opt ftpclient.Options) {
				opt.SendHost = true
				c, err := ftpclient.Dial(t.Context(), h.URL(), opt)
				if code(err) != refused || (refused == 0) != (err == nil) {
					t.Errorf("got %v, want %d", err, refused)
				}
				if err == nil {
					_ = c.Close()
				} else if strings.Contains(h.Verbs(), "USER") {
					t.Errorf("said %q", h.Verbs())
				}
			})
		})
	}
	t.Run("120, then 220", func(t *testing.T) {
		loggedIn(t, func(s *ftptest.Session) { s.Reply("120 in a minute"); time.Sleep(20 * time.Second); s.Login() }, func(t *testing.T, _ *ftptest.Hostile, c *ftpclient.Client) { survives(t, c) })
	})
	t.Run("a slow banner", func(t *testing.T) {
		loggedIn(t, func(s *ftptest.Session) {
			s.Drip("220-", every(time.Second))
			s.Drip("hello\r\n", every(time.Second))
			s.Login()
		}, func(t *testing.T, _ *ftptest.Hostile, c *ftpclient.Client) { survives(t, c) })
	})
}

// C-18: a reply to PWD that holds no path, or half a one, is an error.
// (CVE-2017-1000254)
func TestAttackPwd_C18(t *testing.T) {
	for reply, want := range map[string]string{
		`257 "/"`: "/", `257 "/a ""b"" c" is here`: `/a "b" c`, `257 """"`: `"`, "257-\"/a\"\r\n257 that is it": "/a", `257 "/a" and "/b"`: "/a",
		`257 /`: "", `257 "/`: "", `257 "`: "", `257 ""`: "", `257 """`: "", `257 "/a""`: "", `257`: "", `257 `: "", `257 is "/a"`: "", `250 "/a"`: "", `200 "/a"`: "", `257 '/a'`: "",
		`257 "/` + strings.Repeat("a", 60000): "",
	} {
		t.Run(fmt.Sprintf("%.20q", reply), func(t *testing.T) {
			loggedIn(t, func(s *ftptest.Session) { s.Login(); s.Answer("PWD", reply) }, func(t *testing.T, _ *ftptest.Hostile, c *ftpclient.Client) {
				got, err := c.Pwd(t.Context())
				if got != want {
					t.Errorf("got %.50q", got)
				}
				if want == "" {
					wantKind(t, err, ftpclient.ErrProtocol)
				}
				survives(t, c)
			})
		})
	}
	t.Run("1 MiB", func(t *testing.T) {
		loggedIn(t, func(s *ftptest.Session) { s.Login(); s.Answer("PWD", `257 "/`+strings.Repeat("a", 1<<20)+`"`) }, func(t *testing.T, h *ftptest.Hostile, c *ftpclient.Client) {
			_, err := c.Pwd(t.Context())
			wantKind(t, err, ftpclient.ErrProtocol)
			isLost(t, h, c)
		})
	})
	// Where it is needed for something else, that fails, and no directory is changed.
	t.Run("for a listing", func(t *testing.T) {
		loggedIn(t, func(s *ftptest.Session) {
			s.Login()
			s.EPSV()
			s.Answer("MLSD /d", "502 no")
			s.Answer("PWD", `257 "/half`)
		}, func(t *testing.T, h *ftptest.Hostile, c *ftpclient.Client) {
			_, err := list(t.Context(), c, "/d")
			wantKind(t, err, ftpclient.ErrProtocol)
			if strings.Contains(h.Verbs(), "CWD") {
				t.Errorf("said %q", h.Verbs())
			}
			survives(t, c)
		})
	})
}

// C-19: sizes and times that make no sense are not believed: where one was asked for it
// is an error, where it was to help it is left out, with a warning.
func TestAttackNonsense_C19(t *testing.T) {
	sizes := []string{"213 -1", "213 1180591620717411303424", "213 9223372036854775808", "213 1e3", "213 0x10", "213 +5", "213 5 bytes", "213 ", "213", "213 five", "213 5.0", "200-1\r\n200 5"}
	for _, reply := range sizes {
		t.Run("SIZE "+reply, func(t *testing.T) {
			var warned []string
			against(t, func(s *ftptest.Session) {
				s.Login("SIZE")
				s.Answer("SIZE /f", reply)
				s.Answer("SIZE /f", reply)
				d := s.Transfer("RETR /f")
				d.Send("the content")
				d.End()
				s.Reply("226 done")
			}, func(t *testing.T, h *ftptest.Hostile, opt ftpclient.Options) {
				opt.Warn = func(w *ftpclient.Warning) { warned = append(warned, w.Command) }
				c, err := ftpclient.Dial(t.Context(), h.URL(), opt)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				_, err = c.Size(t.Context(), "/f")
				wantKind(t, err, ftpclient.ErrProtocol)
				res, err := c.Retrieve(t.Context(), "/f", 0, io.Discard)
				if err != nil || res.Size != -1 || res.SizeAgrees || strings.Join(warned, " ") != "SIZE" {
					t.Errorf("%+v, %v, warned of %q", res, err, warned)
				}
			})
		})
	}
	// The largest size that there can be is a promise, and nothing is laid out for it.
	t.Run("SIZE 2^63-1", func(t *testing.T) {
		loggedIn(t, func(s *ftptest.Session) {
			s.Login("SIZE")
			s.Answer("SIZE /f", "213 9223372036854775807")
			d := s.Transfer("RETR /f")
			d.Send("the content")
			d.End()
			s.Reply("226 done")
		}, func(t *testing.T, _ *ftptest.Hostile, c *ftpclient.Client) {
			res, err := c.Retrieve(t.Context(), "/f", 0, io.Discard)
			wantKind(t, err, ftpclient.ErrNotVerified)
			if res.Bytes != 11 {
				t.Errorf("%+v", res)
			}
		})
	})
	times := []string{
		"213 999990101000000", "213 20261301000000", "213 20260230000000", "213 20260101250000", "213 20260101006100", "213 -0260101000000", "213 2026", "213 20260101", "213 2026010100000x",
		"213 20260101000000 +0200", "213 20260101000000Z", "213 2026-01-01 00:00:00", "213 ", "213", "213 now", "213 191260101000000",
	}
	for _, reply := range times {
		t.Run("MDTM "+reply, func(t *testing.T) {
			loggedIn(t, func(s *ftptest.Session) { s.Login("MDTM"); s.Answer("MDTM /f", reply) }, func(t *testing.T, _ *ftptest.Hostile, c *ftpclient.Client) {
				got, err := c.ModTime(t.Context(), "/f")
				wantKind(t, err, ftpclient.ErrProtocol)
				if !got.IsZero() {
					t.Errorf("got %v", got)
				}
				survives(t, c)
			})
		})
	}
	// The reply to MFMT repeats the time; nothing is taken from it.
	for _, reply := range []string{"213 Modify=999990101000000; /f", "213 Modify=-1; /g", "213 ", "213 20200102030405", "250 fine"} {
		t.Run("MFMT "+reply, func(t *testing.T) {
			loggedIn(t, func(s *ftptest.Session) { s.Login("MFMT"); s.Answer("MFMT 20200102030405 /f", reply) }, func(t *testing.T, _ *ftptest.Hostile, c *ftpclient.Client) {
				if err := c.SetModTime(t.Context(), "/f", time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)); err != nil {
					t.Error(err)
				}
				survives(t, c)
			})
		})
	}
	for _, facts := range []string{"size=-1;", "size=1180591620717411303424;", "modify=999990101000000;", "modify=20261301000000;", "size=;", "modify=;"} {
		t.Run("MLST "+facts, func(t *testing.T) {
			loggedIn(t, func(s *ftptest.Session) {
				s.Login()
				s.Answer("MLST /f", "250-Listing", " type=file;"+facts+" /f", "250 End")
			}, func(t *testing.T, _ *ftptest.Hostile, c *ftpclient.Client) {
				_, err := c.Stat(t.Context(), "/f")
				wantKind(t, err, ftpclient.ErrProtocol)
				survives(t, c)
			})
		})
	}
}

// C-17: CR, LF and NUL in whatever a user gives are refused before a byte of them is
// sent, wherever they are given. (CVE-2017-3533, GHSA-6v7q, GHSA-8mhj)
func TestAttackLineEnds_C17(t *testing.T) {
	calls := map[string]func(ctx context.Context, c *ftpclient.Client, bad string) error{
		"Retrieve": func(ctx context.Context, c *ftpclient.Client, bad string) error {
			_, err := c.Retrieve(ctx, bad, 0, io.Discard)
			return err
		},
		"Retrieve from": func(ctx context.Context, c *ftpclient.Client, bad string) error {
			_, err := c.Retrieve(ctx, bad, 5, io.Discard)
			return err
		},
		"Store": func(ctx context.Context, c *ftpclient.Client, bad string) error {
			_, err := c.Store(ctx, bad, 0, strings.NewReader("x"))
			return err
		},
		"Append": func(ctx context.Context, c *ftpclient.Client, bad string) error {
			_, err := c.Append(ctx, bad, strings.NewReader("x"))
			return err
		},
		"List": func(ctx context.Context, c *ftpclient.Client, bad string) error {
			_, err := list(ctx, c, bad)
			return err
		},
		"Stat": func(ctx context.Context, c *ftpclient.Client, bad string) error {
			_, err := c.Stat(ctx, bad)
			return err
		},
		"Size": func(ctx context.Context, c *ftpclient.Client, bad string) error {
			_, err := c.Size(ctx, bad)
			return err
		},
		"Hash": func(ctx context.Context, c *ftpclient.Client, bad string) error {
			_, err := c.Hash(ctx, bad)
			return err
		},
		"ModTime": func(ctx context.Context, c *ftpclient.Client, bad string) error {
			_, err := c.ModTime(ctx, bad)
			return err
		},
		"SetModTime": func(ctx context.Context, c *ftpclient.Client, bad string) error {
			return c.SetModTime(ctx, bad, time.Unix(0, 0))
		},
		"Chmod": func(ctx context.Context, c *ftpclient.Client, bad string) error {
			return c.Chmod(ctx, bad, fs.FileMode(0o600))
		},
		"Mkdir":       func(ctx context.Context, c *ftpclient.Client, bad string) error { return c.Mkdir(ctx, bad) },
		"MkdirAll":    func(ctx context.Context, c *ftpclient.Client, bad string) error { return c.MkdirAll(ctx, bad) },
		"Rmdir":       func(ctx context.Context, c *ftpclient.Client, bad string) error { return c.Rmdir(ctx, bad) },
		"Remove":      func(ctx context.Context, c *ftpclient.Client, bad string) error { return c.Remove(ctx, bad) },
		"Chdir":       func(ctx context.Context, c *ftpclient.Client, bad string) error { return c.Chdir(ctx, bad) },
		"Rename from": func(ctx context.Context, c *ftpclient.Client, bad string) error { return c.Rename(ctx, bad, "/good") },
		"Rename to":   func(ctx context.Context, c *ftpclient.Client, bad string) error { return c.Rename(ctx, "/good", bad) },
		"Do": func(ctx context.Context, c *ftpclient.Client, bad string) error {
			_, err := c.Do(ctx, "SITE", bad)
			return err
		},
		"Do, the verb": func(ctx context.Context, c *ftpclient.Client, bad string) error { _, err := c.Do(ctx, bad); return err },
		"ResumeStore": func(ctx context.Context, c *ftpclient.Client, bad string) error {
			_, err := c.ResumeStore(ctx, bad, strings.NewReader("x"))
			return err
		},
	}
	bads := []string{"/a\rb", "/a\nDELE /b", "/a\x00b", "/a\r\nQUIT", "\r\n", "/a\n"}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			loggedIn(t, func(s *ftptest.Session) { s.Login("HASH SHA-256*", "MFMT", "MFF UNIX.mode;") }, func(t *testing.T, h *ftptest.Hostile, c *ftpclient.Client) {
				before := len(h.Heard())
				for _, bad := range bads {
					if err := call(t.Context(), c, bad); err == nil {
						t.Errorf("%q: no error", bad)
					}
				}
				survives(t, c)
				for _, line := range h.Heard()[before:] {
					// A data port may have been asked for: that needs no argument.
					if line != "NOOP" && line != "EPSV" && line != "PASV" {
						t.Errorf("said %q", line)
					}
				}
			})
		})
	}
	for _, bad := range bads {
		t.Run(fmt.Sprintf("login, %q", bad), func(t *testing.T) {
			against(t, func(*ftptest.Session) {}, func(t *testing.T, h *ftptest.Hostile, opt ftpclient.Options) {
				user, password, host := h.URL(), h.URL(), h.URL()
				user.User, password.Password, host.Host = bad, bad, bad
				opt.SendHost = true
				for _, u := range []ftp.URL{user, password, host} {
					if _, err := ftpclient.Dial(t.Context(), u, opt); err == nil {
						t.Errorf("%q: no error", u.Host)
					}
				}
				if said := h.Heard(); len(said) > 0 {
					t.Errorf("said %q", said)
				}
			})
		})
	}
}
