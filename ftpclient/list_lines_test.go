package ftpclient

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// A server without MLSD is asked once; the working directory is what it was.
func TestListFallsBack(t *testing.T) {
	s := serve(t, func(c *session) {
		c.login()
		c.epsv()
		c.expect("MLSD /d")
		c.reply("500 what")
		for range 2 {
			c.expect("PWD")
			c.reply(`257 "/home"`)
			c.expect("CWD /d")
			c.reply("250 ok")
			c.epsv()
			c.expect("LIST")
			c.reply("150 listing")
			d := c.accept()
			_, _ = io.WriteString(d, "total 1\r\n-rw-r--r-- 1 a b 5 Jan 1 2020 x\r\nwhat is this\r\ndrwxr-xr-x 1 a b 5 Jan 1 2020 y\r\n")
			d.end()
			c.reply("226 ok")
			c.expect("CWD /home")
			c.reply("250 ok")
		}
	})
	c := s.dial(s.options())
	for range 2 {
		names, err := collect(c, t)
		var incomplete *IncompleteError
		if !errors.As(err, &incomplete) || incomplete.Skipped != 1 || incomplete.First != "what is this" || !errors.Is(err, ErrProtocol) {
			t.Errorf("%v", err)
		}
		if !slices.Equal(names, []string{"x", "y"}) {
			t.Errorf("names %q", names)
		}
	}
}

// C-14: garbage without end is not read without end.
func TestListGarbage_C14(t *testing.T) {
	s := serve(t, func(c *session) {
		c.login()
		d := c.mlsd("/d")
		for i := 0; ; i++ {
			if _, err := fmt.Fprintf(d, "%s %d\r\n", strings.Repeat("x", 100), i); err != nil {
				break
			}
		}
		c.reply("426 cut")
	})
	c := s.dial(s.options())
	_, err := collect(c, t)
	var incomplete *IncompleteError
	if !errors.As(err, &incomplete) || incomplete.Skipped != maxSkipped+1 || !strings.HasSuffix(incomplete.First, "x 0") {
		t.Errorf("%v", err)
	}
	if err := c.Noop(t.Context()); err != nil {
		t.Error(err)
	}
}

// The form is that of the server; half an entry at the end is no shorter listing.
func TestListOtherForms(t *testing.T) {
	s := serve(t, func(c *session) {
		c.login()
		c.epsv()
		c.expect("MLSD /d")
		c.reply("500 what")
		c.expect("PWD")
		c.reply(`257 "/home"`)
		c.expect("CWD /d")
		c.reply("250 ok")
		c.epsv()
		c.expect("LIST")
		c.reply("150 listing")
		d := c.accept()
		_, _ = io.WriteString(d, "\r\nDirectory D:[A]\r\n\r\nA.TXT;1  1/2  2-OCT-2026 15:44\r\nSUB.DIR;1  1/2  2-OCT-2026 15:44\r\nLAST.TXT;1\r\n")
		d.end()
		c.reply("226 ok")
		c.expect("CWD /home")
		c.reply("250 ok")
	})
	names, err := collect(s.dial(s.options()), t)
	var incomplete *IncompleteError
	if !errors.As(err, &incomplete) || incomplete.Skipped != 1 || incomplete.First != "LAST.TXT;1" {
		t.Errorf("%v", err)
	}
	if !slices.Equal(names, []string{"A.TXT", "SUB"}) {
		t.Errorf("names %q", names)
	}
}
