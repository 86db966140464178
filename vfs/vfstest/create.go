package vfstest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/sealane/sealane/vfs"
)

var errGivenUp = errors.New("given up by the test")

func testCreate(s *suite) {
	big := strings.Repeat("0123456789abcdef", 1<<14)
	s.fill(map[string]string{"d/": ""})
	for name, content := range map[string]string{"/f": "content", "/d/f": big, "/empty": ""} {
		e := s.commit(s.create(name, vfs.Create{}, content))
		if e.Kind != vfs.KindFile || e.Size != int64(len(content)) {
			s.Errorf("Commit of %s = %+v", name, e)
		}
		s.wantEntry("Stat after Commit of "+name, s.stat(name), e)
	}
	s.want(map[string]string{"f": "content", "d/": "", "d/f": big, "empty": ""})
	s.commit(s.create("/d/f", vfs.Create{}, "shorter"))
	s.want(map[string]string{"f": "content", "d/": "", "d/f": "shorter", "empty": ""})
}

func testCreateErrors(s *suite) {
	s.fill(map[string]string{"f": "content", "d/": ""})
	for _, test := range []struct {
		name string
		how  vfs.Create
		want error
	}{
		{"/", vfs.Create{}, vfs.ErrIsDir},
		{"/d", vfs.Create{}, vfs.ErrIsDir},
		{"/d", vfs.Create{Append: true}, vfs.ErrIsDir},
		{"/none/x", vfs.Create{}, vfs.ErrNotExist},
		{"/f/x", vfs.Create{}, vfs.ErrNotDir},
		{"/f", vfs.Create{Offset: 8}, vfs.ErrOffset},
		{"/f", vfs.Create{Offset: 1<<63 - 1}, vfs.ErrOffset},
		{"/f", vfs.Create{Offset: -1}, vfs.ErrOffset},
		{"/f", vfs.Create{Offset: 1, Append: true}, vfs.ErrOffset},
		{"/new", vfs.Create{Offset: 1}, vfs.ErrOffset},
	} {
		up, err := s.fs.Create(s.Context(), s.path(test.name), test.how)
		s.wantErr("Create "+test.name, err, test.want)
		if err == nil {
			up.Abort(errGivenUp)
		}
	}
	s.want(map[string]string{"f": "content", "d/": ""})
}

// Nothing is seen before Commit, and until then the old file is whole.
func testNothingBeforeCommit(s *suite) {
	before := map[string]string{"d/": "", "d/old": "old"}
	s.fill(before)
	fresh := s.create("/d/new", vfs.Create{}, "new")
	over := s.create("/d/old", vfs.Create{}, "changed")
	kept := s.create("/d/old", vfs.Create{Offset: 2}, "d and more")
	s.want(before)
	_, err := s.fs.Stat(s.Context(), s.path("/d/new"))
	s.wantErr("Stat before Commit", err, vfs.ErrNotExist)
	s.commit(fresh)
	s.want(map[string]string{"d/": "", "d/old": "old", "d/new": "new"})
	s.commit(over)
	s.want(map[string]string{"d/": "", "d/old": "changed", "d/new": "new"})
	s.commit(kept)
	s.want(map[string]string{"d/": "", "d/old": "old and more", "d/new": "new"})
}

func testOffset(s *suite) {
	for _, test := range []struct {
		offset      int64
		write, want string
	}{
		{0, "abc", "abc"},
		{1, "abc", "0abc"},
		{4, "abc", "0123abc"},
		{10, "abc", "0123456789abc"},
		{10, "", "0123456789"},
		{3, "", "012"},
		{0, "", ""},
	} {
		s.fill(map[string]string{"f": "0123456789"})
		up := s.create("/f", vfs.Create{Offset: test.offset}, test.write)
		if up.Offset() != test.offset {
			s.Errorf("Offset() = %d, want %d", up.Offset(), test.offset)
		}
		e := s.commit(up)
		if e.Size != int64(len(test.want)) {
			s.Errorf("offset %d: Commit says %d bytes, want %d", test.offset, e.Size, len(test.want))
		}
		s.want(map[string]string{"f": test.want})
	}
}

func testAppend(s *suite) {
	for _, test := range []struct {
		offset      int64
		write, want string
	}{
		{0, "one", "one"},
		{3, ", two", "one, two"},
		{8, "", "one, two"},
	} {
		up := s.create("/f", vfs.Create{Append: true}, test.write)
		if up.Offset() != test.offset {
			s.Errorf("Offset() = %d, want %d", up.Offset(), test.offset)
		}
		s.commit(up)
		s.want(map[string]string{"f": test.want})
	}
}

// S-77: of two appends to one file neither may be lost while both are told
// that all is well.
func testAppendConflict(s *suite) {
	s.fill(map[string]string{"f": "one"})
	a := s.create("/f", vfs.Create{Append: true}, ", two")
	b := s.create("/f", vfs.Create{Append: true}, ", three")
	s.commit(a)
	_, err := b.Commit(s.Context())
	s.wantErr("Commit of the second append", err, vfs.ErrConflict)
	a = s.create("/new", vfs.Create{Append: true}, "first")
	b = s.create("/new", vfs.Create{Append: true}, "second")
	s.commit(b)
	_, err = a.Commit(s.Context())
	s.wantErr("Commit of the second append to a new file", err, vfs.ErrConflict)
	s.want(map[string]string{"f": "one, two", "new": "second"})
}

// An attribute that is set during an append would be lost with the old file.
func testAppendSetAttr(s *suite) {
	mode := fs.FileMode(0o700)
	for name, test := range map[string]struct {
		attr vfs.Attr
		can  bool
	}{
		"time": {vfs.Attr{ModTime: time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)}, s.fs.Caps().SetModTime},
		"mode": {vfs.Attr{Mode: &mode}, s.fs.Caps().SetMode},
	} {
		if !test.can {
			continue
		}
		s.put("/"+name, vfs.Create{}, "old")
		up := s.create("/"+name, vfs.Create{Append: true}, ", new")
		if err := s.fs.SetAttr(s.Context(), s.path("/"+name), test.attr); err != nil {
			s.Fatal(errors.Join(err, up.Abort(err)))
		}
		want := s.stat("/" + name)
		_, err := up.Commit(s.Context())
		s.wantErr("Commit after SetAttr of the "+name, err, vfs.ErrConflict)
		s.wantEntry("Stat after the conflict", s.stat("/"+name), want)
		s.put("/"+name, vfs.Create{Append: true}, ", newer")
		if got, err := read(s.Context(), s.fs, s.path("/"+name)); err != nil || got != "old, newer" {
			s.Errorf("%s: holds %q, %v", name, got, err)
		}
	}
}

func testAbort(s *suite) {
	before := map[string]string{"f": "old", "d/": ""}
	s.fill(before)
	for _, up := range []vfs.Upload{
		s.create("/f", vfs.Create{}, "new"),
		s.create("/f", vfs.Create{Append: true}, "new"),
		s.create("/new", vfs.Create{}, "new"),
		s.create("/d/new", vfs.Create{}, ""),
	} {
		for range 2 {
			if err := up.Abort(errGivenUp); err != nil {
				s.Errorf("Abort: %v", err)
			}
		}
		if _, err := up.Commit(s.Context()); err == nil {
			s.Error("Commit after Abort: no error")
		}
		if _, err := io.WriteString(up, "x"); err == nil {
			s.Error("Write after Abort: no error")
		}
	}
	s.want(before)
	// Nothing is left behind that would keep the directory from going.
	if err := s.fs.Rmdir(s.Context(), s.path("/d")); err != nil {
		s.Errorf("Rmdir after Abort: %v", err)
	}
}

func testCommitTwice(s *suite) {
	up := s.create("/f", vfs.Create{}, "content")
	s.commit(up)
	if err := up.Abort(errGivenUp); err != nil {
		s.Errorf("Abort after Commit: %v", err)
	}
	if _, err := up.Commit(s.Context()); err == nil {
		s.Error("second Commit: no error")
	}
	if _, err := io.WriteString(up, "x"); err == nil {
		s.Error("Write after Commit: no error")
	}
	s.want(map[string]string{"f": "content"})
}

func testCommitCancelled(s *suite) {
	s.fill(map[string]string{"d/f": "old"})
	up := s.create("/d/f", vfs.Create{}, "new")
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	_, err := up.Commit(ctx)
	s.wantErr("Commit", err, context.Canceled)
	if err := up.Abort(errGivenUp); err != nil {
		s.Errorf("Abort after a failed Commit: %v", err)
	}
	s.want(map[string]string{"d/": "", "d/f": "old"})
}

func testCommitOntoDirectory(s *suite) {
	up := s.create("/x", vfs.Create{}, "new")
	if err := s.fs.Mkdir(s.Context(), s.path("/x")); err != nil {
		s.Fatal(err)
	}
	_, err := up.Commit(s.Context())
	s.wantErr("Commit", err, vfs.ErrIsDir)
	s.want(map[string]string{"x/": ""})
}

// S-77: two uploads to one name are both whole, and the last Commit wins.
func testLastCommitWins(s *suite) {
	a := s.create("/f", vfs.Create{}, "from ")
	b := s.create("/f", vfs.Create{}, "this is ")
	if _, err := io.WriteString(a, "a"); err != nil {
		s.Fatal(err)
	}
	if _, err := io.WriteString(b, "b"); err != nil {
		s.Fatal(err)
	}
	s.commit(b)
	s.want(map[string]string{"f": "this is b"})
	s.commit(a)
	s.want(map[string]string{"f": "from a"})
}

// The directory may go during the upload; then there is nowhere to publish it.
func testCommitIntoNothing(s *suite) {
	s.fill(map[string]string{"d/": "", "e/": ""})
	moved := s.create("/e/new", vfs.Create{}, "new")
	gone := s.create("/d/new", vfs.Create{}, "new")
	if err := s.fs.Rename(s.Context(), s.path("/e"), s.path("/moved"), vfs.Rename{}); err != nil {
		s.Fatal(err)
	}
	if err := s.fs.Rmdir(s.Context(), s.path("/d")); err == nil {
		_, err := gone.Commit(s.Context())
		s.wantErr("Commit into a directory that is gone", err, vfs.ErrNotExist)
	} else { // a storage may say that the directory is in use
		s.wantErr("Rmdir during an upload", err, vfs.ErrNotEmpty)
		s.commit(gone)
	}
	// Whether the upload goes to the old name or along with the directory is not
	// said, but it is told to the caller, and nothing half is seen.
	_, err := moved.Commit(s.Context())
	tree, terr := Tree(s.Context(), s.fs)
	if got, there := tree["moved/new"]; terr != nil || there != (err == nil) || there && got != "new" {
		s.Errorf("Commit into a renamed directory: %v, and then there is %v, %v", err, tree, terr)
	}
}

// Where Caps says InPlace, others see the file grow, and Abort leaves it as it is.
func testInPlace(s *suite) {
	s.fill(map[string]string{"old": "0123456789"})
	for name, test := range map[string]struct {
		how          vfs.Create
		first, whole string
	}{
		"/new":  {vfs.Create{}, "half", "half a file"},
		"/new2": {vfs.Create{Exclusive: true}, "half", "half a file"},
		"/new3": {vfs.Create{Append: true}, "half", "half a file"},
	} {
		up := s.create(name, test.how, "half")
		if got, err := read(s.Context(), s.fs, s.path(name)); err != nil || got != test.first {
			s.Errorf("%s before Commit: %q, %v; want %q", name, got, err, test.first)
		}
		if _, err := io.WriteString(up, " a file"); err != nil {
			s.Fatal(err)
		}
		s.commit(up)
	}
	for _, test := range []struct {
		how  vfs.Create
		want string
	}{
		{vfs.Create{Append: true}, "0123456789half"},
		{vfs.Create{Offset: 3}, "012half"},
		{vfs.Create{}, "half"},
	} {
		s.interrupted("/old", test.how, "half")
		s.want(map[string]string{"old": test.want, "new": "half a file", "new2": "half a file", "new3": "half a file"})
	}
}

// A new file gets the bits that are wanted, less those of a umask; one that is there
// keeps its own.
func testCreateMode(s *suite) {
	for i, how := range []vfs.Create{{}, {Append: true}, {Exclusive: true}} {
		for _, mode := range []fs.FileMode{0o600, 0o644, 0o777} {
			name := fmt.Sprintf("/%d-%o", i, mode)
			how.Mode = mode
			e := s.commit(s.create(name, how, "x"))
			got := s.stat(name).Mode
			if got != e.Mode || got&^mode != 0 || got&0o600 != 0o600 {
				s.Errorf("%s: mode %v, Commit says %v; want %v", name, got, e.Mode, mode)
			}
		}
	}
	if got := s.stat("/0-777").Mode; got&0o100 == 0 {
		s.Errorf("of 0777 %v is left", got)
	}
	for i, how := range []vfs.Create{{Umask: 0o77}, {Umask: 0o77, Mode: 0o777}, {Umask: 0o77, Mode: 0o77, Append: true}} {
		name := fmt.Sprintf("/masked-%d", i)
		e := s.commit(s.create(name, how, "x"))
		if got := s.stat(name).Mode; got != e.Mode || got&0o77 != 0 {
			s.Errorf("%s: mode %v, Commit says %v, by %+v", name, got, e.Mode, how)
		}
	}
	s.put("/kept", vfs.Create{Mode: 0o600}, "x")
	for _, how := range []vfs.Create{{}, {Mode: 0o755}, {Mode: 0o755, Append: true}, {Mode: 0o755, Offset: 1}, {Umask: 0o777}} {
		s.put("/kept", how, "y")
		if got := s.stat("/kept").Mode; got != 0o600 {
			s.Errorf("an old file of mode 0600 got %v by %+v", got, how)
		}
	}
	_, err := s.fs.Create(s.Context(), s.path("/odd"), vfs.Create{Mode: 0o4755})
	s.wantErr("Create with bits beyond 0777", err, vfs.ErrPermission)
	_, err = s.fs.Stat(s.Context(), s.path("/odd"))
	s.wantErr("Stat", err, vfs.ErrNotExist)
}
