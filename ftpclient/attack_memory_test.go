package ftpclient_test

import (
	"io"
	"testing"
	"testing/synctest"

	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
)

// loginFloods are servers that send so many bytes instead of a login that ends.
func loginFloods(flood int64) map[string]ftptest.Script {
	return map[string]ftptest.Script{
		"greeting line":       func(s *ftptest.Session) { s.Send("220 "); s.Flood("x", flood) },
		"greeting lines":      func(s *ftptest.Session) { s.Flood("220-hello\r\n", flood) },
		"preliminary replies": func(s *ftptest.Session) { s.Flood("120 soon\r\n", flood) },
		"features": func(s *ftptest.Session) {
			s.Greet()
			s.Answer("USER *", "331 and?")
			s.Answer("PASS *", "230 in")
			s.Answer("PBSZ *", "200 ok")
			s.Answer("PROT *", "200 ok")
			s.Expect("FEAT")
			s.Send("211-Features\r\n")
			s.Flood(" X-FEATURE of mine\r\n", flood)
		},
	}
}

// C-14, C-15, C-22: what a server sends without end is given up after a number of bytes
// that is small, so that no more than that can be held: counted on the way.
func TestAttackFlood_C15(t *testing.T) {
	const most = 2 << 20
	const flood = 64 << 20 // what the server would send
	type do func(t *testing.T, c *ftpclient.Client) error
	data := func(start, piece string) ftptest.Script {
		return func(s *ftptest.Session) {
			s.Login("SIZE", "MLST type*;")
			d := s.Transfer("MLSD /")
			d.Send(start)
			d.Flood(piece, flood)
		}
	}
	ls := func(t *testing.T, c *ftpclient.Client) error { _, err := list(t.Context(), c, "/"); return err }
	pwd := func(t *testing.T, c *ftpclient.Client) error { _, err := c.Pwd(t.Context()); return err }
	type attack struct {
		script ftptest.Script
		do     do // nil: the login itself fails
	}
	attacks := map[string]attack{
		"reply line":          {func(s *ftptest.Session) { s.Login(); s.Expect("PWD"); s.Send("257 \""); s.Flood("x", flood) }, pwd},
		"reply lines":         {func(s *ftptest.Session) { s.Login(); s.Expect("PWD"); s.Flood("257-more\r\n", flood) }, pwd},
		"line of a listing":   {data("", "x"), ls},
		"lines of no meaning": {data("", "what is this\r\n"), ls},
		"facts":               {data("", "type=file;"), ls},
		"download beyond SIZE": {func(s *ftptest.Session) {
			s.Login("SIZE")
			s.Answer("SIZE *", "213 10")
			s.Transfer("RETR /f").Flood("x", flood)
		}, func(t *testing.T, c *ftpclient.Client) error {
			_, err := c.Retrieve(t.Context(), "/f", 0, io.Discard)
			return err
		}},
	}
	for name, script := range loginFloods(flood) {
		attacks[name] = attack{script, nil}
	}
	for name, tt := range attacks {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := ftptest.NewHostileInMemory(tt.script)
				proxy := &ftptest.Proxy{Dial: h.DialContext}
				c, err := ftpclient.Dial(t.Context(), h.URL(), ftpclient.Options{RootCAs: h.Pool, DialContext: proxy.DialContext})
				if tt.do != nil {
					if err != nil {
						t.Fatal(err)
					}
					err = tt.do(t, c)
					_ = c.Close()
				}
				wantKind(t, err)
				proxy.Close()
				_ = h.Close() // the scripts end where the client goes
				var came int64
				for _, p := range proxy.Passages() {
					came += p.Down
				}
				if came > most {
					t.Errorf("%d bytes came before the client gave up (%v)", came, err)
				}
			})
		})
	}
}
