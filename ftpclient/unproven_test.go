package ftpclient

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// liar is a server of one file that calls each transfer a success, as some do for one
// that was cut.
type liar struct {
	mu       sync.Mutex
	file     string
	there    bool
	hashes   bool
	size     int                                // that SIZE gives, whatever is there; 0: the right one
	stor     func(n int, content string) string // what becomes of the nth upload; nil: what was sent
	retr     func(n int, content string) string // what is sent as the nth download; nil: the file
	uploads  int
	fetches  int
	restarts []string // of both, and MFMT
}

func (l *liar) play(c *session) {
	features := []string{"SIZE", "REST STREAM", "MFMT"}
	if l.hashes {
		features = append(features, "XSHA256")
	}
	c.login(features...)
	from := 0
	for {
		line, ok := c.line()
		if !ok {
			return
		}
		verb, arg, _ := strings.Cut(line, " ")
		switch l.mu.Lock(); verb {
		case "SIZE":
			switch {
			case !l.there:
				c.reply("550 none")
			case l.size > 0:
				c.reply("213 " + strconv.Itoa(l.size))
			default:
				c.reply("213 " + strconv.Itoa(len(l.file)))
			}
		case "MFMT":
			stamp, _, _ := strings.Cut(arg, " ")
			l.restarts = append(l.restarts, "MFMT "+stamp)
			c.reply("213 modify=" + stamp + "; /f")
		case "XSHA256":
			c.reply("250 " + sha(l.file))
		case "EPSV":
			c.reply("229 (|||" + strconv.Itoa(c.listen()) + "|)")
		case "REST":
			from, _ = strconv.Atoi(arg)
			c.reply("350 ok")
		case "STOR":
			l.store(c, from)
			from = 0
		case "RETR":
			l.retrieve(c, from)
			from = 0
		case "QUIT":
			c.reply("221 bye")
		default:
			c.reply("500 what?")
		}
		l.mu.Unlock()
	}
}

func (l *liar) store(c *session, from int) {
	l.uploads++
	l.restarts = append(l.restarts, "STOR "+strconv.Itoa(from))
	c.reply("150 send it")
	d := c.accept()
	b, _ := io.ReadAll(d)
	if l.stor != nil {
		b = []byte(l.stor(l.uploads, string(b)))
	}
	l.file, l.there = l.file[:from]+string(b), true
	d.end()
	c.reply("226 stored")
}

func (l *liar) retrieve(c *session, from int) {
	l.fetches++
	l.restarts = append(l.restarts, "RETR "+strconv.Itoa(from))
	c.reply("150 here it is")
	d := c.accept()
	content := l.file
	if l.retr != nil {
		content = l.retr(l.fetches, content)
	}
	_, _ = io.WriteString(d, content[from:])
	d.end()
	c.reply("226 done")
}

// C-09, C-10: what both ends have called done and is not the file, is tried again: a part goes
// on, and what a hash tells apart begins anew.
func TestPoolStoreUnproven(t *testing.T) {
	whole, other := numbers(3000), strings.Repeat("x", 3000)
	first := func(taken int) func(int, string) string {
		return func(n int, content string) string {
			if n == 1 {
				return content[:taken]
			}
			return content
		}
	}
	for _, tt := range []struct {
		name string
		liar *liar
		want string // the transfers
	}{
		{"a part", &liar{stor: first(1000)}, "STOR 0, RETR 0, STOR 1000"},
		{"a part in place of an older file", &liar{stor: first(1000), file: other, there: true}, "STOR 0, STOR 0"},
		{"the same, with hashes", &liar{stor: first(1000), file: other, there: true, hashes: true}, "STOR 0, RETR 0, STOR 1000"},
		{"nothing", &liar{stor: first(0)}, "STOR 0, STOR 0"},
		{"all", &liar{}, "STOR 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, tt.liar.play)
			u := s.url()
			u.Path = "/f"
			var told []error
			opt := PoolOptions{Client: Options{Check: CheckHash}, Retry: Retry{Attempts: 2}}
			opt.Retry.Pause, opt.Retry.Notify = time.Nanosecond, func(err error, _ time.Duration) { told = append(told, err) }
			if _, err := s.pool(opt).Store(t.Context(), u, strings.NewReader(whole), false); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(tt.liar.restarts, ", "); got != tt.want || tt.liar.file != whole {
				t.Errorf("%s; %d bytes are there, or they differ", got, len(tt.liar.file))
			}
			if strings.Count(tt.want, "STOR") > 1 != (len(told) == 1 && errors.Is(told[0], ErrNotVerified)) {
				t.Errorf("told of %v", told)
			}
		})
	}
}

// C-09, C-10: what a hash tells apart begins anew, also where the size is right.
func TestPoolOtherContent(t *testing.T) {
	whole := numbers(3000)
	broken := func(n int, content string) string {
		if n == 1 {
			return content[:10] + "?" + content[11:]
		}
		return content
	}
	l := &liar{file: whole, there: true, hashes: true, retr: broken, stor: broken}
	s := serve(t, l.play)
	u := s.url()
	u.Path = "/f"
	p := s.pool(PoolOptions{Client: Options{Check: CheckHash}, Retry: Retry{Attempts: 2}})
	f := partFile(t, "")
	if res, err := p.Retrieve(t.Context(), u, f); err != nil || held(t, f) != whole || !res.HashAgrees {
		t.Errorf("%+v, %v", res, err)
	}
	if got := strings.Join(l.restarts, ", "); got != "RETR 0, RETR 0" {
		t.Error(got)
	}

	for _, resume := range []bool{false, true} {
		l.restarts, l.uploads, l.file = nil, 0, ""
		if res, err := p.Store(t.Context(), u, strings.NewReader(whole), resume); err != nil || l.file != whole || !res.HashAgrees {
			t.Errorf("resume %v: %+v, %v", resume, res, err)
		}
		if got := strings.Join(l.restarts, ", "); got != "STOR 0, STOR 0" {
			t.Errorf("resume %v: %s", resume, got)
		}
	}
}

// C-09: what a hash tells apart does not keep the time of the file, by which it would be
// taken for the file.
func TestOtherContentHasNoTime(t *testing.T) {
	whole := numbers(3000)
	l := &liar{hashes: true, stor: func(_ int, content string) string { return content[1:] + "?" }}
	s := serve(t, l.play)
	opt := s.options()
	opt.Check = CheckHash
	res, err := s.dial(opt).StoreFile(t.Context(), "/f", strings.NewReader(whole), FileInfo{ModTime: time.Unix(1e9, 0)})
	wantError(t, err, ErrNotVerified)
	last := l.restarts[len(l.restarts)-1]
	if !res.SizeAgrees || res.ModTimeSet || len(l.restarts) != 3 || l.restarts[1] != "MFMT 20010909014640" || last == l.restarts[1] {
		t.Errorf("%+v, %v", res, l.restarts)
	}
}

// A server that gives a wrong size of everything is not asked for ever, although each
// attempt to go on moves something.
func TestPoolUnprovenEnds(t *testing.T) {
	whole := numbers(3000)
	for _, up := range []bool{true, false} {
		l := &liar{file: whole, there: !up, size: 2900}
		s := serve(t, l.play)
		u := s.url()
		u.Path = "/f"
		p := s.pool(PoolOptions{Retry: Retry{Attempts: 3}})
		var err error
		if up {
			_, err = p.Store(t.Context(), u, strings.NewReader(whole), false)
		} else {
			_, err = p.Retrieve(t.Context(), u, partFile(t, ""))
		}
		wantError(t, err, ErrNotVerified)
		if n := l.uploads + l.fetches; n < 3 || n > 8 {
			t.Errorf("upload %v: %d transfers: %v", up, n, l.restarts)
		}
	}
}

// A pool that is closed says good-bye, and does not wait for who never answers.
func TestPoolCloseQuits(t *testing.T) {
	quit := make(chan string, 2)
	for _, polite := range []bool{true, false} {
		s := serve(t, func(c *session) {
			c.loginAs()
			line, _ := c.line()
			quit <- line
			if polite {
				c.reply("221 bye")
			}
			_, _ = c.line()
		})
		p := s.pool(PoolOptions{})
		p.Put(p.mustGet(t, s.url()))
		p.Close()
		if got := <-quit; got != "QUIT" {
			t.Errorf("%q", got)
		}
	}
}
