package vfstest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/sealane/sealane/vfs"
)

func testExclusive(s *suite) {
	s.fill(map[string]string{"f": "content", "d/": ""})
	for name, want := range map[string]error{
		"/f":      vfs.ErrExist,
		"/d":      vfs.ErrIsDir,
		"/":       vfs.ErrIsDir,
		"/f/x":    vfs.ErrNotDir,
		"/none/x": vfs.ErrNotExist,
	} {
		for _, how := range []vfs.Create{{Exclusive: true}, {Exclusive: true, Append: true}} {
			up, err := s.fs.Create(s.Context(), s.path(name), how)
			s.wantErr(fmt.Sprintf("Create %s %+v", name, how), err, want)
			if err == nil {
				up.Abort(errGivenUp)
			}
		}
	}
	_, err := s.fs.Create(s.Context(), s.path("/f"), vfs.Create{Exclusive: true, Offset: 3})
	s.wantErr("Create with an offset", err, vfs.ErrExist)
	s.put("/new", vfs.Create{Exclusive: true}, "new")
	s.put("/d/new", vfs.Create{Exclusive: true, Append: true}, "new")
	s.want(map[string]string{"f": "content", "d/": "", "new": "new", "d/new": "new"})
}

// What comes to be at the name before Commit is not written over, whatever it is.
func testExclusiveCommit(s *suite) {
	a := s.create("/f", vfs.Create{Exclusive: true}, "a")
	b := s.create("/f", vfs.Create{Exclusive: true}, "b")
	c := s.create("/f", vfs.Create{}, "c")
	s.commit(c)
	_, err := a.Commit(s.Context())
	s.wantErr("Commit over an upload", err, vfs.ErrExist)
	s.fill(map[string]string{"g": "g"})
	if err := s.fs.Rename(s.Context(), s.path("/g"), s.path("/f"), vfs.Rename{}); err != nil {
		s.Fatal(err)
	}
	_, err = b.Commit(s.Context())
	s.wantErr("Commit over a renamed file", err, vfs.ErrExist)
	d := s.create("/d", vfs.Create{Exclusive: true}, "d")
	if err := s.fs.Mkdir(s.Context(), s.path("/d")); err != nil {
		s.Fatal(err)
	}
	if _, err = d.Commit(s.Context()); !errors.Is(err, vfs.ErrExist) && !errors.Is(err, vfs.ErrIsDir) {
		s.Errorf("Commit over a directory: %v", err)
	}
	s.want(map[string]string{"f": "g", "d/": ""})
	// What has gone again by then does not count.
	a = s.create("/new", vfs.Create{Exclusive: true}, "a")
	s.put("/new", vfs.Create{}, "b")
	if err := s.fs.Remove(s.Context(), s.path("/new")); err != nil {
		s.Fatal(err)
	}
	s.commit(a)
	s.want(map[string]string{"f": "g", "d/": "", "new": "a"})
}

const racers = 16

// race runs n functions at once and counts those that succeed; all others must
// fail with want. It returns the number of the last that succeeded.
func (s *suite) race(what string, want error, run func(i int) error) (winner int) {
	s.Helper()
	var wins atomic.Int32
	var last atomic.Int64
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range racers {
		wg.Go(func() {
			<-start
			err := run(i)
			if err == nil {
				wins.Add(1)
				last.Store(int64(i))
				return
			}
			s.wantErr(what, err, want)
		})
	}
	close(start)
	wg.Wait()
	if wins.Load() != 1 {
		s.Errorf("%s: %d of %d had it all to themselves", what, wins.Load(), racers)
	}
	return int(last.Load())
}

// STOU, S-77: of many that create one name exclusively one wins, and the name
// holds what it wrote.
func testExclusiveRace(s *suite) {
	if err := s.fs.Mkdir(s.Context(), s.path("/d")); err != nil {
		s.Fatal(err)
	}
	for round := range 4 {
		name := fmt.Sprintf("/d/%d", round)
		p := s.path(name)
		winner := s.race("exclusive Create", vfs.ErrExist, func(i int) error {
			up, err := s.fs.Create(s.Context(), p, vfs.Create{Exclusive: true})
			if err != nil {
				return err
			}
			if _, err := fmt.Fprint(up, "by ", i); err != nil {
				return errors.Join(err, up.Abort(err))
			}
			_, err = up.Commit(s.Context())
			return err
		})
		if got, err := read(s.Context(), s.fs, p); err != nil || got != fmt.Sprint("by ", winner) {
			s.Errorf("the winner is %d, and the file holds %q, %v", winner, got, err)
		}
	}
	if got, err := s.list(s.Context(), "/d"); err != nil || len(got) != 4 {
		s.Errorf("left over: %v, %v", got, err)
	}
}

func testExclusiveRename(s *suite) {
	before := map[string]string{"f": "1", "g": "2", "d/": "", "e/": ""}
	s.fill(before)
	// Onto itself nothing is replaced, and nothing need be free.
	for _, name := range []string{"/f", "/d"} {
		for _, how := range []vfs.Rename{{}, {Exclusive: true}} {
			s.wantErr(fmt.Sprintf("Rename %s onto itself %+v", name, how), s.fs.Rename(s.Context(), s.path(name), s.path(name), how), nil)
			s.want(before)
		}
	}
	err := s.fs.Rename(s.Context(), s.path("/none"), s.path("/none"), vfs.Rename{Exclusive: true})
	s.wantErr("Rename of nothing onto itself", err, vfs.ErrNotExist)
	for _, move := range [][2]string{{"/f", "/g"}, {"/f", "/d"}, {"/d", "/e"}, {"/d", "/f"}} {
		err := s.fs.Rename(s.Context(), s.path(move[0]), s.path(move[1]), vfs.Rename{Exclusive: true})
		s.wantErr("Rename "+move[0]+" to "+move[1], err, vfs.ErrExist)
		s.want(before)
	}
	for _, move := range [][2]string{{"/f", "/d/f"}, {"/d", "/moved"}} {
		err := s.fs.Rename(s.Context(), s.path(move[0]), s.path(move[1]), vfs.Rename{Exclusive: true})
		s.wantErr("Rename "+move[0]+" to "+move[1], err, nil)
	}
	s.want(map[string]string{"g": "2", "moved/": "", "moved/f": "1", "e/": ""})
	err = s.fs.Rename(s.Context(), s.path("/none"), s.path("/g"), vfs.Rename{Exclusive: true})
	s.wantErr("Rename of nothing", err, vfs.ErrNotExist)
}

// S-76: of many that rename to one name exclusively one wins; nothing is lost.
func testExclusiveRenameRace(s *suite) {
	before := map[string]string{}
	for i := range racers {
		before[fmt.Sprint(i)] = fmt.Sprint("by ", i)
	}
	s.fill(before)
	to := s.path("/target")
	winner := s.race("exclusive Rename", vfs.ErrExist, func(i int) error {
		return s.fs.Rename(s.Context(), s.path(fmt.Sprint("/", i)), to, vfs.Rename{Exclusive: true})
	})
	delete(before, fmt.Sprint(winner))
	before["target"] = fmt.Sprint("by ", winner)
	s.want(before)
}
