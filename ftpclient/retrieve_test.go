package ftpclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftp"
)

// T-12, C-09: a download is whole only with close_notify and 2yz; every other
// end is an error that says what was missing.
//
func TestDownloadEnds_T12(t *testing.T) {
	tests := []struct {
		name string
		end  func(c *session, d data)
		want error // nil: success
		code ftp.Code
		free bool // the session can be used further
	}{
		{"close_notify and 226", func(c *session, d data) { d.end(); c.reply("226 done") }, nil, 226, true},
		{"226 before the end", func(c *session, d data) { c.reply("226 done"); d.end() }, nil, 226, true},
		{"close_notify and 250", func(c *session, d data) { d.end(); c.reply("250 done") }, nil, 250, true},
		{"FIN and 226", func(c *session, d data) { d.fin(); c.reply("226 done") }, ErrTruncated, 0, true},
		{"FIN inside a record", func(c *session, d data) {
			_, _ = d.tcp.Write([]byte{0x17, 3, 3, 0x40, 0, 1, 2})
			d.fin()
			c.reply("226 done")
		}, ErrTruncated, 0, true},
		{"RST and 226", func(c *session, d data) { d.rst(); c.reply("226 done") }, ErrTruncated, 0, true},
		{"FIN and 426", func(c *session, d data) { d.fin(); c.reply("426 cut") }, ErrTruncated, 426, true},
		{"close_notify and 426", func(c *session, d data) { d.end(); c.reply("426 cut") }, ErrNotVerified, 426, true},
		{"close_notify and 451", func(c *session, d data) { d.end(); c.reply("451 disk") }, ErrNotVerified, 451, true},
		{"close_notify, control lost", func(c *session, d data) { d.end(); _ = c.raw.Close() }, ErrNetwork, 0, false},
		{"control lost first", func(c *session, _ data) { _ = c.raw.Close() }, ErrNetwork, 0, false},
		{"451, data go on", func(c *session, _ data) { c.reply("451 disk") }, ErrTruncated, 451, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, func(c *session) {
				c.login()
				d := c.retr("/f")
				_, _ = io.WriteString(d, "the content")
				tt.end(c, d)
			})
			c := s.dial(s.options())
			var got bytes.Buffer
			res, err := c.Retrieve(t.Context(), "/f", 0, &got)
			if tt.want == nil {
				if err != nil || got.String() != "the content" || !res.CleanEnd || res.Bytes != 11 || res.Reply.Code != tt.code {
					t.Errorf("got %q, %+v, %v", got.String(), res, err)
				}
			} else {
				wantError(t, err, tt.want)
				if tt.code != 0 {
					wantCode(t, err, tt.code)
				}
			}
			if err := c.Noop(t.Context()); tt.free && err != nil {
				t.Errorf("the session did not survive: %v", err)
			}
		})
	}
}

// T-12: a reply that never comes is waited for until the context ends, and then
// it is not success.
func TestNoFinalReply_T12(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(c *session) {
		c.login()
		d := c.retr("/f")
		d.end()
		_, _ = io.Copy(io.Discard, d.tcp) // until the client has closed: it has seen the end
		cancel()
		_, _ = io.Copy(io.Discard, c.conn) // ABOR too has no answer
	})
	c := s.dial(s.options())
	res, err := c.Retrieve(ctx, "/f", 0, io.Discard)
	wantError(t, err, context.Canceled)
	if !res.CleanEnd || !res.Reply.IsZero() {
		t.Errorf("%+v", res)
	}
}

// C-23: the context ends a transfer that stands still.
func TestCancelDownload_C23(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(c *session) {
		c.login()
		_ = c.retr("/f")
		cancel()
	})
	c := s.dial(s.options())
	_, err := c.Retrieve(ctx, "/f", 0, io.Discard)
	wantError(t, err, context.Canceled)
}

// C-09: the number of bytes must be the one that SIZE gave.
//
func TestDownloadSize_C09(t *testing.T) {
	for _, tt := range []struct {
		size   string
		offset int64
		ok     bool
	}{
		{"213 11", 0, true}, {"213 12", 0, false}, {"213 10", 0, false}, {"213 15", 4, true}, {"213 16", 4, false},
		{"550 ascii only", 0, true}, {"213 -1", 0, true}, {"213 99999999999999999999", 0, true},
	} {
		s := serve(t, func(c *session) {
			c.login("SIZE", "REST STREAM")
			c.expect("SIZE /f")
			c.reply(tt.size)
			c.epsv()
			if tt.offset > 0 {
				c.expect("REST 4")
				c.reply("350 go on")
			}
			c.expect("RETR /f")
			c.reply("150 go")
			d := c.accept()
			_, _ = io.WriteString(d, "the content")
			d.end()
			c.reply("226 done")
		})
		res, err := s.dial(s.options()).Retrieve(t.Context(), "/f", tt.offset, io.Discard)
		if tt.ok && err != nil {
			t.Errorf("%s from %d: %v", tt.size, tt.offset, err)
		}
		if !tt.ok {
			wantError(t, err, ErrNotVerified)
		}
		if known := strings.HasPrefix(tt.size, "213 1"); known != (res.Size >= 0) {
			t.Errorf("%s: Size %d", tt.size, res.Size)
		}
	}
}

func TestEmptyFileIsHandshaken(t *testing.T) {
	s := serve(t, func(c *session) { c.login(); c.retr("/f").end(); c.reply("226 done") })
	res, err := s.dial(s.options()).Retrieve(t.Context(), "/f", 0, io.Discard)
	if err != nil || !res.CleanEnd || res.Bytes != 0 {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestRetrieveRefused(t *testing.T) {
	s := serve(t, func(c *session) {
		c.login()
		c.epsv()
		c.expect("RETR /f")
		c.reply("550 no such file")
		c.epsv()
		c.expect("REST 5")
		c.reply("502 no REST")
	})
	c := s.dial(s.options())
	_, err := c.Retrieve(t.Context(), "/f", 0, io.Discard)
	wantCode(t, err, 550)
	_, err = c.Retrieve(t.Context(), "/f", 5, io.Discard)
	wantCode(t, err, 502)
	if err := c.Noop(t.Context()); err != nil {
		t.Error(err)
	}
}

// What fails here is that, and not the answer of a server that sees a connection break: no
// other attempt mends it, unless it comes from another server for the moment.
func TestLocalWriteFails(t *testing.T) {
	full := errors.New("disk full")
	s := serve(t, func(c *session) {
		c.login()
		d := c.retr("/f")
		_, _ = io.Copy(d, zeros{})
		c.reply("426 you left")
	})
	c := s.dial(s.options())
	_, err := c.Retrieve(t.Context(), "/f", 0, writerFunc(func([]byte) (int, error) { return 0, full }))
	wantError(t, err, full)
	var here *LocalError
	var refused *ftp.Error
	if !errors.As(err, &here) || errors.As(err, &refused) || Temporary(err) {
		t.Errorf("%v, temporary %t", err, Temporary(err))
	}
	if err := c.Noop(t.Context()); err != nil {
		t.Error(err)
	}
	if !Temporary(&LocalError{fmt.Errorf("the source: %w", ErrNetwork)}) {
		t.Error("a network failure of the other end is not temporary")
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
