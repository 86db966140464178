package vfstest

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/sealane/sealane/vfs"
)

// Every method looks at its context before it does anything.
func testCancelled(s *suite) {
	before := map[string]string{"f": "old", "d/": ""}
	s.fill(before)
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	f, d, fresh := s.path("/f"), s.path("/d"), s.path("/new")
	_, err := s.fs.Stat(ctx, f)
	s.wantErr("Stat", err, context.Canceled)
	_, err = s.list(ctx, "/")
	s.wantErr("List", err, context.Canceled)
	_, err = s.fs.Open(ctx, f)
	s.wantErr("Open", err, context.Canceled)
	_, err = s.fs.Create(ctx, fresh, vfs.Create{})
	s.wantErr("Create", err, context.Canceled)
	_, err = s.fs.Create(ctx, f, vfs.Create{Append: true})
	s.wantErr("Create", err, context.Canceled)
	s.wantErr("Mkdir", s.fs.Mkdir(ctx, fresh), context.Canceled)
	s.wantErr("Remove", s.fs.Remove(ctx, f), context.Canceled)
	s.wantErr("Rmdir", s.fs.Rmdir(ctx, d), context.Canceled)
	s.wantErr("Rename", s.fs.Rename(ctx, f, fresh, vfs.Rename{}), context.Canceled)
	s.wantErr("SetAttr", s.fs.SetAttr(ctx, f, vfs.Attr{}), context.Canceled)
	_, err = s.fs.Unfinished(ctx, f)
	s.wantErr("Unfinished", err, context.Canceled)
	s.wantErr("Symlink", s.fs.Symlink(ctx, f, fresh), context.Canceled)
	_, err = s.fs.Hash(ctx, f, vfs.SHA256, 0, -1)
	s.wantErr("Hash", err, context.Canceled)
	_, err = s.fs.Space(ctx, d)
	s.wantErr("Space", err, context.Canceled)
	s.want(before)
}

// S-77: while writers replace one file over and over, and others come and go
// beside it, every reader sees one whole version.
func testConcurrent(s *suite) {
	const writers, rounds = 4, 8
	version := func(w int) string { return strings.Repeat(fmt.Sprint(w), 10_000+w) }
	s.fill(map[string]string{"d/shared": version(0)})
	shared := s.path("/d/shared")
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() { // writes
			for range rounds {
				if err := write(s.Context(), s.fs, shared, version(w)); err != nil {
					s.Errorf("write: %v", err)
				}
			}
		})
		wg.Go(func() { // reads
			for range rounds {
				got, err := read(s.Context(), s.fs, shared)
				if err != nil || got == "" || got != version(int(got[0]-'0')) {
					s.Errorf("read a version of %d bytes that nobody wrote, %v", len(got), err)
				}
			}
		})
		wg.Go(func() { // makes, moves, lists and removes names of its own
			for i := range rounds {
				if err := churn(s, fmt.Sprintf("/d/%d-%d", w, i)); err != nil {
					s.Errorf("churn: %v", err)
				}
			}
		})
	}
	wg.Wait()
	got, err := s.list(s.Context(), "/d")
	if err != nil || len(got) != 1 {
		s.Errorf("left over: %v, %v", got, err)
	}
}

func churn(s *suite, name string) error {
	ctx := s.Context()
	dir, file, moved := s.path(name), s.path(name+"/f"), s.path(name+"/g")
	if err := s.fs.Mkdir(ctx, dir); err != nil {
		return err
	}
	if err := write(ctx, s.fs, file, name); err != nil {
		return err
	}
	if err := s.fs.Rename(ctx, file, moved, vfs.Rename{}); err != nil {
		return err
	}
	for _, err := range s.fs.List(ctx, dir.Dir(), vfs.WantAll) {
		if err != nil {
			return err
		}
	}
	if err := s.fs.Remove(ctx, moved); err != nil {
		return err
	}
	return s.fs.Rmdir(ctx, dir)
}

// Files and uploads outlive the FS they come from.
func testClose(s *suite) {
	s.fill(map[string]string{"d/f": "content"})
	f := s.open("/d/f")
	up := s.create("/d/new", vfs.Create{}, "be")
	lost := s.create("/d/lost", vfs.Create{}, "")
	if err := s.fs.Close(); err != nil {
		s.Fatal(err)
	}
	if got := s.readAll(f); got != "content" {
		s.Errorf("read %q after Close", got)
	}
	if _, err := io.WriteString(up, "fore"); err != nil {
		s.Errorf("Write after Close: %v", err)
	}
	if e := s.commit(up); e.Size != 6 {
		s.Errorf("Commit after Close = %+v", e)
	}
	if err := lost.Abort(errGivenUp); err != nil {
		s.Errorf("Abort after Close: %v", err)
	}
	if _, err := s.fs.Stat(s.Context(), s.path("/d/f")); err == nil {
		s.Error("Stat after Close: no error")
	}
}
