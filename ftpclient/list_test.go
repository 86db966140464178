package ftpclient

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/sealane/sealane/internal/listing"
	"github.com/sealane/sealane/vfs"
)

// mlsd plays MLSD up to the handshake.
func (c *session) mlsd(dir string) data {
	c.epsv()
	c.expect("MLSD " + dir)
	c.reply("150 listing")
	return c.accept()
}

func collect(c *Client, t *testing.T) (names []string, err error) {
	for e, err := range c.List(t.Context(), "/d") {
		if err != nil {
			return names, err
		}
		names = append(names, e.Name)
	}
	return names, nil
}

// A listing is complete, or it is an error: a line that cannot be read, an end
// that is not clean and a reply that is not 2yz all count.
func TestList(t *testing.T) {
	const good = "type=cdir;modify=20200101000000; /d\r\ntype=pdir; ..\r\ntype=file;size=3;modify=20200101000000; a b\r\ntype=dir; sub\r\n"
	tests := []struct {
		name, lines string
		end         func(c *session, d data)
		want        error
	}{
		{"whole", good, func(c *session, d data) { d.end(); c.reply("226 ok") }, nil},
		{"bare LF", strings.ReplaceAll(good, "\r", ""), func(c *session, d data) { d.end(); c.reply("226 ok") }, nil},
		{"no facts", good + "drwxr-xr-x 2 ftp ftp 0 Jan 1 2020 x\r\n", func(c *session, d data) { d.end(); c.reply("226 ok") }, listing.ErrEntry},
		{"line too long", good + "type=file; " + strings.Repeat("x", maxListLine), func(c *session, d data) { d.end(); c.reply("226 ok") }, ErrProtocol},
		{"cut", good, func(c *session, d data) { d.fin(); c.reply("226 ok") }, ErrTruncated},
		{"426", good, func(c *session, d data) { d.end(); c.reply("426 cut") }, ErrNotVerified},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, func(c *session) {
				c.login()
				d := c.mlsd("/d")
				_, _ = io.WriteString(d, tt.lines)
				tt.end(c, d)
			})
			c := s.dial(s.options())
			names, err := collect(c, t)
			if !slices.Equal(names, []string{"a b", "sub"}) {
				t.Errorf("names %q", names)
			}
			if tt.want == nil && err != nil {
				t.Error(err)
			}
			if tt.want != nil {
				wantError(t, err, tt.want)
			}
			if err := c.Noop(t.Context()); err != nil {
				t.Errorf("the session did not survive: %v", err)
			}
		})
	}
}

// A loop over a listing may end early; the session stays usable. Inside of it no
// other call may be made.
func TestListBreak(t *testing.T) {
	s := serve(t, func(c *session) {
		c.login()
		d := c.mlsd("/d")
		for {
			if _, err := io.WriteString(d, "type=file;size=1; name\r\n"); err != nil {
				break
			}
		}
		c.reply("426 you left")
	})
	c := s.dial(s.options())
	for e, err := range c.List(t.Context(), "/d") {
		if err != nil || e.Name != "name" || e.Kind != vfs.KindFile {
			t.Fatalf("%+v, %v", e, err)
		}
		if err := c.Noop(t.Context()); !errors.Is(err, ErrBusy) {
			t.Errorf("inside the loop: %v", err)
		}
		break
	}
	if err := c.Noop(t.Context()); err != nil {
		t.Errorf("the session did not survive: %v", err)
	}
}

func TestStat(t *testing.T) {
	s := serve(t, func(c *session) {
		c.login()
		c.expect("MLST /d/a b")
		c.reply("250-Listing", " type=file;size=7;modify=20200101000000; /d/a b", "250 End")
		c.expect("MLST /none")
		c.reply("250 nothing")
	})
	c := s.dial(s.options())
	e, err := c.Stat(t.Context(), "/d/a b")
	if err != nil || e.Name != "a b" || e.Size != 7 || e.ModTime.Year() != 2020 {
		t.Errorf("%+v, %v", e, err)
	}
	_, err = c.Stat(t.Context(), "/none")
	wantError(t, err, ErrProtocol)
}
