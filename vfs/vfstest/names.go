package vfstest

import (
	"errors"
	"io"
	"strings"

	"github.com/sealane/sealane/vfs"
)

func testMkdir(s *suite) {
	s.fill(map[string]string{"f": "", "d/": ""})
	for _, test := range []struct {
		name string
		want error
	}{
		{"/new", nil},
		{"/new/sub", nil},
		{"/", vfs.ErrExist},
		{"/d", vfs.ErrExist},
		{"/f", vfs.ErrExist},
		{"/none/x", vfs.ErrNotExist},
		{"/f/x", vfs.ErrNotDir},
	} {
		s.wantErr("Mkdir "+test.name, s.fs.Mkdir(s.Context(), s.path(test.name)), test.want)
	}
	s.want(map[string]string{"f": "", "d/": "", "new/": "", "new/sub/": ""})
}

func testRemove(s *suite) {
	for _, test := range []struct {
		name          string
		remove, rmdir error
	}{
		{"/", vfs.ErrIsDir, vfs.ErrPermission},
		{"/file", nil, vfs.ErrNotDir},
		{"/empty", vfs.ErrIsDir, nil},
		{"/full", vfs.ErrIsDir, vfs.ErrNotEmpty},
		{"/none", vfs.ErrNotExist, vfs.ErrNotExist},
		{"/none/x", vfs.ErrNotExist, vfs.ErrNotExist},
		{"/file/x", vfs.ErrNotDir, vfs.ErrNotDir},
	} {
		before := map[string]string{"file": "1", "empty/": "", "full/": "", "full/x": "2"}
		s.fill(before)
		err := s.fs.Remove(s.Context(), s.path(test.name))
		s.wantErr("Remove "+test.name, err, test.remove)
		if err != nil {
			s.want(before)
		}
		s.fill(before)
		err = s.fs.Rmdir(s.Context(), s.path(test.name))
		s.wantErr("Rmdir "+test.name, err, test.rmdir)
		if err != nil {
			s.want(before)
		}
	}
	s.fill(map[string]string{"file": "1", "empty/": ""})
	for _, err := range []error{
		s.fs.Remove(s.Context(), s.path("/file")),
		s.fs.Rmdir(s.Context(), s.path("/empty")),
		s.fs.Remove(s.Context(), s.path("/full/x")),
		s.fs.Rmdir(s.Context(), s.path("/full")),
	} {
		if err != nil {
			s.Error(err)
		}
	}
	s.want(map[string]string{})
}

// S-76: source times target.
func testRename(s *suite) {
	before := map[string]string{"f": "1", "g": "2", "d/": "", "d/x": "3", "e/": "", "e/y": "4", "empty/": ""}
	s.fill(before)
	for _, test := range []struct {
		from, to string
		want     error
	}{
		{"/f", "/f", nil},
		{"/d", "/d", nil},
		{"/none", "/none", vfs.ErrNotExist},
		{"/none", "/new", vfs.ErrNotExist},
		{"/none", "/g", vfs.ErrNotExist},
		{"/f/x", "/new", vfs.ErrNotDir},
		{"/f", "/none/x", vfs.ErrNotExist},
		{"/f", "/g/x", vfs.ErrNotDir},
		{"/f", "/d", vfs.ErrExist},
		{"/f", "/empty", vfs.ErrExist},
		{"/d", "/e", vfs.ErrExist},
		{"/d", "/empty", vfs.ErrExist},
		{"/d", "/f", vfs.ErrExist},
		{"/d/x", "/d", vfs.ErrExist},
		{"/d", "/d/sub", vfs.ErrBadName},
		{"/d", "/d/x", vfs.ErrBadName},
		{"/d", "/d/none/sub", vfs.ErrBadName},
		{"/", "/new", vfs.ErrPermission},
		{"/f", "/", vfs.ErrPermission},
		{"/", "/", vfs.ErrPermission},
	} {
		err := s.fs.Rename(s.Context(), s.path(test.from), s.path(test.to), vfs.Rename{})
		s.wantErr("Rename "+test.from+" to "+test.to, err, test.want)
		s.want(before)
	}
	for _, move := range [][2]string{
		{"/f", "/g"},          // over a file
		{"/d/x", "/x"},        // up
		{"/g", "/e/g"},        // down
		{"/e", "/empty/e"},    // a full directory
		{"/d", "/dd"},         // a name of which the old one is a prefix
		{"/empty", "/dd/sub"}, // and down again
	} {
		if err := s.fs.Rename(s.Context(), s.path(move[0]), s.path(move[1]), vfs.Rename{}); err != nil {
			s.Errorf("Rename %s to %s: %v", move[0], move[1], err)
		}
	}
	s.want(map[string]string{"x": "3", "dd/": "", "dd/sub/": "", "dd/sub/e/": "", "dd/sub/e/g": "1", "dd/sub/e/y": "4"})
}

// S-76: the upload ends with its own verdict, whatever happens to the names.
func testRenameDuringUpload(s *suite) {
	s.fill(map[string]string{"old": "1", "other": "2"})
	up := s.create("/old", vfs.Create{}, "new")
	if err := s.fs.Rename(s.Context(), s.path("/old"), s.path("/moved"), vfs.Rename{}); err != nil {
		s.Fatal(err)
	}
	s.commit(up)
	s.want(map[string]string{"old": "new", "moved": "1", "other": "2"})
	up = s.create("/old", vfs.Create{}, "newer")
	if err := s.fs.Rename(s.Context(), s.path("/other"), s.path("/old"), vfs.Rename{}); err != nil {
		s.Fatal(err)
	}
	s.want(map[string]string{"old": "2", "moved": "1"})
	s.commit(up)
	s.want(map[string]string{"old": "newer", "moved": "1"})
	up = s.create("/old", vfs.Create{}, "newest")
	if err := s.fs.Remove(s.Context(), s.path("/old")); err != nil {
		s.Fatal(err)
	}
	s.commit(up)
	s.want(map[string]string{"old": "newest", "moved": "1"})
}

// Odd names. Those that not every system can hold may be refused, but then with
// ErrBadName; what is accepted must come back byte for byte.
func testNames(s *suite) {
	for _, test := range []struct {
		name   string
		refuse bool // may be refused
	}{
		{"with space", false},
		{"  leading spaces", false},
		{"-rf", false},
		{"--help", false},
		{"it's", false},
		{"$(HOME)`id`;&!#%", false},
		{"%2e%2e", false},
		{"...", true}, // ends in a dot
		{"~", false},
		{"~root", false},
		{".hidden", false},
		{"UPPER", false},
		{"ärger €100 日本語 \U0001f600", false},
		{"e\u0301", false}, // decomposed: must not come back composed
		{strings.Repeat("n", vfs.MaxName), false},
		{"trailing ", true},
		{"trailing.", true},
		{`"quoted"`, true},
		{`back\slash`, true},
		{`\..\`, true},
		{"C:", true},
		{"a:b", true},
		{"a|b<c>d?e*f", true},
		{"tab\tbell\x07esc\x1b[31m", true},
		{"NUL", true},
		{"bad utf-8 \xff\xfe", true},
		{"latin-1 \xe4", true},
		{strings.Repeat("\u00e4", 127), true},
	} {
		p := s.path("/" + test.name)
		up, err := s.fs.Create(s.Context(), p, vfs.Create{})
		if err != nil {
			if !test.refuse {
				s.Errorf("Create(%q): %v", test.name, err)
			} else {
				s.wantErr("Create "+test.name, err, vfs.ErrBadName)
			}
			continue
		}
		if _, err := io.WriteString(up, test.name); err != nil {
			s.Fatal(errors.Join(err, up.Abort(err)))
		}
		if e := s.commit(up); e.Name != test.name {
			s.Errorf("Commit of %q says %q", test.name, e.Name)
		}
		s.want(map[string]string{test.name: test.name})
		dir := s.path("/" + test.name + "/" + test.name)
		for _, err := range []error{
			s.fs.Remove(s.Context(), p),
			s.fs.Mkdir(s.Context(), p),
			s.fs.Mkdir(s.Context(), dir),
			s.fs.Rename(s.Context(), dir, s.path("/plain"), vfs.Rename{}),
			s.fs.Rmdir(s.Context(), p),
			s.fs.Rename(s.Context(), s.path("/plain"), p, vfs.Rename{}),
			s.fs.Rmdir(s.Context(), p),
		} {
			if err != nil {
				s.Errorf("%q: %v", test.name, err)
			}
		}
		s.want(map[string]string{})
	}
}
