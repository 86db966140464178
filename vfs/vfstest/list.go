package vfstest

import (
	"context"
	"fmt"

	"github.com/sealane/sealane/vfs"
)

func testList(s *suite) {
	s.fill(map[string]string{"d/f": "123", "d/.hidden": "", "d/sub/": "", "d/sub/deep": "", "empty/": ""})
	got, err := s.list(s.Context(), "/d")
	if err != nil {
		s.Fatal(err)
	}
	if len(got) != 3 {
		s.Errorf("List has %v", got)
	}
	for _, name := range []string{"f", ".hidden", "sub"} {
		s.wantEntry("List of "+name, got[name], s.stat("/d/"+name))
	}
	if got, err := s.list(s.Context(), "/empty"); err != nil || len(got) != 0 {
		s.Errorf("an empty directory has %v, %v", got, err)
	}
	if got, err := s.list(s.Context(), "/"); err != nil || len(got) != 2 {
		s.Errorf("the root has %v, %v", got, err)
	}
	for name, want := range map[string]error{
		"/none":  vfs.ErrNotExist,
		"/d/f":   vfs.ErrNotDir,
		"/d/f/x": vfs.ErrNotDir,
	} {
		got, err := s.list(s.Context(), name)
		s.wantErr("List "+name, err, want)
		if len(got) > 0 {
			s.Errorf("List %s: %v before the error", name, got)
		}
	}
}

// S-82: more entries than any driver takes in one go.
func testListMany(s *suite) {
	const n = 1000
	if err := s.fs.Mkdir(s.Context(), s.path("/d")); err != nil {
		s.Fatal(err)
	}
	for i := range n {
		// Directories, since they cost a driver less than a file.
		if err := s.fs.Mkdir(s.Context(), s.path(fmt.Sprintf("/d/%04d", i))); err != nil {
			s.Fatal(err)
		}
	}
	got, err := s.list(s.Context(), "/d")
	if err != nil || len(got) != n {
		s.Errorf("%d entries, %v; want %d", len(got), err, n)
	}
	seen := 0
	for range s.fs.List(s.Context(), s.path("/d"), vfs.WantAll) {
		if seen++; seen == n/2 {
			break
		}
	}
	ctx, cancel := context.WithCancel(s.Context())
	defer cancel()
	var last error
	seen = 0
	for _, err := range s.fs.List(ctx, s.path("/d"), vfs.WantAll) {
		last = err
		if seen++; seen == 1 {
			cancel()
		}
	}
	s.wantErr("List, cancelled at the first entry", last, context.Canceled)
	if seen >= n {
		s.Errorf("List, cancelled at the first entry, went on to the end")
	}
}

// What happens to the directory during List does not break it, and a sequence
// may be used twice.
func testListEnds(s *suite) {
	s.fill(map[string]string{"a": "", "b": "", "c": ""})
	seq := s.fs.List(s.Context(), s.path("/"), vfs.WantAll)
	for range seq {
		break
	}
	count := 0
	for e, err := range seq {
		if err != nil {
			s.Fatal(err)
		}
		count++
		if err := s.fs.Remove(s.Context(), s.path("/"+e.Name)); err != nil {
			s.Fatal(err)
		}
	}
	if count != 3 {
		s.Errorf("%d entries, want 3", count)
	}
	s.want(map[string]string{})
}
