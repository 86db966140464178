package ftpclient

import (
	"context"
	"errors"
	"io"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/quick"
	"time"

	"github.com/sealane/sealane/ftp"
)

// pool makes a pool for s.
func (s *server) pool(opt PoolOptions) *Pool {
	opt.Client.RootCAs = s.roots
	if opt.Retry.Pause == 0 {
		opt.Retry.Pause = time.Nanosecond
	}
	p := NewPool(opt)
	s.t.Cleanup(p.Close)
	return p
}

func (p *Pool) mustGet(t *testing.T, u ftp.URL) *Client {
	t.Helper()
	c, err := p.Get(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// loginAs plays the login of whoever comes.
func (c *session) loginAs() {
	c.start()
	_, _ = c.line()
	c.reply("331 password")
	_, _ = c.line()
	c.reply("230 in")
	c.expect("PBSZ 0")
	c.reply("200 ok")
	c.expect("PROT P")
	c.reply("200 ok")
	c.ready()
}

// C-21, V-67, V-68, V-69: every field of a URL but its path is in the key, one that is added
// to ftp.URL later as well; and nothing else tells two keys apart.
func TestPoolKey_C21(t *testing.T) {
	p := NewPool(PoolOptions{})
	base := ftp.URL{Host: "h", Port: "21", User: "u", Password: "p", Path: "/"}
	fields := reflect.TypeFor[ftp.URL]()
	for i := range fields.NumField() {
		other := base
		switch f := reflect.ValueOf(&other).Elem().Field(i); f.Kind() {
		case reflect.String:
			f.SetString(f.String() + "x")
		case reflect.Bool:
			f.SetBool(!f.Bool())
		case reflect.Int:
			f.SetInt(f.Int() + 1)
		default:
			t.Fatalf("%s: what is another value of it?", fields.Field(i).Name)
		}
		if same := p.key(other) == p.key(base); same != (fields.Field(i).Name == "Path") {
			t.Errorf("%s: same key is %v", fields.Field(i).Name, same)
		}
	}
	injective := func(a, b ftp.URL) bool {
		a.Path, b.Path = "", ""
		a.Host, b.Host = strings.ToLower(a.Host), strings.ToLower(b.Host)
		again := a
		return (p.key(a) == p.key(b)) == (a == b) && p.key(a) == p.key(again)
	}
	if err := quick.Check(injective, nil); err != nil {
		t.Error(err)
	}
	// Texts that only together are the same must not meet.
	if p.key(ftp.URL{User: "ab", Password: "c"}) == p.key(ftp.URL{User: "a", Password: "bc"}) {
		t.Error("user and password run together")
	}
	if NewPool(PoolOptions{}).key(base) == p.key(base) {
		t.Error("hashes of passwords are the same in every pool")
	}
}

// C-21: a connection goes to who would have made the same one, and to nobody else.
func TestPoolShares_C21(t *testing.T) {
	s := serve(t, func(c *session) { c.loginAs() })
	p := s.pool(PoolOptions{})
	anna, bert, anna2 := s.url(), s.url(), s.url()
	bert.User, anna2.Password = "bert", "guessed"
	first := p.mustGet(t, anna)
	p.Put(first)
	for _, other := range []ftp.URL{bert, anna2} {
		c := p.mustGet(t, other)
		if c == first {
			t.Errorf("%s got the connection of another", other.User)
		}
		p.Put(c)
	}
	if again := p.mustGet(t, anna); again != first {
		t.Error("the idle connection was not used")
	}
}

// What was changed by hand, is broken or is busy is not given to the next.
func TestPoolDrops(t *testing.T) {
	for name, spoil := range map[string]func(c *Client) error{
		"CWD":       func(c *Client) error { return c.Chdir(context.Background(), "/") },
		"PROT C":    func(c *Client) error { _, err := c.Do(context.Background(), "PROT", "C"); return err },
		"closed":    func(c *Client) error { return c.Close() },
		"cancelled": func(c *Client) error { c.fail(context.Canceled); return nil },
		"listing":   func(c *Client) error { c.busy = true; return nil },
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(c *session) { c.loginAs() })
			p := s.pool(PoolOptions{Limit: 1})
			first := p.mustGet(t, s.url())
			_ = spoil(first)
			p.Put(first)
			p.Put(first) // a second time does no harm
			second := p.mustGet(t, s.url())
			if first == second {
				t.Error("it was given out again")
			}
			if err := second.Noop(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// A connection that the server has closed while it was idle is found out.
func TestPoolProbes(t *testing.T) {
	var count atomic.Int32
	s := serve(t, func(c *session) {
		c.loginAs()
		if count.Add(1) == 1 {
			c.expect("NOOP")
			c.reply("421 idle too long")
			c.stop()
		}
	})
	p := s.pool(PoolOptions{Limit: 1})
	first := p.mustGet(t, s.url())
	p.Put(first)
	p.mu.Lock()
	for _, srv := range p.servers {
		srv.idle[0].since = time.Now().Add(-time.Minute)
	}
	p.mu.Unlock()
	second := p.mustGet(t, s.url())
	if first == second {
		t.Error("the dead connection was given out")
	}
	if err := second.Noop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestPoolExpires(t *testing.T) {
	gone := make(chan struct{})
	s := serve(t, func(c *session) {
		c.loginAs()
		c.rest()
		close(gone)
	})
	p := s.pool(PoolOptions{IdleTimeout: time.Millisecond})
	p.Put(p.mustGet(t, s.url()))
	<-gone
}

// The server admits two; the pool would make eight. Whoever is refused waits for
// one of the two, and all get their turn.
func TestPoolLearnsLimit(t *testing.T) {
	refusals := map[string]func(c *session){
		"421 greeting": func(c *session) { c.reply("421 too many") },
		"421 USER":     func(c *session) { c.start(); c.expect("USER anna"); c.reply("421 too many") },
		"530 PASS": func(c *session) {
			c.start()
			c.expect("USER anna")
			c.reply("331 password")
			c.expect("PASS secret")
			c.reply("530 too many")
		},
	}
	for name, refuse := range refusals {
		t.Run(name, func(t *testing.T) {
			var in, most atomic.Int32
			s := serve(t, func(c *session) {
				if in.Add(1) > 2 {
					in.Add(-1)
					refuse(c)
					c.stop()
				}
				defer in.Add(-1)
				c.loginAs()
				c.rest()
			})
			p := s.pool(PoolOptions{Limit: 8})
			held := []*Client{p.mustGet(t, s.url()), p.mustGet(t, s.url())}
			var wg sync.WaitGroup
			var using atomic.Int32
			for range 12 {
				wg.Go(func() {
					c, err := p.Get(t.Context(), s.url())
					if err != nil {
						t.Error(err)
						return
					}
					most.Store(max(most.Load(), using.Add(1)))
					if err := c.Noop(t.Context()); err != nil {
						t.Error(err)
					}
					using.Add(-1)
					p.Put(c)
				})
			}
			for _, c := range held {
				p.Put(c)
			}
			wg.Wait()
			if most.Load() > 2 {
				t.Errorf("%d at a time", most.Load())
			}
		})
	}
}

// A refusal that has nothing to do with the number is the caller's.
func TestPoolRefused(t *testing.T) {
	s := serve(t, func(c *session) { c.reply("421 closed for today") })
	_, err := s.pool(PoolOptions{}).Get(t.Context(), s.url())
	wantCode(t, err, 421)
	s = serve(t, func(c *session) {
		c.start()
		if user, _ := c.line(); user == "USER bert" {
			c.reply("530 no")
			c.stop()
		}
		c.reply("230 in")
		c.expect("PBSZ 0")
		c.reply("200 ok")
		c.expect("PROT P")
		c.reply("200 ok")
		c.ready()
	})
	p, bert := s.pool(PoolOptions{}), s.url()
	bert.User = "bert"
	defer p.Put(p.mustGet(t, s.url()))
	_, err = p.Get(t.Context(), bert)
	wantCode(t, err, 530)
}

// Another user's idle connection makes room; waiting ends with its context, and
// with the pool.
func TestPoolFull(t *testing.T) {
	s := serve(t, func(c *session) { c.loginAs() })
	p, bert := s.pool(PoolOptions{Limit: 1}), s.url()
	bert.User = "bert"
	p.Put(p.mustGet(t, s.url()))
	c := p.mustGet(t, bert)
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error, 2)
	go func() { _, err := p.Get(ctx, s.url()); waiting <- err }()
	cancel()
	wantError(t, <-waiting, context.Canceled)
	go func() { _, err := p.Get(t.Context(), s.url()); waiting <- err }()
	p.Close()
	wantError(t, <-waiting, ErrClosed)
	p.Put(c)
	if err := c.Noop(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("after the pool was closed: %v", err)
	}
}

// A download goes on with REST on another connection, and begins again when the
// file has changed meanwhile.
func TestPoolRetrieve(t *testing.T) {
	whole := numbers(200_000)
	for _, changed := range []bool{false, true} {
		var count atomic.Int32
		s := serve(t, func(c *session) {
			c.login("SIZE", "MDTM", "REST STREAM")
			nth := count.Add(1)
			c.expect("MDTM /f")
			if changed && nth == 2 {
				c.reply("213 20210101000000")
			} else {
				c.reply("213 20200101000000")
			}
			c.expect("SIZE /f")
			c.reply("213 200000")
			if nth == 1 {
				d := c.retr("/f")
				_, _ = io.WriteString(d, whole[:120_000])
				d.fin()
				c.reply("421 going down")
				c.stop()
			}
			if changed {
				c.serveFile("/f", whole)
				return
			}
			c.epsv()
			c.expect("REST 54464")
			c.reply("350 ok")
			c.expect("RETR /f")
			c.reply("150 ok")
			d := c.accept()
			_, _ = io.WriteString(d, whole[54_464:])
			d.end()
			c.reply("226 done")
		})
		u := s.url()
		u.Path = "/f"
		f := partFile(t, "")
		res, err := s.pool(PoolOptions{}).Retrieve(t.Context(), u, f)
		if err != nil || held(t, f) != whole || (res.Offset == 0) != changed {
			t.Errorf("changed %v: %+v, %v", changed, res, err)
		}
	}
}

// An upload goes on where it stopped, unless an older file could be taken for what
// was sent.
func TestPoolStore(t *testing.T) {
	whole := numbers(1000)
	for _, older := range []bool{false, true} {
		var count atomic.Int32
		var got []byte
		s := serve(t, func(c *session) {
			c.login("SIZE", "REST STREAM")
			if count.Add(1) == 1 {
				c.expect("SIZE /f")
				if older {
					c.reply("213 500")
				} else {
					c.reply("550 none")
				}
				d := c.stor("/f")
				_, _ = io.ReadFull(d, make([]byte, 100))
				d.rst()
				c.reply("451 disk")
				c.stop()
			}
			if older {
				d := c.stor("/f")
				got, _ = io.ReadAll(d)
				d.end()
			} else {
				c.expect("SIZE /f")
				c.reply("213 400")
				c.serveFile("/f", whole[:400])
				c.epsv()
				c.expect("REST 400")
				c.reply("350 ok")
				c.expect("STOR /f")
				c.reply("150 ok")
				d := c.accept()
				got, _ = io.ReadAll(d)
				d.end()
			}
			c.reply("226 stored")
			c.expect("SIZE /f")
			c.reply("213 1000")
		})
		u := s.url()
		u.Path = "/f"
		src := &slowTail{strings.NewReader(whole)}
		res, err := s.pool(PoolOptions{}).Store(t.Context(), u, src, false)
		if err != nil || !strings.HasSuffix(whole, string(got)) || (res.Offset == 0) != older {
			t.Errorf("older %v: %+v, %v, %d bytes", older, res, err, len(got))
		}
	}
}

// slowTail is not read at one go.
type slowTail struct{ *strings.Reader }

func (r *slowTail) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(len(p), 100)]) }
