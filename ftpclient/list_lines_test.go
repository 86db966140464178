package ftpclient

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/vfs"
)

func at(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return t
}

var listNow = at("2026-02-10 12:00")

// The lines are of vsftpd, ProFTPD, Pure-FTPd, IIS and old Unix servers.
func TestListLines(t *testing.T) {
	for line, want := range map[string]vfs.Entry{
		"-rw-r--r--    1 1000     1000          123 Jan 02 15:04 a b":       {Name: "a b", Size: 123, ModTime: at("2026-01-02 15:04")},
		"-rw-r--r--   1 ftp      ftp           123 Feb 11 10:00 tomorrow":   {Name: "tomorrow", Size: 123, ModTime: at("2026-02-11 10:00")},
		"-rw-r--r--   1 ftp      ftp           123 Feb 12 10:00 last year":  {Name: "last year", Size: 123, ModTime: at("2025-02-12 10:00")},
		"-rw-r--r--   1 ftp      ftp           123 Feb 29 10:00 leap":       {Name: "leap", Size: 123, ModTime: at("2024-02-29 10:00")},
		"-rw-r--r--   1 ftp      ftp           123 Feb 29  2020 old":        {Name: "old", Size: 123, ModTime: at("2020-02-29 00:00")},
		"drwxr-xr-x+  2 ftp      ftp          4096 Jan  2  2020  leading":   {Name: " leading", Kind: vfs.KindDir, ModTime: at("2020-01-02 00:00")},
		"-rw-r--r--   1 Domain Users x 7 Jan  2  2020 owner with space":     {Name: "owner with space", Size: 7, ModTime: at("2020-01-02 00:00")},
		"-rw-r--r--   1 ftp 7 Jan  2  2020 no group":                        {Name: "no group", Size: 7, ModTime: at("2020-01-02 00:00")},
		"lrwxrwxrwx   1 ftp ftp 4 Jan  2  2020 l -> /etc":                   {Name: "l", Kind: vfs.KindOther, Link: true, ModTime: at("2020-01-02 00:00")},
		"crw-rw-rw-   1 root root 1, 3 Jan  2  2020 null":                   {Name: "null", Kind: vfs.KindOther, ModTime: at("2020-01-02 00:00")},
		"-rw-r--r--   1 ftp ftp 9223372036854775807 Jan  2  2020 large":     {Name: "large", Size: 1<<63 - 1, ModTime: at("2020-01-02 00:00")},
		"-rw-r--r-- 1 ftp ftp 5 Jan 2 2020 Jan 3 2021 x":                    {Name: "Jan 3 2021 x", Size: 5, ModTime: at("2020-01-02 00:00")},
		"01-31-20  12:05PM       <DIR>          Program Files":              {Name: "Program Files", Kind: vfs.KindDir, ModTime: at("2020-01-31 12:05")},
		"01-31-2020  12:05AM              1234 a b":                         {Name: "a b", Size: 1234, ModTime: at("2020-01-31 00:05")},
		"-rw-r--r--   1 ftp ftp 0 Jan  2  2020 \x1b[31m\xff":                {Name: "\x1b[31m\xff", ModTime: at("2020-01-02 00:00")},
		"drwxr-xr-x   1 ftp ftp 0 Jan  2  2020 ../up" /* for the caller */ : {Name: "../up", Kind: vfs.KindDir, ModTime: at("2020-01-02 00:00")},
	} {
		got, ok, err := lineReader{listNow}.parse(line)
		if diff := cmp.Diff(want, got); diff != "" || !ok || err != nil {
			t.Errorf("%q: %v, %v\n%s", line, ok, err, diff)
		}
	}
	for _, line := range []string{"total 12", "total 0", "", "drwxr-xr-x 2 a b 0 Jan 1 2020 .", "drwxr-xr-x 2 a b 0 Jan 1 2020 .."} {
		if _, ok, err := (lineReader{listNow}).parse(line); ok || err != nil {
			t.Errorf("%q: %v, %v", line, ok, err)
		}
	}
	for _, line := range []string{
		"hello", "total much", "-rw-r--r-- 1 a b", "-rw-r--r-- 1 a b 5 Jan 1 2020", "-rw-r--r-- 1 a b 5 Jan 1 2020 ",
		"-rw-r--r-- 1 a b -5 Jan 1 2020 x", "-rw-r--r-- 1 a b 99999999999999999999 Jan 1 2020 x", "-rw-r--r-- 1 a b 5 Jan 32 2020 x",
		"?rw-r--r-- 1 a b 5 Jan 1 2020 x", "01-31-20 12:05PM -1 x", "01-31-20 12:05PM much x", "13-31-20 12:05PM 1 x", "01-31-20 12:05PM 12",
	} {
		if e, ok, err := (lineReader{listNow}).parse(line); ok || !errors.Is(err, errListLine) {
			t.Errorf("%q: %+v, %v, %v", line, e, ok, err)
		}
	}
}

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

func FuzzListLines(f *testing.F) {
	f.Add("-rw-r--r-- 1 a b 5 Jan 1 12:00 x")
	f.Add("01-31-20  12:05PM       <DIR>          Program Files")
	f.Fuzz(func(t *testing.T, line string) {
		e, ok, err := lineReader{listNow}.parse(line)
		if ok && (err != nil || e.Name == "" || e.Size < 0 || !strings.Contains(line, e.Name) || e.ModTime.IsZero()) {
			t.Errorf("%q: %+v, %v", line, e, err)
		}
	})
}
