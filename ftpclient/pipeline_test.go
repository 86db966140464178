package ftpclient

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/ftp"
)

// together expects lines that have come by one write.
func (c *session) together(want ...string) {
	for i, line := range want {
		if i > 0 && c.br.Buffered() == 0 {
			c.failf("%q did not come together with %q", line, want[i-1])
		}
		c.expect(line)
	}
}

// alone expects a line with nothing behind it.
func (c *session) alone(want string) {
	c.expect(want)
	if n := c.br.Buffered(); n > 0 {
		c.failf("behind %q came %d bytes more", want, n)
	}
}

// stored plays STOR to its 226, from where there is a port.
func (c *session) stored(path string) {
	c.alone("STOR " + path)
	c.reply("150 send it")
	d := c.accept()
	_, _ = io.Copy(io.Discard, d)
	d.end()
	c.reply("226 stored")
}

func (c *session) passive229() string {
	return "229 Entering extended passive mode (|||" + strconv.Itoa(c.listen()) + "|)"
}

var (
	aTime     = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	withTime  = FileInfo{ModTime: aTime, Size: 5}
	mfmt      = "MFMT 20261121120000 /f"
	fiveBytes = "five!"
)

func storeFive(t *testing.T, c *Client) (Result, error) {
	t.Helper()
	return c.StoreFile(t.Context(), "/f", strings.NewReader(fiveBytes), withTime)
}

// Commands that do not depend on each other go together: those of the login, the
// size, the time, and the next file's data port behind an upload; size and port
// before a download.
func TestPipeline(t *testing.T) {
	s := serve(t, func(c *session) {
		c.start()
		for _, x := range [][2]string{{"USER anna", "331 password"}, {"PASS secret", "230 in"}, {"PBSZ 0", "200 ok"}, {"PROT P", "200 ok"}} {
			c.alone(x[0])
			c.reply(x[1])
		}
		c.together("FEAT", "TYPE I")
		c.reply("211-Features", " SIZE", " MFMT", " MDTM", "211 End", "200 ok")
		c.alone("EPSV")
		c.reply(c.passive229())
		c.stored("/f")
		c.together("SIZE /f", mfmt)
		c.reply("213 5", "213 Modify=20261121120000; /f")
		c.alone("EPSV")
		c.reply(c.passive229())
		c.stored("/f")
		c.together("SIZE /f", mfmt, "EPSV")
		c.reply("213 5", "213 Modify=20261121120000; /f", c.passive229())
		c.stored("/f") // with the port that is there
		c.together("SIZE /f", mfmt, "EPSV")
		c.reply("213 5", "213 Modify=20261121120000; /f", c.passive229())
		c.together("MDTM /g", "SIZE /g")
		c.reply("213 20261121120000", "213 5")
		c.alone("RETR /g")
		c.reply("150 take it")
		d := c.accept()
		c.send("226 sent\r\n")
		_, _ = io.WriteString(d, fiveBytes)
		d.end()
		c.together("SIZE /g", "EPSV")
		c.reply("213 5", c.passive229())
		c.alone("RETR /g")
		c.reply("550 gone")
	})
	c := s.dial(s.options())
	for range 3 {
		res, err := storeFive(t, c)
		if err != nil || !res.SizeAgrees || !res.ModTimeSet || !res.CleanEnd {
			t.Fatalf("%+v, %v", res, err)
		}
	}
	var got bytes.Buffer
	res, err := c.RetrieveFile(t.Context(), "/g", &got)
	if err != nil || got.String() != fiveBytes || !res.ModTime.Equal(aTime) || !res.SizeAgrees {
		t.Fatalf("%q, %+v, %v", got.String(), res, err)
	}
	_, err = c.Retrieve(t.Context(), "/g", 0, io.Discard)
	wantCode(t, err, ftp.Code550Unavailable)
	if err := c.Noop(t.Context()); err != nil {
		t.Error(err)
	}
}

// Options.Lockstep sends nothing ahead.
func TestPipelineLockstep(t *testing.T) {
	s := serve(t, func(c *session) {
		c.login("SIZE", "MFMT")
		for range 3 {
			c.alone("EPSV")
			c.reply(c.passive229())
			c.stored("/f")
			c.alone("SIZE /f")
			c.reply("213 5")
			c.alone(mfmt)
			c.reply("213 ok")
		}
	})
	opt := s.options()
	opt.Lockstep = true
	c := s.dial(opt)
	for range 3 {
		if res, err := storeFive(t, c); err != nil || !res.ModTimeSet {
			t.Fatalf("%+v, %v", res, err)
		}
	}
}

// forgetful plays a login of a server that throws away what comes ahead.
func forgetful(c *session) {
	c.start()
	for _, x := range [][2]string{{"USER anna", "331 password"}, {"PASS secret", "230 in"}, {"PBSZ 0", "200 ok"}, {"PROT P", "200 ok"}, {"FEAT", "211-F\r\n SIZE\r\n211 End"}} {
		c.expect(x[0])
		_, _ = c.br.Discard(c.br.Buffered())
		c.reply(x[1])
	}
}

// A server that throws away what comes ahead is found out at the login, where it
// does no harm; a Pool does not try it again.
func TestPipelineForgetful(t *testing.T) {
	first := make(chan bool, 1)
	first <- true
	s := serve(t, func(c *session) {
		forgetful(c)
		select {
		case <-first:
			c.alone("PWD")
			c.reply(`257 "/"`)
		default:
		}
		c.alone("TYPE I")
		c.reply("200 ok")
		for range 2 {
			c.alone("EPSV")
			c.reply(c.passive229())
			c.stored("/f")
			c.alone("SIZE /f")
			c.reply("213 5")
			c.alone("MFMT 20261121120000 /f")
			c.reply("213 ok")
		}
	})
	opt := s.options()
	opt.Timeout = 1500 * time.Millisecond // a sixth of it is waited
	p := NewPool(PoolOptions{Client: opt, Limit: 2})
	defer p.Close()
	var both []*Client
	for range 2 {
		c, err := p.Get(t.Context(), s.url())
		if err != nil {
			t.Fatal(err)
		}
		both = append(both, c)
		for range 2 {
			if res, err := storeFive(t, c); err != nil || !res.SizeAgrees {
				t.Fatalf("%+v, %v", res, err)
			}
		}
	}
	for _, c := range both {
		p.Put(c)
	}
}

// A server whose answer to TYPE is only slow does not bring the client out of step.
func TestPipelineSlow(t *testing.T) {
	s := serve(t, func(c *session) {
		c.start()
		c.expect("USER anna")
		c.reply("230 in")
		c.expect("PBSZ 0")
		c.reply("200 ok")
		c.expect("PROT P")
		c.reply("200 ok")
		c.together("FEAT", "TYPE I")
		c.reply("502 no")
		c.alone("PWD") // the client has lost its patience
		c.reply("200 type", `257 "/"`)
		c.alone("TYPE I")
		c.reply("200 ok")
		c.alone("SIZE /f")
		c.reply("213 7")
	})
	opt := s.options()
	opt.Timeout = 1500 * time.Millisecond
	c := s.dial(opt)
	if n, err := c.Size(t.Context(), "/f"); n != 7 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

// What cannot be told apart ends the connection.
func TestPipelineUnclear(t *testing.T) {
	s := serve(t, func(c *session) {
		forgetful(c)
		c.alone("PWD")
		c.reply("550 no")
	})
	opt := s.options()
	opt.Timeout = 1500 * time.Millisecond
	_, err := Dial(t.Context(), s.url(), opt)
	wantError(t, err, ErrProtocol)
}

// Replies mean the same in whatever pieces they come.
func TestPipelineSplitReplies(t *testing.T) {
	const replies = "213 5\r\n213-Modify\r\n 213 no end\r\n213 End\r\n"
	s := serve(t, func(c *session) {
		c.login("SIZE", "MFMT")
		for cut := 0; cut <= len(replies); cut++ {
			if cut < 2 {
				c.alone("EPSV")
				c.reply(c.passive229())
			}
			c.stored("/f")
			c.together("SIZE /f", mfmt)
			c.send(replies[:cut])
			c.send(replies[cut:])
			if cut > 0 {
				c.expect("EPSV")
				port := c.passive229()
				at := cut % len(port)
				c.send(port[:at])
				c.send(port[at:] + "\r\n")
			}
		}
	})
	c := s.dial(s.options())
	for i := range len(replies) + 1 {
		if res, err := storeFive(t, c); err != nil || !res.SizeAgrees || !res.ModTimeSet {
			t.Fatalf("cut at %d: %+v, %v", i, res, err)
		}
	}
}

// batchOf plays two uploads, the second of which ends with the whole batch.
func batchOf(c *session) {
	c.login("SIZE", "MFMT")
	c.epsv()
	c.stored("/f")
	c.together("SIZE /f", mfmt)
	c.reply("213 5", "213 ok")
	c.epsv()
	c.stored("/f")
	c.together("SIZE /f", mfmt, "EPSV")
}

// Refusals, ends and replies too many in the middle of a batch.
func TestPipelineMiddle(t *testing.T) {
	for _, test := range []struct {
		name    string
		replies []string
		err     error // of the upload
		agrees  bool  // SIZE
		set     bool  // MFMT
		usable  bool  // afterwards
	}{
		{"refused size", []string{"550 hidden", "213 ok", "229 (|||1024|)"}, nil, false, true, true},
		{"other size", []string{"213 4", "213 ok", "229 (|||1024|)"}, ErrNotVerified, false, false, true},
		{"refused port", []string{"213 5", "213 ok", "425 later"}, nil, true, true, true},
		{"421 for the size", []string{"421 bye"}, &ftp.Error{}, false, false, false},
		{"421 for the time", []string{"213 5", "421 bye"}, nil, true, false, false},
		{"421 for the port", []string{"213 5", "213 ok", "421 bye"}, nil, true, true, false},
		{"one too many before", []string{"200 what", "213 5", "213 ok", "229 (|||1024|)"}, ErrProtocol, false, false, false},
		{"one too many between", []string{"213 5", "213 5", "213 ok", "229 (|||1024|)"}, nil, true, true, false},
		{"privileged port", []string{"213 5", "213 ok", "229 (|||22|)"}, nil, true, true, false},
		{"no port", []string{"213 5", "213 ok", "229 come in"}, nil, true, true, false},
		{"no reply at all", []string{"hello"}, ErrProtocol, false, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, func(c *session) { batchOf(c); c.reply(test.replies...) })
			c := s.dial(s.options())
			if _, err := storeFive(t, c); err != nil {
				t.Fatal(err)
			}
			res, err := storeFive(t, c)
			var refused *ftp.Error
			switch {
			case test.err == nil && err != nil:
				t.Fatal(err)
			case errors.As(test.err, &refused):
				wantCode(t, err, ftp.Code421Closing)
			case test.err != nil:
				wantError(t, err, test.err)
			}
			if res.SizeAgrees != test.agrees || err == nil && res.ModTimeSet != test.set {
				t.Errorf("%+v", res)
			}
			if err := c.Noop(t.Context()); (err == nil) != test.usable {
				t.Errorf("NOOP: %v", err)
			}
		})
	}
}

// A reply that nobody asked for stops what would go ahead of others.
func TestPipelineUnasked(t *testing.T) {
	for extra, want := range map[string]error{"213 5": ErrProtocol, "421 bye": &ftp.Error{}} {
		s := serve(t, func(c *session) {
			c.login("SIZE", "MFMT")
			c.epsv()
			c.alone("STOR /f")
			c.reply("150 send it")
			d := c.accept()
			_, _ = io.Copy(io.Discard, d)
			d.end()
			c.reply("226 stored", extra)
		})
		c := s.dial(s.options())
		_, err := storeFive(t, c)
		var refused *ftp.Error
		if errors.As(want, &refused) {
			wantCode(t, err, ftp.Code421Closing)
			continue
		}
		wantError(t, err, want)
		wantError(t, c.Noop(t.Context()), ErrProtocol)
	}
}

// A refused command leaves the client in step, whether its data port was still open
// or not; what is not answered either ends the connection.
func TestPipelineRefusedTransfer(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer func(c *session)
		code   ftp.Code
		err    error
	}{
		{"connected", func(c *session) { c.reply("553 not here") }, 553, nil},
		{"port closed", func(c *session) { _ = c.ports.Close(); c.reply("553 not here") }, 553, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, func(c *session) {
				c.login("SIZE")
				c.alone("EPSV")
				port := c.passive229()
				if test.name == "port closed" {
					_ = c.ports.Close()
				}
				c.reply(port)
				c.alone("STOR /f")
				test.answer(c)
			})
			c := s.dial(s.options())
			_, err := c.Store(t.Context(), "/f", 0, strings.NewReader("x"))
			wantCode(t, err, test.code)
			if err := c.Noop(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("port closed, no answer", func(t *testing.T) {
		s := serve(t, func(c *session) {
			c.login("SIZE")
			c.expect("EPSV")
			port := c.passive229()
			_ = c.ports.Close()
			c.reply(port)
			c.expect("STOR /f")
		})
		opt := s.options()
		opt.Timeout = time.Second
		c := s.dial(opt)
		_, err := c.Store(t.Context(), "/f", 0, strings.NewReader("x"))
		wantError(t, err, ErrNetwork)
		wantError(t, c.Noop(t.Context()), ErrNetwork)
	})
}

// A server that wants the data connection to be there before the command, gets it so.
func TestPipelineTooSoon(t *testing.T) {
	s := serve(t, func(c *session) {
		c.login("SIZE", "MFMT")
		c.alone("EPSV")
		c.reply(c.passive229())
		c.alone("STOR /f")
		c.reply("425 nobody has connected")
		for range 2 {
			c.alone("EPSV")
			c.reply(c.passive229())
			raw := c.acceptRaw()
			c.alone("STOR /f")
			c.reply("150 send it")
			c.finish(raw)
			c.alone("SIZE /f")
			c.reply("213 5")
			c.alone(mfmt)
			c.reply("213 ok")
		}
	})
	c := s.dial(s.options())
	for range 2 {
		if res, err := storeFive(t, c); err != nil || !res.ModTimeSet {
			t.Fatalf("%+v, %v", res, err)
		}
	}
}

// A refused REST must not have STOR replace the file: nothing goes behind it unasked.
func TestPipelineRest(t *testing.T) {
	s := serve(t, func(c *session) {
		c.login("SIZE", "REST STREAM")
		c.epsv()
		c.alone("REST 10")
		c.reply("502 no")
	})
	c := s.dial(s.options())
	_, err := c.Store(t.Context(), "/f", 10, strings.NewReader("tail"))
	wantCode(t, err, ftp.Code502NotImplemented)
	if err := c.Noop(t.Context()); err != nil {
		t.Error(err)
	}
}

// An old data port is not used.
func TestPipelineOldPort(t *testing.T) {
	s := serve(t, func(c *session) {
		batchOf(c)
		c.reply("213 5", "213 ok", "229 (|||1024|)")
		c.alone("EPSV")
		c.reply(c.passive229())
		c.stored("/f")
		c.together("SIZE /f", mfmt, "EPSV")
		c.reply("213 5", "213 ok", c.passive229())
	})
	c := s.dial(s.options())
	for i := range 3 {
		if i == 2 {
			c.readyUntil = time.Now().Add(-time.Second)
		}
		if _, err := storeFive(t, c); err != nil {
			t.Fatal(err)
		}
	}
}

// Whoever gives up while the answers to a batch are awaited, gets a closed
// connection, and the truth about the upload: its size was not confirmed.
func TestPipelineCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(c *session) { batchOf(c); cancel() })
	c := s.dial(s.options())
	if _, err := storeFive(t, c); err != nil {
		t.Fatal(err)
	}
	_, err := c.StoreFile(ctx, "/f", strings.NewReader(fiveBytes), withTime)
	wantError(t, err, context.Canceled)
	wantError(t, c.Noop(t.Context()))
}

// A server that answers a part of a batch only is not sent more ahead.
func TestPipelineStuck(t *testing.T) {
	s := serve(t, func(c *session) { batchOf(c); c.reply("213 5") })
	opt := s.options()
	opt.Timeout = time.Second
	p := NewPool(PoolOptions{Client: opt})
	defer p.Close()
	c, err := p.Get(t.Context(), s.url())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if res, err := storeFive(t, c); err != nil || !res.SizeAgrees {
			t.Fatalf("%+v, %v", res, err)
		}
	}
	wantError(t, c.Noop(t.Context()), ErrNetwork)
	p.Put(c)
	if !p.lockstep(p.key(s.url())) {
		t.Error("the pool goes on sending ahead")
	}
}

// Where FEAT does not name MFMT, what sets the time is found out once.
func TestPipelineOtherTime(t *testing.T) {
	s := serve(t, func(c *session) {
		c.login("SIZE", "MDTM")
		c.epsv()
		c.stored("/f")
		c.alone("SIZE /f")
		c.reply("213 5")
		c.alone(mfmt)
		c.reply("500 what")
		c.alone("MDTM 20261121120000 /f")
		c.reply("213 set")
		c.epsv()
		c.stored("/f")
		c.together("SIZE /f", "MDTM 20261121120000 /f", "EPSV")
		c.reply("213 5", "550 not yours", c.passive229())
		c.alone("MDTM 20261121120000 /f")
		c.reply("550 not yours")
		c.alone("SITE UTIME /f 20261121120000 20261121120000 20261121120000 UTC")
		c.reply("500 what")
	})
	c := s.dial(s.options())
	for _, set := range []bool{true, false} {
		if res, err := storeFive(t, c); err != nil || res.ModTimeSet != set || !res.SizeAgrees {
			t.Errorf("%+v, %v", res, err)
		}
	}
}

// finish takes an upload over raw to its 226.
func (c *session) finish(raw net.Conn) {
	d := c.secure(raw)
	_, _ = io.Copy(io.Discard, d)
	d.end()
	c.reply("226 stored")
}

// The hash of a small file is asked for together with its size, one that differs is
// found out.
func TestPipelineHash(t *testing.T) {
	for _, test := range []struct {
		features, digest string
		err              error
	}{
		{"HASH SHA-1;SHA-256*", digestOf(fiveBytes), nil},
		{"HASH SHA-1;SHA-256*", digestOf("other"), ErrNotVerified},
	} {
		s := serve(t, func(c *session) {
			c.login("SIZE", "MFMT", test.features)
			c.epsv()
			c.stored("/f")
			c.together("SIZE /f", "HASH /f", mfmt)
			c.reply("213 5", "213 SHA-256 0-5 "+test.digest+" /f", "213 ok")
		})
		opt := s.options()
		opt.Check = CheckHash
		c := s.dial(opt)
		res, err := storeFive(t, c)
		if !errors.Is(err, test.err) || res.HashAgrees != (test.err == nil) || res.Sum.Digest != test.digest {
			t.Errorf("%+v, %v", res, err)
		}
		if err := c.Noop(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func digestOf(content string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(content))) }
