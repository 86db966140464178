package vfstest

import (
	"errors"
	"io/fs"
	"time"

	"github.com/sealane/sealane/vfs"
)

func testSetAttr(s *suite) {
	s.fill(map[string]string{"f": "x", "d/": ""})
	when := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, name := range []string{"/f", "/d", "/"} {
		before := s.stat(name)
		err := s.fs.SetAttr(s.Context(), s.path(name), vfs.Attr{ModTime: when})
		if !s.fs.Caps().SetModTime {
			s.wantErr("SetAttr", err, vfs.ErrUnsupported)
			when = before.ModTime
		} else if err != nil {
			s.Fatalf("SetAttr(%q): %v", name, err)
		}
		// A zero field is left alone.
		if err := s.fs.SetAttr(s.Context(), s.path(name), vfs.Attr{}); err != nil {
			s.Fatalf("SetAttr(%q) of nothing: %v", name, err)
		}
		want := before
		want.ModTime = when
		s.wantEntry("Stat after SetAttr", s.stat(name), want)
	}
	for _, a := range []vfs.Attr{{}, {ModTime: when}} {
		s.wantErr("SetAttr", s.fs.SetAttr(s.Context(), s.path("/none"), a), vfs.ErrNotExist)
		s.wantErr("SetAttr", s.fs.SetAttr(s.Context(), s.path("/f/x"), a), vfs.ErrNotDir)
	}
	s.want(map[string]string{"f": "x", "d/": ""})
}

// A time that is wanted of an upload is set or left alone, and the Entry of Commit says
// which; behind an Offset it is left alone.
func testCreateModTime(s *suite) {
	s.fill(map[string]string{"old": "old"})
	when := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, name := range []string{"/new", "/old"} {
		e := s.commit(s.create(name, vfs.Create{ModTime: when}, "content"))
		s.wantEntry("Stat after Commit of "+name, s.stat(name), e)
		if e.ModTime.Equal(when) && !s.fs.Caps().SetModTime {
			s.Errorf("%s: the time was set, which Caps deny", name)
		}
	}
	s.commit(s.create("/part", vfs.Create{}, "12345"))
	for _, how := range []vfs.Create{{Offset: 3, ModTime: when}, {Append: true, ModTime: when}} {
		if e := s.commit(s.create("/part", how, "x")); e.ModTime.Equal(when) || s.stat("/part").ModTime.Equal(when) {
			s.Errorf("Create %+v: the time was set", how)
		}
	}
}

// Each field is either set, or refused and nothing changed.
func testSetAttrEach(s *suite) {
	s.fill(map[string]string{"f": "x", "d/": ""})
	when := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	read, write, odd := fs.FileMode(0o500), fs.FileMode(0o700), fs.FileMode(0o1700)
	caps := s.fs.Caps()
	for _, name := range []string{"/f", "/d"} {
		for _, mode := range []*fs.FileMode{&read, &write} {
			err := s.fs.SetAttr(s.Context(), s.path(name), vfs.Attr{Mode: mode})
			if !caps.SetMode {
				s.wantErr("SetAttr of Mode", err, vfs.ErrUnsupported)
			} else if got := s.stat(name).Mode.Perm(); err != nil || got != *mode {
				s.Errorf("%s: mode %v, %v; want %v", name, got, err, *mode)
			}
		}
		before := s.stat(name)
		want := vfs.ErrUnsupported
		if caps.SetMode {
			want = vfs.ErrPermission
		}
		s.wantErr("SetAttr of Mode beyond 0777", s.fs.SetAttr(s.Context(), s.path(name), vfs.Attr{Mode: &odd}), want)
		s.maySet(name, vfs.Attr{AccessTime: when})
		if s.maySet(name, vfs.Attr{Created: when}) {
			before.Created = when
		}
		s.wantEntry("Stat after SetAttr", s.stat(name), before)
	}
}

// maySet tries what no Caps speak of.
func (s *suite) maySet(name string, a vfs.Attr) bool {
	s.Helper()
	err := s.fs.SetAttr(s.Context(), s.path(name), a)
	if err != nil {
		s.wantErr("SetAttr", err, vfs.ErrUnsupported)
	}
	return err == nil
}

// One field that is refused leaves all others as they were.
func testSetAttrAllOrNone(s *suite) {
	s.fill(map[string]string{"f": "x", "d/": ""})
	when := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	good, odd := fs.FileMode(0o700), fs.FileMode(0o7777)
	for _, name := range []string{"/f", "/d"} {
		before := s.stat(name)
		for _, a := range []vfs.Attr{
			{ModTime: when, Mode: &odd},
			{ModTime: when, AccessTime: when, Group: "no-such-group-here"},
			{ModTime: when, Mode: &good, Group: "no-such-group-here"},
			{Mode: &odd, Created: when, ModTime: when},
		} {
			err := s.fs.SetAttr(s.Context(), s.path(name), a)
			if !errors.Is(err, vfs.ErrPermission) && !errors.Is(err, vfs.ErrUnsupported) {
				s.Errorf("SetAttr(%q, %+v): %v", name, a, err)
			}
			s.wantEntry("Stat after SetAttr was refused", s.stat(name), before)
		}
	}
}
