package ftpclient_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
)

// watch is the dialer of a client. At every 256 KiB that come it looks how large the heap
// is, garbage that was not collected yet included.
type watch struct {
	dial func(context.Context, string, string) (net.Conn, error)
	stop func() // is called when enough has come; may be nil

	mu           sync.Mutex
	came, enough int64
	least, most  uint64
}

func watching(h *ftptest.Hostile) *watch {
	runtime.GC()
	return &watch{dial: h.DialContext, least: objects(), enough: 256 << 20}
}

// objects is what the heap has in live objects, and in dead ones that still take room.
func objects() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func (w *watch) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := w.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &watchedConn{c, w}, nil
}

type watchedConn struct {
	net.Conn
	w *watch
}

func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.w.pass(int64(n))
	return n, err
}

func (w *watch) pass(n int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.came
	w.came += n
	if before>>18 != w.came>>18 {
		w.most = max(w.most, objects())
	}
	if before < w.enough && w.came >= w.enough && w.stop != nil {
		w.stop()
	}
}

// grown looks a last time, and gives by how much the heap was ever larger than at first.
func (w *watch) grown() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return int64(max(w.most, objects())) - int64(w.least)
}

// endless sends what next gives until the client has gone.
func endless(d io.Writer, next func(n int) string) {
	var block bytes.Buffer
	for n := 0; ; n++ {
		if block.WriteString(next(n)); block.Len() < 64<<10 {
			continue
		}
		if _, err := d.Write(block.Bytes()); err != nil {
			return
		}
		block.Reset()
	}
}

// C-14, C-15, C-22: the heap grows by less than 64 MiB, whatever a server sends, and also
// if the caller keeps what it may keep without further thought: some ten thousand
// entries, and errors. TestHeapOfProgram_C14 is the same for the program.
func TestHeapOfClient_C15(t *testing.T) {
	const most = 64 << 20
	const flood = 1 << 30 // what the server would send; the client gives up before
	type do func(t *testing.T, c *ftpclient.Client)
	mlsd := func(next func(n int) string) ftptest.Script {
		return func(s *ftptest.Session) {
			s.Login("MLST type*;size*;modify*;unique*;")
			endless(s.Transfer("MLSD /"), next)
			s.Reply("426 cut")
		}
	}
	dirList := func(next func(n int) string) ftptest.Script {
		return func(s *ftptest.Session) {
			s.Login()
			s.EPSV()
			s.Answer("MLSD /", "500 what")
			s.Answer("PWD", `257 "/"`)
			s.Answer("CWD /", "250 ok")
			endless(s.Transfer("LIST"), next)
			s.Reply("426 cut")
		}
	}
	// keep takes as many entries, and keeps them.
	keep := func(entries int) do {
		return func(t *testing.T, c *ftpclient.Client) {
			kept := make([]vfs.Entry, 0, entries)
			for e, err := range c.List(t.Context(), "/") {
				if err != nil {
					t.Error(err)
					return
				}
				if kept = append(kept, e); len(kept) == entries {
					break
				}
			}
			runtime.GC()
			if got := objects(); len(kept) < entries || got == 0 {
				t.Errorf("%d entries", len(kept))
			}
			runtime.KeepAlive(kept)
		}
	}
	pass := func(entries int) do { // takes as many, and keeps none
		return func(t *testing.T, c *ftpclient.Client) {
			n := 0
			for _, err := range c.List(t.Context(), "/") {
				if err != nil {
					t.Error(err)
					return
				}
				if n++; n == entries {
					return
				}
			}
		}
	}
	fails := func(t *testing.T, c *ftpclient.Client) {
		_, err := list(t.Context(), c, "/")
		wantKind(t, err)
	}
	pwd := func(t *testing.T, c *ftpclient.Client) { _, err := c.Pwd(t.Context()); wantKind(t, err) }
	get := func(t *testing.T, c *ftpclient.Client) {
		_, err := c.Retrieve(t.Context(), "/f", 0, io.Discard)
		wantKind(t, err)
	}
	refusal := strings.Repeat("550-"+strings.Repeat("x", 1000)+"\r\n", 950) + "550 no"
	type attack struct {
		script ftptest.Script
		do     do // nil: the login itself fails
	}
	attacks := map[string]attack{
		"reply line":  {func(s *ftptest.Session) { s.Login(); s.Expect("PWD"); s.Send("257 \""); s.Flood("x", flood) }, pwd},
		"reply lines": {func(s *ftptest.Session) { s.Login(); s.Expect("PWD"); s.Flood("257-more\r\n", flood) }, pwd},
		"refusals": {func(s *ftptest.Session) {
			s.Login()
			for range 60 {
				s.Answer("DELE *", refusal)
			}
		}, func(t *testing.T, c *ftpclient.Client) {
			var kept []error
			for range 60 {
				kept = append(kept, c.Remove(t.Context(), "/f"))
			}
			for _, err := range kept {
				var refused *ftp.Error
				if !errors.As(err, &refused) || refused.Reply.Code != 550 || len(err.Error()) < 1000 {
					t.Fatal(err)
				}
			}
		}},
		"line of a listing":   {mlsd(func(int) string { return "x" }), fails},
		"lines of no meaning": {mlsd(func(int) string { return "what is this " + strings.Repeat("x", 1000) + "\r\n" }), fails},
		"facts": {mlsd(func(n int) string {
			return fmt.Sprintf("type=file;%s f%d\r\n", strings.Repeat("x=y;", 15<<10), n)
		}), keep(2000)},
		"entries":    {mlsd(func(n int) string { return fmt.Sprintf("type=file;size=1;modify=20200102030405; f%d\r\n", n) }), pass(1_000_000)},
		"long names": {mlsd(func(n int) string { return fmt.Sprintf("type=file; %s%d\r\n", strings.Repeat("x", 60<<10), n) }), pass(2000)},
		"targets of links": {dirList(func(n int) string {
			return fmt.Sprintf("lrwxrwxrwx 1 a b 5 Jan 2 2020 l%d -> %s\r\n", n, strings.Repeat("x", 60<<10))
		}), keep(2000)},
		"lines of VMS": {dirList(func(n int) string {
			return fmt.Sprintf("N%d%s.TXT;1 1/2 2-OCT-2026 15:44 %s\r\n", n, "X", strings.Repeat("x", 50<<10))
		}), keep(2000)},
		"download beyond SIZE": {func(s *ftptest.Session) {
			s.Login("SIZE")
			s.Answer("SIZE *", "213 10")
			s.Transfer("RETR /f").Flood("x", flood)
			s.Reply("426 cut")
		}, get},
		"download without end": {func(s *ftptest.Session) { s.Login(); s.Transfer("RETR /f").Flood("x", flood) }, get},
		"records of one byte": {func(s *ftptest.Session) {
			s.Login()
			d := s.Transfer("RETR /f")
			d.Drip(strings.Repeat("x", 100_000), nil)
			d.End()
			s.Reply("226 done")
		}, func(t *testing.T, c *ftpclient.Client) {
			if res, err := c.Retrieve(t.Context(), "/f", 0, io.Discard); err != nil || res.Bytes != 100_000 {
				t.Errorf("%+v, %v", res, err)
			}
		}},
	}
	for name, script := range loginFloods(flood) {
		attacks[name] = attack{script, nil}
	}
	for name, tt := range attacks {
		t.Run(name, func(t *testing.T) {
			h := ftptest.NewHostileInMemory(tt.script)
			defer h.Close()
			w := watching(h)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			c, err := ftpclient.Dial(ctx, h.URL(), ftpclient.Options{RootCAs: h.Pool, DialContext: w.DialContext})
			if tt.do != nil {
				if err != nil {
					t.Fatal(err)
				}
				w.stop = func() { _ = c.Close() }
				tt.do(t, c)
				_ = c.Close()
			} else {
				wantKind(t, err)
			}
			if grown := w.grown(); grown > most {
				t.Errorf("the heap grew by %d KiB", grown>>10)
			} else {
				t.Logf("the heap grew by %d KiB, %d KiB came", grown>>10, w.came>>10)
			}
		})
	}
}

// C-15: so it is with certificates: a chain is no longer than a handshake may be, and one
// that is too long ends the handshake.
func TestHeapOfCertificates_C15(t *testing.T) {
	for name, links := range map[string]int{"long": 200, "too long": 2000} {
		t.Run(name, func(t *testing.T) {
			h := ftptest.NewHostileInMemory(func(s *ftptest.Session) { s.Login() })
			defer h.Close()
			leaf := h.Certificate.Certificate[0]
			for range links {
				h.TLS.Certificates[0].Certificate = append(h.TLS.Certificates[0].Certificate, leaf)
			}
			w := watching(h)
			c, err := ftpclient.Dial(t.Context(), h.URL(), ftpclient.Options{RootCAs: h.Pool, DialContext: w.DialContext})
			if err == nil {
				_ = c.Close()
			}
			if (err == nil) != (name == "long") {
				t.Error(err)
			}
			if grown := w.grown(); grown > 64<<20 {
				t.Errorf("the heap grew by %d KiB", grown>>10)
			}
		})
	}
}

// T-18: and with KeyUpdates, of which each is answered.
func TestHeapOfKeyUpdates_T18(t *testing.T) {
	var log *bytes.Buffer
	against(t, func(s *ftptest.Session) {
		s.StartTLS()
		b := takeOver(s, log)
		for range 100_000 {
			b.keyUpdate()
		}
	}, func(t *testing.T, h *ftptest.Hostile, opt ftpclient.Options) {
		log, _ = keyLog(h, &opt)
		w := watching(h)
		opt.DialContext = w.DialContext
		u := h.URL()
		u.Security = ftp.Implicit
		_, err := ftpclient.Dial(t.Context(), u, opt)
		wantKind(t, err)
		if grown := w.grown(); grown > 64<<20 {
			t.Errorf("the heap grew by %d KiB", grown>>10)
		}
	})
}
