package vfstest

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/sealane/sealane/vfs"
)

// suite is one subtest with its tree.
type suite struct {
	*testing.T
	fs vfs.FS
}

func (s *suite) path(name string) vfs.Path {
	s.Helper()
	p, err := vfs.Clean(name)
	if err != nil {
		s.Fatalf("Clean(%q): %v", name, err)
	}
	return p
}

// fill makes files and directories, as Fill does.
func (s *suite) fill(files map[string]string) {
	s.Helper()
	if err := Fill(s.Context(), s.fs, files); err != nil {
		s.Fatal(err)
	}
}

// want compares the whole tree.
func (s *suite) want(files map[string]string) {
	s.Helper()
	got, err := Tree(s.Context(), s.fs)
	if err != nil {
		s.Fatal(err)
	}
	for name, content := range files {
		switch now, ok := got[name]; {
		case !ok:
			s.Errorf("%q is not there", name)
		case now != content:
			s.Errorf("%q holds %.60q (%d bytes), want %.60q (%d bytes)", name, now, len(now), content, len(content))
		}
	}
	for name := range got {
		if _, ok := files[name]; !ok {
			s.Errorf("%q is there, and should not", name)
		}
	}
}

// wantErr demands a sentinel, and no other sentinel beside it, so that whoever
// tests for them in any order comes to the same verdict.
func (s *suite) wantErr(what string, got, want error) {
	s.Helper()
	if !errors.Is(got, want) {
		s.Errorf("%s: got error %v, want %v", what, got, want)
		return
	}
	if want == nil {
		return
	}
	for _, other := range sentinels {
		if other != want && errors.Is(got, other) {
			s.Errorf("%s: error %v is %v and also %v", what, got, want, other)
		}
	}
}

var sentinels = []error{
	vfs.ErrNotExist, vfs.ErrExist, vfs.ErrPermission, vfs.ErrBadName, vfs.ErrIsDir,
	vfs.ErrNotDir, vfs.ErrNotEmpty, vfs.ErrNotRegular, vfs.ErrOffset, vfs.ErrNoSpace,
	vfs.ErrQuota, vfs.ErrUnsupported, vfs.ErrConflict, vfs.ErrUnfinished,
}

// create begins an upload and writes to it.
func (s *suite) create(name string, how vfs.Create, content string) vfs.Upload {
	s.Helper()
	up, err := s.fs.Create(s.Context(), s.path(name), how)
	if err != nil {
		s.Fatalf("Create(%q, %+v): %v", name, how, err)
	}
	if _, err := io.WriteString(up, content); err != nil {
		s.Fatalf("Write to %q: %v", name, errors.Join(err, up.Abort(err)))
	}
	return up
}

func (s *suite) commit(up vfs.Upload) vfs.Entry {
	s.Helper()
	e, err := up.Commit(s.Context())
	if err != nil {
		s.Fatalf("Commit: %v", err)
	}
	return e
}

func (s *suite) stat(name string) vfs.Entry {
	s.Helper()
	e, err := s.fs.Stat(s.Context(), s.path(name))
	if err != nil {
		s.Fatalf("Stat(%q): %v", name, err)
	}
	return e
}

func (s *suite) open(name string) vfs.File {
	s.Helper()
	f, err := s.fs.Open(s.Context(), s.path(name))
	if err != nil {
		s.Fatalf("Open(%q): %v", name, err)
	}
	s.Cleanup(func() { f.Close() })
	return f
}

func (s *suite) readAll(f vfs.File) string {
	s.Helper()
	b, err := io.ReadAll(f)
	if err != nil {
		s.Fatalf("Read: %v", err)
	}
	return string(b)
}

// wantEntry compares two descriptions of one file.
func (s *suite) wantEntry(what string, got, want vfs.Entry) {
	s.Helper()
	if !got.ModTime.Equal(want.ModTime) {
		s.Errorf("%s: time %v, want %v", what, got.ModTime, want.ModTime)
	}
	got.ModTime = want.ModTime
	if got != want {
		s.Errorf("%s: %+v, want %+v", what, got, want)
	}
}

// list gives the names in a directory and what List says of them.
func (s *suite) list(ctx context.Context, name string) (map[string]vfs.Entry, error) {
	s.Helper()
	entries := map[string]vfs.Entry{}
	for e, err := range s.fs.List(ctx, s.path(name), vfs.WantAll) {
		if err != nil {
			return entries, err
		}
		if _, twice := entries[e.Name]; twice {
			s.Errorf("List(%q) has %q twice", name, e.Name)
		}
		entries[e.Name] = e
	}
	return entries, nil
}

// interrupted begins an upload, writes to it and breaks it off.
func (s *suite) interrupted(name string, how vfs.Create, content string) {
	s.Helper()
	if err := s.create(name, how, content).Abort(errBroken); err != nil {
		s.Fatalf("Abort of an interrupted upload: %v", err)
	}
}

// wantUnfinished checks how much is kept of the upload to name; -1: nothing.
func (s *suite) wantUnfinished(name string, size int64) {
	s.Helper()
	e, err := s.fs.Unfinished(s.Context(), s.path(name))
	if size < 0 {
		s.wantErr("Unfinished "+name, err, vfs.ErrNotExist)
		return
	}
	if err != nil || e.Size != size || e.Name != s.path(name).Base() || e.Kind != vfs.KindFile || e.ModTime.IsZero() {
		s.Errorf("Unfinished(%q) = %+v, %v; want %d bytes", name, e, err, size)
	}
}

// put uploads a whole file.
func (s *suite) put(name string, how vfs.Create, content string) {
	s.Helper()
	s.commit(s.create(name, how, content))
}
