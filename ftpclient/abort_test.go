package ftpclient

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// C-23: the end of a context aborts the transfer by ABOR; if the server answers, the
// session goes on.
func TestAbort_C23(t *testing.T) {
	for name, replies := range map[string][]string{
		"426 226":          {"426 aborted", "226 abort done"},
		"finished already": {"226 done", "225 nothing to abort"},
		"ABOR unknown":     {"426 cut", "502 what"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			s := serve(t, func(c *session) {
				c.login()
				d := c.retr("/f")
				_, _ = io.WriteString(d, "begun")
				cancel()
				c.expect("ABOR")
				c.reply(replies...)
			})
			c := s.dial(s.options())
			_, err := c.Retrieve(ctx, "/f", 0, io.Discard)
			wantError(t, err, context.Canceled)
			if err := c.Noop(t.Context()); err != nil {
				t.Errorf("the session did not survive: %v", err)
			}
		})
	}
}

func TestAbortUpload(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(c *session) {
		c.login()
		d := c.stor("/f")
		_, _ = io.ReadFull(d, make([]byte, 1000))
		cancel()
		if _, err := io.Copy(io.Discard, d); err == nil {
			c.failf("the upload ended as if it were whole")
		}
		c.expect("ABOR")
		c.reply("426 aborted", "226 ok")
	})
	c := s.dial(s.options())
	_, err := c.Store(ctx, "/f", 0, zeros{})
	wantError(t, err, context.Canceled)
	if err := c.Noop(t.Context()); err != nil {
		t.Errorf("the session did not survive: %v", err)
	}
}

// A server that does not answer ABOR loses its connection, within a second.
func TestAbortUnanswered_C23(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(c *session) {
		c.login()
		_ = c.retr("/f")
		cancel()
		c.expect("ABOR")
		c.reply("426 aborted") // and nothing to ABOR itself
		_, _ = io.Copy(io.Discard, c.conn)
	})
	c := s.dial(s.options())
	_, err := c.Retrieve(ctx, "/f", 0, io.Discard)
	wantError(t, err, context.Canceled)
	wantError(t, c.Noop(t.Context()), context.Canceled)
}

// Nothing is aborted that is no transfer: the connection is closed at once.
func TestCancelCommand_C23(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(c *session) {
		c.login()
		c.expect("DELE /f")
		cancel()
		if line, ok := c.line(); ok {
			c.failf("got %q", line)
		}
	})
	c := s.dial(s.options())
	wantError(t, c.Remove(ctx, "/f"), context.Canceled)
	wantError(t, c.Noop(t.Context()), context.Canceled)
}

// The server of this module answers ABOR.
func TestAbortHere(t *testing.T) {
	_, c := started(t, map[string]string{"f": strings.Repeat("x", 32<<20)}, Options{})
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := c.Retrieve(ctx, "/f", 0, writerFunc(func(p []byte) (int, error) { cancel(); return len(p), nil }))
		wantError(t, err, context.Canceled)
		if err := c.Noop(t.Context()); err != nil {
			t.Fatalf("the session did not survive: %v", err)
		}
	}
	var got bytes.Buffer
	if _, err := c.Retrieve(t.Context(), "/f", 0, &got); err != nil || got.Len() != 32<<20 {
		t.Errorf("%d bytes, %v", got.Len(), err)
	}
}

// NOOPs during a transfer get their answers when the server likes; none of them is
// taken for the end of the transfer, nor for the answer to what comes next.
func TestKeepAlive(t *testing.T) {
	for name, answer := range map[string]struct{ during, after string }{
		"at once":      {during: "200 ok"},
		"refused":      {during: "500 busy"},
		"at the end":   {after: "200 ok"},
		"refused late": {after: "503 busy"},
	} {
		t.Run(name, func(t *testing.T) {
			const noops = 3
			s := serve(t, func(c *session) {
				c.login()
				d := c.retr("/f")
				for range noops {
					c.expect("NOOP")
					if answer.during != "" {
						c.reply(answer.during)
					}
				}
				_, _ = io.WriteString(d, "the content")
				d.end()
				c.reply("226 done")
				for range noops {
					if answer.after != "" {
						c.reply(answer.after)
					}
				}
				// More NOOPs may have been sent meanwhile.
				for line, ok := c.line(); ok; line, ok = c.line() {
					if line == "SIZE /f" {
						c.reply("213 11")
						return
					}
					c.reply("200 ok")
				}
			})
			opt := s.options()
			opt.KeepAlive = time.Millisecond
			c := s.dial(opt)
			res, err := c.Retrieve(t.Context(), "/f", 0, io.Discard)
			if err != nil || res.Bytes != 11 || res.Reply.Code != 226 {
				t.Errorf("%+v, %v", res, err)
			}
			if n, err := c.Size(t.Context(), "/f"); err != nil || n != 11 {
				t.Errorf("size %d, %v", n, err)
			}
		})
	}
}

// A refused transfer is not taken for a refused NOOP.
func TestKeepAliveRefused(t *testing.T) {
	s := serve(t, func(c *session) {
		c.login()
		d := c.retr("/f")
		c.expect("NOOP")
		d.fin()
		c.reply("451 disk", "200 ok")
		for line, ok := c.line(); ok; line, ok = c.line() {
			if line == "QUIT" {
				c.reply("221 bye")
				return
			}
			c.reply("200 ok")
		}
	})
	opt := s.options()
	opt.KeepAlive = time.Millisecond
	c := s.dial(opt)
	_, err := c.Retrieve(t.Context(), "/f", 0, io.Discard)
	wantCode(t, err, 451)
	if err := c.Quit(t.Context()); err != nil && !errors.Is(err, ErrNetwork) {
		t.Error(err)
	}
}
