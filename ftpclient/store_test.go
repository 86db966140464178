package ftpclient

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftp"
)

// stor plays STOR up to the 150 and the handshake.
func (c *session) stor(path string) data {
	c.epsv()
	c.expect("STOR " + path)
	c.reply("150 send it")
	return c.accept()
}

// T-13: the server reads only after the client has given all, with its session
// ticket still unread at the client: nothing of the tail is lost.
func TestUploadTail_T13(t *testing.T) {
	const rounds, size = 100, 1 << 20
	want := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	given := make(chan struct{}, 1)
	s := serve(t, func(c *session) {
		c.login()
		for range rounds {
			d := c.stor("/f")
			// As tickets do, these bytes lie unread at the client when it has given
			// all: a plain close would now be a RST.
			_, _ = d.Write([]byte("ticket"))
			<-given
			got, err := io.ReadAll(d)
			if err != nil || !bytes.Equal(got, want) {
				c.reply("426 cut")
				c.failf("got %d bytes, %v", len(got), err)
			}
			d.end()
			c.reply("226 stored")
		}
	})
	c := s.dial(s.options())
	for range rounds {
		src := &signalEOF{Reader: bytes.NewReader(want), eof: given}
		res, err := c.Store(t.Context(), "/f", 0, src)
		if err != nil || res.Bytes != size || !res.CleanEnd {
			t.Fatalf("%+v, %v", res, err)
		}
	}
}

// signalEOF tells when its reader has given all.
type signalEOF struct {
	io.Reader
	eof chan<- struct{}
}

func (r *signalEOF) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err == io.EOF {
		r.eof <- struct{}{}
	}
	return n, err
}

// C-10: an upload is done when the server confirms it after its end, else never.
func TestUploadEnds_C10(t *testing.T) {
	readAll := func(d data) { _, _ = io.Copy(io.Discard, d) }
	tests := []struct {
		name string
		end  func(c *session, d data)
		want error
		code ftp.Code
	}{
		{"226", func(c *session, d data) { readAll(d); d.end(); c.reply("226 ok") }, nil, 226},
		{"226, data not closed", func(c *session, d data) { readAll(d); c.reply("226 ok") }, nil, 226},
		{"552 at the end", func(c *session, d data) { readAll(d); d.end(); c.reply("552 full") }, nil, 552},
		{"426 at the end", func(c *session, d data) { readAll(d); d.end(); c.reply("426 cut") }, nil, 426},
		{"226 before the last byte", func(c *session, _ data) { c.reply("226 ok") }, ErrNotVerified, 0},
		{"RST", func(c *session, d data) { d.rst(); c.reply("426 cut") }, nil, 426},
		{"RST and 226", func(c *session, d data) { d.rst(); c.reply("226 ok") }, nil, 0},
		{"no reply", func(c *session, d data) { readAll(d); d.end(); _ = c.raw.Close() }, ErrNetwork, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, func(c *session) { c.login(); tt.end(c, c.stor("/f")) })
			c := s.dial(s.options())
			size := int64(100)
			if strings.Contains(tt.name, "RST") || strings.Contains(tt.name, "before") {
				size = 256 << 20 // more than buffers hold: it cannot have been sent before the end
			}
			res, err := c.Store(t.Context(), "/f", 0, io.LimitReader(zeros{}, size))
			if tt.code == 226 {
				if err != nil || res.Reply.Code != 226 || !res.CleanEnd {
					t.Fatalf("%+v, %v", res, err)
				}
				return
			}
			wantError(t, err)
			if tt.want != nil {
				wantError(t, err, tt.want)
			}
			if tt.code != 0 {
				wantCode(t, err, tt.code)
			}
		})
	}
}

// An upload whose source fails must not look whole to the server.
func TestUploadSourceFails(t *testing.T) {
	broken := errors.New("cannot read")
	s := serve(t, func(c *session) {
		c.login()
		d := c.stor("/f")
		if _, err := io.Copy(io.Discard, d); err == nil {
			c.failf("the upload ended cleanly")
		}
		c.reply("426 cut")
	})
	c := s.dial(s.options())
	_, err := c.Store(t.Context(), "/f", 0, io.MultiReader(strings.NewReader("half"), errorReader{broken}))
	wantError(t, err, broken)
	if err := c.Noop(t.Context()); err != nil {
		t.Error(err)
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

// The size that the server gives afterwards must be the one that was sent.
func TestUploadSize_C10(t *testing.T) {
	for answer, ok := range map[string]bool{"213 14": true, "213 13": false, "213 0": false, "550 hidden": true} {
		s := serve(t, func(c *session) {
			c.login("SIZE", "REST STREAM")
			c.epsv()
			c.expect("REST 10")
			c.reply("350 go on")
			c.expect("STOR /f")
			c.reply("150 go")
			d := c.accept()
			_, _ = io.Copy(io.Discard, d)
			d.end()
			c.reply("226 ok")
			c.expect("SIZE /f")
			c.reply(answer)
		})
		_, err := s.dial(s.options()).Store(t.Context(), "/f", 10, strings.NewReader("tail"))
		if ok && err != nil {
			t.Errorf("%s: %v", answer, err)
		}
		if !ok {
			wantError(t, err, ErrNotVerified)
		}
	}
}

func TestAppend(t *testing.T) {
	var got []byte
	s := serve(t, func(c *session) {
		c.login("SIZE")
		c.epsv()
		c.expect("APPE /f")
		c.reply("150 go")
		d := c.accept()
		got, _ = io.ReadAll(d)
		d.end()
		c.reply("226 ok")
	})
	c := s.dial(s.options())
	if _, err := c.Append(t.Context(), "/f", strings.NewReader("more")); err != nil || string(got) != "more" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestCancelUpload(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(c *session) {
		c.login()
		d := c.stor("/f")
		cancel()
		if _, err := io.Copy(io.Discard, d); err == nil {
			c.failf("the cancelled upload ended cleanly")
		}
	})
	_, err := s.dial(s.options()).Store(ctx, "/f", 0, zeros{})
	wantError(t, err, context.Canceled)
}
