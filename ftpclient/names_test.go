package ftpclient

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// latin1 is ISO 8859-1.
type latin1 struct{}

func (latin1) Encode(text string) (string, error) {
	var b strings.Builder
	for _, r := range text {
		if r > 0xff {
			return "", errors.New("not in it")
		}
		b.WriteByte(byte(r))
	}
	return b.String(), nil
}

func (latin1) Decode(raw string) (string, error) {
	var b strings.Builder
	for i := range len(raw) {
		if raw[i] == 0x81 {
			return "", errors.New("nothing")
		}
		b.WriteRune(rune(raw[i]))
	}
	return b.String(), nil
}

// Names go to the server and come from it in its own character set; one that cannot be
// written in it is an error before anything is sent, and one that cannot be read makes
// the listing incomplete.
func TestNames(t *testing.T) {
	s := serve(t, func(c *session) {
		c.login()
		c.epsv()
		c.expect("MLSD /caf\xe9")
		c.reply("150 go")
		d := c.accept()
		_, _ = io.WriteString(d, "type=file;size=1; \xfcber\r\ntype=file;size=1; \x81\r\n")
		d.end()
		c.reply("226 done")
		c.expect("DELE /\xe9")
		c.reply("550 no \xe9")
		c.expect("NOOP")
		c.reply("200 ok")
	})
	opt := s.options()
	opt.Names = latin1{}
	c := s.dial(opt)
	var names []string
	var last error
	for e, err := range c.List(t.Context(), "/café") {
		if last = err; err == nil {
			names = append(names, e.Name)
		}
	}
	var incomplete *IncompleteError
	if strings.Join(names, " ") != "über" || !errors.As(last, &incomplete) || incomplete.Skipped != 1 || incomplete.First != "type=file;size=1; \x81" {
		t.Errorf("%q, %v", names, last)
	}
	wantError(t, last, ErrName)
	if err := c.Remove(t.Context(), "/é"); err == nil || !strings.Contains(err.Error(), "no é") {
		t.Errorf("%v", err)
	}
	wantError(t, c.Remove(t.Context(), "/世"), ErrName)
	wantError(t, c.Rename(t.Context(), "/a", "/世"), ErrName)
	if err := c.Noop(t.Context()); err != nil {
		t.Error(err)
	}
}
