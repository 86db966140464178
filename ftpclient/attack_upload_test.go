package ftpclient_test

import (
	"io"
	"testing"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
)

// C-10: an upload that the server has not taken whole, or not confirmed after its end,
// is not success.
func TestAttackUpload_C10(t *testing.T) {
	const small, large = 100, 64 << 20 // one fits into buffers, one does not
	type play func(*ftptest.Session, *ftptest.Stream)
	read := func(d *ftptest.Stream) { _, _ = io.CopyN(io.Discard, d, 1000) }
	for _, tt := range []struct {
		name string
		size int64
		play play
		code ftp.Code // that the error has to hold
		want error
	}{
		{"226 before the last byte", large, func(s *ftptest.Session, d *ftptest.Stream) { read(d); s.Reply("226 done") }, 0, ftpclient.ErrNotVerified},
		{"226, and the data ended", large, func(s *ftptest.Session, d *ftptest.Stream) { read(d); d.End(); s.Reply("226 done") }, 0, ftpclient.ErrNotVerified},
		{"226, and RST", large, func(s *ftptest.Session, d *ftptest.Stream) { read(d); d.RST(); s.Reply("226 done") }, 0, nil},
		{"226 ahead of the handshake's use", large, func(s *ftptest.Session, _ *ftptest.Stream) { s.Reply("226 done") }, 0, ftpclient.ErrNotVerified},
		{"the data ended and no reply", large, func(s *ftptest.Session, d *ftptest.Stream) { read(d); d.End(); s.Silence() }, 0, ftpclient.ErrNetwork},
		{"552 half-way", large, func(s *ftptest.Session, d *ftptest.Stream) { read(d); s.Reply("552 full") }, 552, nil},
		{"552 half-way, and the data ended", large, func(s *ftptest.Session, d *ftptest.Stream) { read(d); d.End(); s.Reply("552 full") }, 552, nil},
		{"552 half-way, and RST", large, func(s *ftptest.Session, d *ftptest.Stream) { read(d); d.RST(); s.Reply("552 full") }, 552, nil},
		{"alert, then 426", large, func(s *ftptest.Session, d *ftptest.Stream) { read(d); go d.Alert(); s.Reply("426 cut") }, 426, nil},
		{"451 half-way, after a while", large, func(s *ftptest.Session, d *ftptest.Stream) {
			read(d)
			time.Sleep(10 * time.Second)
			s.Reply("451 disk")
		}, 451, nil},
		{"552 at the end", small, func(s *ftptest.Session, d *ftptest.Stream) { d.Drain(); d.End(); s.Reply("552 full") }, 552, nil},
		{"426 at the end", small, func(s *ftptest.Session, d *ftptest.Stream) { d.Drain(); d.End(); s.Reply("426 cut") }, 426, nil},
		{"421 at the end", small, func(s *ftptest.Session, d *ftptest.Stream) { d.Drain(); d.End(); s.Reply("421 bye") }, 421, nil},
		{"350 at the end", small, func(s *ftptest.Session, d *ftptest.Stream) { d.Drain(); d.End(); s.Reply("350 and?") }, 350, nil},
		{"no reply at the end", small, func(s *ftptest.Session, d *ftptest.Stream) { d.Drain(); d.End(); s.Silence() }, 0, ftpclient.ErrNetwork},
		{"no end and no reply", small, func(s *ftptest.Session, d *ftptest.Stream) { d.Drain(); s.Silence() }, 0, ftpclient.ErrNetwork},
		{"control lost at the end", small, func(s *ftptest.Session, d *ftptest.Stream) { d.Drain(); d.End(); s.RST() }, 0, ftpclient.ErrNetwork},
		{"control lost half-way", large, func(s *ftptest.Session, d *ftptest.Stream) { read(d); s.RST() }, 0, ftpclient.ErrNetwork},
		{"nonsense at the end", small, func(s *ftptest.Session, d *ftptest.Stream) { d.Drain(); d.End(); s.Reply("stored!") }, 0, ftpclient.ErrProtocol},
		{"16 times 150 at the end", small, func(s *ftptest.Session, d *ftptest.Stream) {
			d.Drain()
			d.End()
			for range 20 {
				s.Reply("150 nearly")
			}
		}, 0, ftpclient.ErrProtocol},
	} {
		t.Run(tt.name, func(t *testing.T) {
			loggedIn(t, func(s *ftptest.Session) { s.Login(); tt.play(s, s.Transfer("STOR /f")) }, func(t *testing.T, _ *ftptest.Hostile, c *ftpclient.Client) {
				res, err := c.Store(t.Context(), "/f", 0, io.LimitReader(zeros{}, tt.size))
				wantKind(t, err)
				if tt.want != nil {
					wantKind(t, err, tt.want)
				}
				if got := code(err); tt.code != 0 && got != tt.code {
					t.Errorf("code %d in %v, want %d", got, err, tt.code)
				}
				if res.SizeAgrees {
					t.Errorf("%+v", res)
				}
			})
		})
	}
	// What SIZE tells afterwards has to be what was sent.
	for answer, ok := range map[string]bool{"213 100": true, "213 99": false, "213 0": false, "213 101": false, "213 18446744073709551716": true, "213 -100": true, "550 hidden": true} {
		t.Run("SIZE "+answer, func(t *testing.T) {
			loggedIn(t, func(s *ftptest.Session) {
				s.Login("SIZE")
				d := s.Transfer("STOR /f")
				d.Drain()
				d.End()
				s.Reply("226 done")
				s.Answer("SIZE /f", answer)
			}, func(t *testing.T, _ *ftptest.Hostile, c *ftpclient.Client) {
				res, err := c.Store(t.Context(), "/f", 0, io.LimitReader(zeros{}, small))
				if ok && err != nil || res.SizeAgrees != (answer == "213 100") {
					t.Errorf("%+v, %v", res, err)
				}
				if !ok {
					wantKind(t, err, ftpclient.ErrNotVerified)
				}
				survives(t, c)
			})
		})
	}
}
