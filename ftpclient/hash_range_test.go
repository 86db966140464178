package ftpclient_test

import (
	"encoding/hex"
	"errors"
	"testing"

	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
)

// A part is named by RANG, right before the HASH and with both ends in it.
func TestHashRange(t *testing.T) {
	const digest = "0a0b0c0d0e0f000102030405060708090a0b0c0d"
	for _, tt := range []struct {
		name     string
		features []string
		from, to int64
		script   func(*ftptest.Session)
		want     error
	}{
		{"all", []string{"HASH SHA-1*"}, 0, -1, func(s *ftptest.Session) { s.Answer("HASH /f", "213 SHA-1 0-9 "+digest+" /f") }, nil},
		{"all, by an old command", []string{"XSHA1"}, 0, -1, func(s *ftptest.Session) { s.Answer("XSHA1 /f", "250 "+digest) }, nil},
		{"the beginning", []string{"HASH SHA-256*;SHA-1", "RANG STREAM"}, 0, 4, func(s *ftptest.Session) {
			s.Answer("OPTS HASH SHA-1", "200 ok")
			s.Answer("RANG 0 3", "350 and?")
			s.Answer("HASH /f", "213 SHA-1 0-3 "+digest+" /f")
		}, nil},
		{"the middle", []string{"HASH SHA-1*", "RANG STREAM"}, 2, 4, func(s *ftptest.Session) {
			s.Answer("RANG 2 3", "350 and?")
			s.Answer("HASH /f", "213 SHA-1 2-3 "+digest+" /f")
		}, nil},
		{"another part", []string{"HASH SHA-1*", "RANG STREAM"}, 2, 4, func(s *ftptest.Session) {
			s.Answer("RANG 2 3", "350 and?")
			s.Answer("HASH /f", "213 SHA-1 0-9 "+digest+" /f")
		}, ftpclient.ErrProtocol},
		{"no RANG", []string{"HASH SHA-1*"}, 2, 4, func(*ftptest.Session) {}, errors.ErrUnsupported},
		{"another hash", []string{"HASH SHA-256*", "XMD5", "RANG STREAM"}, 0, -1, func(*ftptest.Session) {}, errors.ErrUnsupported},
	} {
		t.Run(tt.name, func(t *testing.T) {
			loggedIn(t, func(s *ftptest.Session) { s.Login(tt.features...); tt.script(s) }, func(t *testing.T, _ *ftptest.Hostile, c *ftpclient.Client) {
				sum, err := c.HashRange(t.Context(), "/f", vfs.SHA1, tt.from, tt.to)
				if !errors.Is(err, tt.want) || err == nil && hex.EncodeToString(sum) != digest {
					t.Errorf("%x, %v", sum, err)
				}
				survives(t, c)
			})
		})
	}
	loggedIn(t, func(s *ftptest.Session) { s.Login("HASH SHA-1*", "RANG STREAM") }, func(t *testing.T, h *ftptest.Hostile, c *ftpclient.Client) {
		before := len(h.Heard())
		for _, bad := range [][2]int64{{4, 4}, {5, 4}, {-1, 4}, {1, -1}, {0, 0}} {
			if sum, err := c.HashRange(t.Context(), "/f", vfs.SHA1, bad[0], bad[1]); err == nil {
				t.Errorf("%v: %x", bad, sum)
			}
		}
		if said := h.Heard()[before:]; len(said) > 0 {
			t.Errorf("said %q", said)
		}
	})
}
