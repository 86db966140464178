package vfstest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/sealane/sealane/vfs"
)

// errBroken is the cause that a server gives for an upload which broke off.
var errBroken = fmt.Errorf("%w: the test hung up", vfs.ErrInterrupted)

// An upload that broke off is kept, also beside an older file.
func testUnfinished(s *suite) {
	before := map[string]string{"d/old": "old"}
	s.fill(before)
	for _, name := range []string{"/new", "/d/new", "/d/old"} {
		s.interrupted(name, vfs.Create{}, "broken")
		s.wantUnfinished(name, 6)
	}
	s.want(map[string]string{"d/": "", "d/old": "old"})
	// A later one takes its place.
	s.interrupted("/new", vfs.Create{}, "again")
	s.wantUnfinished("/new", 5)
	// None was begun there.
	for _, name := range []string{"/", "/d", "/none", "/none/x", "/d/none"} {
		s.wantUnfinished(name, -1)
	}
}

// To all but Unfinished there is nothing at the name.
func testUnfinishedIsHidden(s *suite) {
	s.fill(map[string]string{"d/": "", "other": "x"})
	s.interrupted("/d/f", vfs.Create{}, "broken")
	f, ctx := s.path("/d/f"), s.Context()
	_, err := s.fs.Stat(ctx, f)
	s.wantErr("Stat", err, vfs.ErrNotExist)
	_, err = s.fs.Open(ctx, f)
	s.wantErr("Open", err, vfs.ErrNotExist)
	_, err = s.fs.Hash(ctx, f, vfs.SHA256, 0, -1)
	s.wantErr("Hash", err, vfs.ErrNotExist)
	s.wantErr("SetAttr", s.fs.SetAttr(ctx, f, vfs.Attr{}), vfs.ErrNotExist)
	s.wantErr("Rename", s.fs.Rename(ctx, f, s.path("/moved"), vfs.Rename{}), vfs.ErrNotExist)
	s.wantErr("Rmdir", s.fs.Rmdir(ctx, f), vfs.ErrNotExist)
	s.want(map[string]string{"d/": "", "other": "x"})
	s.wantUnfinished("/d/f", 6)
	s.put("/d/f", vfs.Create{Exclusive: true}, "whole")
	s.want(map[string]string{"d/": "", "d/f": "whole", "other": "x"})
	s.interrupted("/d/g", vfs.Create{}, "broken")
	for _, err := range []error{s.fs.Remove(ctx, f), s.fs.Rmdir(ctx, s.path("/d"))} {
		if err != nil {
			s.Errorf("a directory with nothing but an unfinished upload: %v", err)
		}
	}
}

// what may be done with it then works, and the rest is not said.
func testUnfinishedRights(s *suite) {
	s.interrupted("/f", vfs.Create{}, "broken")
	e, err := s.fs.Unfinished(s.Context(), s.path("/f"))
	if err != nil {
		s.Fatal(err)
	}
	if want := vfs.MayAppend | vfs.MayWrite | vfs.MayDelete; e.Rights != want {
		s.Errorf("Rights %b, want %b", e.Rights, want)
	}
}

func testNotKept(s *suite) {
	s.fill(map[string]string{"f": "0123456789"})
	for _, cause := range []error{nil, errGivenUp} {
		if err := s.create("/new", vfs.Create{}, "broken").Abort(cause); err != nil {
			s.Errorf("Abort(%v): %v", cause, err)
		}
		s.wantUnfinished("/new", -1)
	}
	// The committed file is there still, and says itself where to go on.
	for _, how := range []vfs.Create{{Offset: 4}, {Offset: 10}, {Append: true}} {
		s.interrupted("/f", how, "broken")
		s.wantUnfinished("/f", -1)
	}
	s.put("/g", vfs.Create{}, "done")
	s.wantUnfinished("/g", -1)
	s.want(map[string]string{"f": "0123456789", "g": "done"})
}

// Where Caps has no Resume, nothing is ever kept.
func testNoneKept(s *suite) {
	s.interrupted("/new", vfs.Create{}, "broken")
	s.wantUnfinished("/new", -1)
	s.wantUnfinished("/none/x", -1)
}

func testContinue(s *suite) {
	for _, test := range []struct {
		offset int64
		want   string // "": ErrOffset
	}{
		{1, "0abc"},
		{5, "01234abc"},
		{10, "0123456789abc"},
		{11, ""},
		{1<<63 - 1, ""},
	} {
		s.interrupted("/f", vfs.Create{}, "0123456789")
		if test.want == "" {
			_, err := s.fs.Create(s.Context(), s.path("/f"), vfs.Create{Offset: test.offset})
			s.wantErr(fmt.Sprint("Create with offset ", test.offset), err, vfs.ErrOffset)
			s.wantUnfinished("/f", 10)
			s.want(map[string]string{})
			continue
		}
		up := s.create("/f", vfs.Create{Offset: test.offset}, "")
		if up.Offset() != test.offset {
			s.Errorf("Offset() = %d, want %d", up.Offset(), test.offset)
		}
		if _, err := fmt.Fprint(up, "abc"); err != nil {
			s.Fatal(err)
		}
		s.want(map[string]string{})
		s.commit(up)
		s.want(map[string]string{"f": test.want})
		s.wantUnfinished("/f", -1)
		if err := s.fs.Remove(s.Context(), s.path("/f")); err != nil {
			s.Fatal(err)
		}
	}
}

// The broken upload is newer than the file: an offset means its bytes, also
// where the file is the longer one. An append could mean either.
func testContinueOverFile(s *suite) {
	old := map[string]string{"f": "a file that is longer"}
	s.fill(old)
	s.interrupted("/f", vfs.Create{}, "broken")
	_, err := s.fs.Create(s.Context(), s.path("/f"), vfs.Create{Append: true})
	s.wantErr("Append", err, vfs.ErrUnfinished)
	_, err = s.fs.Create(s.Context(), s.path("/f"), vfs.Create{Offset: 7})
	s.wantErr("Offset beyond the end of the upload", err, vfs.ErrOffset)
	_, err = s.fs.Create(s.Context(), s.path("/f"), vfs.Create{Offset: 6, Exclusive: true})
	s.wantErr("Exclusive", err, vfs.ErrExist)
	s.want(old)
	s.wantUnfinished("/f", 6)
	up := s.create("/f", vfs.Create{Offset: 6}, ", mended")
	s.want(old)
	s.commit(up)
	s.want(map[string]string{"f": "broken, mended"})
	s.wantUnfinished("/f", -1)
	s.put("/f", vfs.Create{Append: true}, ".")
	s.want(map[string]string{"f": "broken, mended."})
}

func testContinueByAppend(s *suite) {
	for name, how := range map[string]vfs.Create{
		"/f": {Append: true},
		"/g": {Append: true, Exclusive: true},
		"/h": {Offset: 6, Exclusive: true},
	} {
		s.interrupted(name, vfs.Create{}, "broken")
		up := s.create(name, how, "")
		if up.Offset() != 6 {
			s.Errorf("%s: Offset() = %d, want 6", name, up.Offset())
		}
		if _, err := fmt.Fprint(up, ", mended"); err != nil {
			s.Fatal(err)
		}
		s.commit(up)
		s.wantUnfinished(name, -1)
	}
	s.want(map[string]string{"f": "broken, mended", "g": "broken, mended", "h": "broken, mended"})
}

// What continues an upload may break off as well, and is kept in its turn: also
// by Append, since it does not build on a committed file.
func testContinueAgain(s *suite) {
	s.interrupted("/f", vfs.Create{}, "one")
	s.interrupted("/f", vfs.Create{Offset: 3}, ", two")
	s.wantUnfinished("/f", 8)
	s.interrupted("/f", vfs.Create{Append: true}, ", three")
	s.wantUnfinished("/f", 15)
	s.interrupted("/f", vfs.Create{Offset: 5}, "TWO")
	s.wantUnfinished("/f", 8)
	s.put("/f", vfs.Create{Append: true}, ", four")
	s.want(map[string]string{"f": "one, TWO, four"})
}

// S-77: of many that would continue one upload, one has its bytes.
func testContinueRace(s *suite) {
	const racers = 8
	s.interrupted("/f", vfs.Create{}, "broken")
	p := s.path("/f")
	var won atomic.Int32
	var wg sync.WaitGroup
	ups := make([]vfs.Upload, racers)
	for i := range racers {
		wg.Go(func() {
			how := vfs.Create{Offset: 6}
			if i%2 == 1 {
				how = vfs.Create{Append: true}
			}
			up, err := s.fs.Create(s.Context(), p, how)
			if err != nil {
				return
			}
			if ups[i] = up; up.Offset() == 6 {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		s.Errorf("%d of %d have the bytes of the upload", won.Load(), racers)
	}
	for _, up := range ups {
		if up != nil && up.Offset() == 6 {
			s.commit(up)
		} else if up != nil {
			up.Abort(errGivenUp)
		}
	}
	s.want(map[string]string{"f": "broken"})
}

// A new upload forgets it, and so does the Commit of one that was begun before
// it broke off: from then on the file is the newer one.
func testForgetUnfinished(s *suite) {
	s.interrupted("/f", vfs.Create{}, "broken")
	if err := s.create("/f", vfs.Create{}, "").Abort(errGivenUp); err != nil {
		s.Fatal(err)
	}
	s.wantUnfinished("/f", -1)
	s.interrupted("/f", vfs.Create{}, "broken")
	s.put("/f", vfs.Create{}, "whole")
	s.wantUnfinished("/f", -1)
	other := s.create("/f", vfs.Create{}, "from another session")
	s.interrupted("/f", vfs.Create{}, "broken")
	s.wantUnfinished("/f", 6)
	s.commit(other)
	s.wantUnfinished("/f", -1)
	s.want(map[string]string{"f": "from another session"})
	// A refused one forgets nothing.
	s.interrupted("/g", vfs.Create{}, "broken")
	s.put("/g", vfs.Create{Offset: 6}, "")
	s.interrupted("/g", vfs.Create{}, "broken")
	_, err := s.fs.Create(s.Context(), s.path("/g"), vfs.Create{Exclusive: true})
	s.wantErr("Exclusive", err, vfs.ErrExist)
	s.wantUnfinished("/g", 6)
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	_, err = s.fs.Create(ctx, s.path("/g"), vfs.Create{})
	s.wantErr("Create, cancelled", err, context.Canceled)
	s.wantUnfinished("/g", 6)
}

func testRemoveUnfinished(s *suite) {
	s.fill(map[string]string{"old": "old"})
	s.interrupted("/new", vfs.Create{}, "broken")
	s.interrupted("/old", vfs.Create{}, "broken")
	for _, name := range []string{"/new", "/old"} {
		p := s.path(name)
		if name == "/old" { // first the file
			if err := s.fs.Remove(s.Context(), p); err != nil {
				s.Errorf("Remove of the file: %v", err)
			}
			s.wantUnfinished(name, 6)
		}
		if err := s.fs.Remove(s.Context(), p); err != nil {
			s.Errorf("Remove of what is unfinished: %v", err)
		}
		s.wantUnfinished(name, -1)
		s.wantErr("Remove again", s.fs.Remove(s.Context(), p), vfs.ErrNotExist)
		up, err := s.fs.Create(s.Context(), p, vfs.Create{Offset: 1})
		s.wantErr("Offset after Remove", err, vfs.ErrOffset)
		if err == nil {
			s.Error(errors.Join(err, up.Abort(errGivenUp)))
		}
	}
	s.want(map[string]string{})
}
