package ftpclient

import (
	"testing"
	"time"

	"github.com/sealane/sealane/ftp"
)

func TestCommands(t *testing.T) {
	dialogue := [][2]string{
		{"MKD /d", "257 \"/d\" made"}, {"CWD /d", "250 ok"}, {"PWD", `257 "/d ""x""" is here`},
		{"MFMT 20200102030405 /f", "213 Modify=20200102030405; /f"}, {"MDTM /f", "213 20200102030405"},
		{"RNFR /f", "350 to?"}, {"RNTO /g", "250 ok"}, {"DELE /g", "250 ok"}, {"RMD /d", "250 ok"},
		{"SITE X", "504 no"}, {"DELE /none", "550 no"},
	}
	s := serve(t, func(c *session) {
		c.login()
		for _, d := range dialogue {
			c.expect(d[0])
			c.reply(d[1])
		}
	})
	c, ctx := s.dial(s.options()), t.Context()
	when := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, err := range []error{c.Mkdir(ctx, "/d"), c.Chdir(ctx, "/d")} {
		if err != nil {
			t.Error(err)
		}
	}
	if dir, err := c.Pwd(ctx); err != nil || dir != `/d "x"` {
		t.Errorf("Pwd %q, %v", dir, err)
	}
	if err := c.SetModTime(ctx, "/f", when); err != nil {
		t.Error(err)
	}
	if got, err := c.ModTime(ctx, "/f"); err != nil || !got.Equal(when) {
		t.Errorf("ModTime %v, %v", got, err)
	}
	for _, err := range []error{c.Rename(ctx, "/f", "/g"), c.Remove(ctx, "/g"), c.Rmdir(ctx, "/d")} {
		if err != nil {
			t.Error(err)
		}
	}
	if r, err := c.Do(ctx, "SITE", "X"); err != nil || r.Code != 504 {
		t.Errorf("Do %v, %v", r, err)
	}
	err := c.Remove(ctx, "/none")
	wantError(t, err)
	wantCode(t, err, ftp.Code550Unavailable)
}

// C-18: a 257 without a whole quoted path is an error.
func TestQuotedPath_C18(t *testing.T) {
	for text, want := range map[string]string{
		`"/"`: "/", `"/a b" is here`: "/a b", `"/a""b"`: `/a"b`, `/a`: "", `"/a`: "", `""`: "", `"/a""`: "", ``: "", ` "/a"`: "",
	} {
		if got, ok := quotedPath(text); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", text, got, ok)
		}
	}
}

// C-19: sizes and times that make no sense are errors.
func TestNonsense_C19(t *testing.T) {
	answers := []string{"213 -5", "213 +5", "213 1e9", "213 9223372036854775808", "213 "}
	times := []string{"213 20201301000000", "213 99999", "213 2020010203040", "213 tomorrow"}
	s := serve(t, func(c *session) {
		c.login()
		for _, a := range answers {
			c.expect("SIZE /f")
			c.reply(a)
		}
		for _, a := range times {
			c.expect("MDTM /f")
			c.reply(a)
		}
	})
	c := s.dial(s.options())
	for _, a := range answers {
		if n, err := c.Size(t.Context(), "/f"); err == nil {
			t.Errorf("%s: %d", a, n)
		}
	}
	for _, a := range times {
		if when, err := c.ModTime(t.Context(), "/f"); err == nil {
			t.Errorf("%s: %v", a, when)
		}
	}
}
