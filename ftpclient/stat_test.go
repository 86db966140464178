package ftpclient

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/vfs"
)

// dialogue plays commands and their replies after login.
func dialogue(t *testing.T, features []string, lines ...[2]string) *server {
	t.Helper()
	return serve(t, func(c *session) {
		c.login(features...)
		for _, line := range lines {
			c.expect(line[0])
			c.reply(line[1])
		}
	})
}

// Without MLST a description is put together; what makes no sense in it is left
// out, with a warning (C-19).
func TestStatParts_C19(t *testing.T) {
	s := dialogue(t, nil,
		[2]string{"MLST /d", "502 no"},
		[2]string{"PWD", `257 "/home"`}, [2]string{"CWD /d", "250 ok"}, [2]string{"CWD /home", "250 ok"},
		[2]string{"PWD", `257 "/home"`}, [2]string{"CWD /f", "550 no"}, [2]string{"SIZE /f", "213 7"}, [2]string{"MDTM /f", "213 20200102030405"},
		[2]string{"PWD", `257 "/home"`}, [2]string{"CWD /g", "550 no"}, [2]string{"SIZE /g", "213 -7"}, [2]string{"MDTM /g", "213 999990101000000"},
		[2]string{"PWD", `257 "/home"`}, [2]string{"CWD /h", "550 no"}, [2]string{"SIZE /h", "213 7"}, [2]string{"MDTM /h", "502 no"},
		[2]string{"PWD", `257 "/home"`}, [2]string{"CWD /none", "550 no"}, [2]string{"SIZE /none", "550 no"},
	)
	var warned []string
	opt := s.options()
	opt.Warn = func(w *Warning) { warned = append(warned, w.Command) }
	c := s.dial(opt)
	when := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, want := range map[string]vfs.Entry{"/d": {Name: "d", Kind: vfs.KindDir}} {
		if e, err := c.Stat(t.Context(), name); err != nil || e != want {
			t.Errorf("%+v, %v", e, err)
		}
	}
	for _, want := range []vfs.Entry{{Name: "f", Size: 7, ModTime: when}, {Name: "g"}, {Name: "h", Size: 7}} {
		if e, err := c.Stat(t.Context(), "/"+want.Name); err != nil || e != want {
			t.Errorf("%+v, %v", e, err)
		}
	}
	_, err := c.Stat(t.Context(), "/none")
	wantCode(t, err, 550)
	if got := strings.Join(warned, " "); got != "SIZE MDTM" {
		t.Errorf("warned of %s", got)
	}
}

func TestMkdirAll(t *testing.T) {
	srv, c := started(t, map[string]string{"a/f": "x"}, Options{})
	for _, dir := range []string{"/a/b/c/d", "/a/b/c/d", "/a", "/", "/a/b/e/"} {
		if err := c.MkdirAll(t.Context(), dir); err != nil {
			t.Errorf("%s: %v", dir, err)
		}
	}
	for _, dir := range []string{"a/b/c/d", "a/b/e"} {
		p, _ := vfs.Clean(dir)
		if e, err := srv.FS.Stat(t.Context(), p); err != nil || !e.IsDir() {
			t.Errorf("%s: %+v, %v", dir, e, err)
		}
	}
	wantCode(t, c.MkdirAll(t.Context(), "/a/f/g"), 550)
	if err := c.Noop(t.Context()); err != nil {
		t.Error(err)
	}
}

// Another client makes the directory in between: it is there, and that is all
// that was wanted.
func TestMkdirAllRace(t *testing.T) {
	s := dialogue(t, nil,
		[2]string{"MLST /d", "550 none"},
		[2]string{"MKD /d", "550 exists"},
		[2]string{"MLST /d", "250-Listing\r\n type=dir; /d\r\n250 End"},
	)
	if err := s.dial(s.options()).MkdirAll(t.Context(), "/d"); err != nil {
		t.Error(err)
	}
}

func TestSetModTimeFallsBack(t *testing.T) {
	when := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	s := dialogue(t, nil,
		[2]string{"MFMT 20200102030405 /none", "550 no"},
		[2]string{"MFMT 20200102030405 /a b", "502 what"},
		[2]string{"MDTM 20200102030405 /a b", "213 ok"},
		[2]string{"MDTM 20200102030405 /a b", "550 no such file"},
		[2]string{"SITE UTIME /a b 20200102030405 20200102030405 20200102030405 UTC", "200 ok"},
		[2]string{"MDTM 20200102030405 /a b", "501 no"},
		[2]string{"SITE UTIME /a b 20200102030405 20200102030405 20200102030405 UTC", "504 no"},
		[2]string{"MDTM 20200102030405 /a b", "450 later"},
	)
	c := s.dial(s.options())
	wantCode(t, c.SetModTime(t.Context(), "/none", when), 550)
	for range 2 {
		if err := c.SetModTime(t.Context(), "/a b", when); err != nil {
			t.Error(err)
		}
	}
	wantCode(t, c.SetModTime(t.Context(), "/a b", when), 501)
	wantCode(t, c.SetModTime(t.Context(), "/a b", when), 450)
}

func TestChmod(t *testing.T) {
	s := dialogue(t, []string{"MFF Modify;UNIX.mode;"}, [2]string{"MFF UNIX.mode=0640; /a b", "213 ok"})
	if err := s.dial(s.options()).Chmod(t.Context(), "/a b", 0o640); err != nil {
		t.Error(err)
	}
	s = dialogue(t, []string{"MFF Modify;"}, [2]string{"SITE CHMOD 640 /a b", "200 ok"}, [2]string{"SITE CHMOD 007 /a b", "550 no"})
	c := s.dial(s.options())
	if err := c.Chmod(t.Context(), "/a b", 0o640); err != nil {
		t.Error(err)
	}
	wantCode(t, c.Chmod(t.Context(), "/a b", 0o007), 550)
	if err := c.Chmod(t.Context(), "/f", fs.ModeSetuid|0o755); err == nil || errors.Is(err, ErrProtocol) {
		t.Errorf("setuid: %v", err)
	}
}

// What the server of this module does with the commands.
func TestChangeAttributes(t *testing.T) {
	_, c := started(t, map[string]string{"a b": "x"}, Options{})
	when := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := c.SetModTime(t.Context(), "/a b", when); err != nil {
		t.Error(err)
	}
	if err := c.Chmod(t.Context(), "/a b", 0o600); err != nil {
		t.Error(err)
	}
	e, err := c.Stat(t.Context(), "/a b")
	if err != nil || !e.ModTime.Equal(when) || e.Size != 1 || e.Name != "a b" {
		t.Errorf("%+v, %v", e, err)
	}
}
