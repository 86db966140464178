package ftpclient_test

import (
	"errors"
	"testing"

	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
)

func TestAvailable(t *testing.T) {
	for reply, want := range map[string]int64{"213 123": 123, "213 0": 0, "213 9223372036854775807": 1<<63 - 1, "213 -5": -1, "213 9223372036854775808": -1, "213 much": -1, "550 no": -1} {
		loggedIn(t, func(s *ftptest.Session) { s.Login(); s.Answer("AVBL /d", reply) }, func(t *testing.T, _ *ftptest.Hostile, c *ftpclient.Client) {
			n, err := c.Available(t.Context(), "/d")
			if (err == nil) != (want >= 0) || err == nil && n != want || err != nil && code(err) == 0 && !errors.Is(err, ftpclient.ErrProtocol) {
				t.Errorf("%s: %d, %v", reply, n, err)
			}
			survives(t, c)
		})
	}
}

// C-17: what goes into one command with another name cannot become two, or more words.
func TestSymlink(t *testing.T) {
	loggedIn(t, func(s *ftptest.Session) {
		s.Login()
		s.Answer("SITE SYMLINK /a /b", "200 made")
		s.Answer(`SITE SYMLINK "/a b" "/c ""d"" e"`, "200 made")
		s.Answer(`SITE SYMLINK /q"q /l`, "550 no")
	}, func(t *testing.T, _ *ftptest.Hostile, c *ftpclient.Client) {
		for _, names := range [][2]string{{"/a", "/b"}, {"/a b", `/c "d" e`}} {
			if err := c.Symlink(t.Context(), names[0], names[1]); err != nil {
				t.Error(err)
			}
		}
		if err := c.Symlink(t.Context(), `/q"q`, "/l"); code(err) != 550 {
			t.Error(err)
		}
		if err := c.Symlink(t.Context(), "/a\r\nDELE /b", "/l"); err == nil {
			t.Error("a name with a line end was sent")
		}
		survives(t, c)
	})
}
