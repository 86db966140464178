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

// An entry has its name and at least the fields that were asked for, and they
// agree with Stat, whose word is the fullest.
func testListFields(s *suite) {
	s.fill(map[string]string{"d/f": "123", "d/empty": "", "d/sub/": "", "d/sub/deep": ""})
	names := []string{"f", "empty", "sub"}
	if s.fs.Caps().Symlink {
		s.symlink("/d/f", "/d/link")
		s.symlink("/d/sub", "/d/dirlink")
		s.symlink("/none", "/d/dangling")
		names = append(names, "link", "dirlink", "dangling")
	}
	for want := range vfs.WantAll + 1 {
		listed := map[string]vfs.Entry{}
		for e, err := range s.fs.List(s.Context(), s.path("/d"), want) {
			if err != nil {
				s.Fatal(err)
			}
			listed[e.Name] = e
		}
		if len(listed) != len(names) {
			s.Errorf("List with fields %b has %v", want, listed)
		}
		for _, name := range names {
			got, full := listed[name], s.stat("/d/"+name)
			s.wantEntry(fmt.Sprintf("List of %s with fields %b", name, want), only(want, got), only(want, full))
		}
	}
}

// only is e with nothing but its name and the fields of want.
func only(want vfs.Fields, e vfs.Entry) vfs.Entry {
	o := vfs.Entry{Name: e.Name}
	if want.Has(vfs.WantKind | vfs.WantInfo) {
		o.Kind = e.Kind
	}
	if want.Has(vfs.WantInfo) {
		o.Size, o.ModTime, o.Mode, o.Owner = e.Size, e.ModTime, e.Mode, e.Owner
	}
	if want.Has(vfs.WantCreated) {
		o.Created = e.Created
	}
	if want.Has(vfs.WantUnique) {
		o.Unique = e.Unique
	}
	if want.Has(vfs.WantRights) {
		o.Rights = e.Rights
	}
	return o
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
