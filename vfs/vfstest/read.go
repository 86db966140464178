package vfstest

import (
	"io"

	"github.com/sealane/sealane/vfs"
)

func testStat(s *suite) {
	s.fill(map[string]string{"f": "12345", "d/": "", "d/g": ""})
	for _, test := range []struct {
		name, base string
		kind       vfs.Kind
		size       int64
	}{
		{"/", "/", vfs.KindDir, 0},
		{"/f", "f", vfs.KindFile, 5},
		{"/d", "d", vfs.KindDir, 0},
		{"/d/g", "g", vfs.KindFile, 0},
	} {
		e := s.stat(test.name)
		if e.Name != test.base || e.Kind != test.kind || e.Size != test.size {
			s.Errorf("Stat(%q) = %+v", test.name, e)
		}
		if e.IsDir() != e.Mode.IsDir() || e.Mode.Perm()&0o400 == 0 {
			s.Errorf("Stat(%q): mode %v", test.name, e.Mode)
		}
		if e.ModTime.IsZero() {
			s.Errorf("Stat(%q): no time", test.name)
		}
	}
	for name, want := range map[string]error{
		"/none":   vfs.ErrNotExist,
		"/none/x": vfs.ErrNotExist,
		"/d/none": vfs.ErrNotExist,
		"/f/x":    vfs.ErrNotDir,
		"/f/x/y":  vfs.ErrNotDir,
	} {
		_, err := s.fs.Stat(s.Context(), s.path(name))
		s.wantErr("Stat "+name, err, want)
	}
}

// RFC 3659 §7.5.2: equal only if they are the same file.
func testUnique(s *suite) {
	s.fill(map[string]string{"a": "same", "b": "same", "d/": ""})
	seen := map[string]string{}
	for _, name := range []string{"/", "/a", "/b", "/d"} {
		u := s.stat(name).Unique
		if other, twice := seen[u]; u != "" && twice {
			s.Errorf("%s and %s have the same Unique %q", name, other, u)
		}
		seen[u] = name
	}
	before := s.stat("/a").Unique
	if err := s.fs.Rename(s.Context(), s.path("/a"), s.path("/d/a"), vfs.Rename{}); err != nil {
		s.Fatal(err)
	}
	if after := s.stat("/d/a").Unique; after != before {
		s.Errorf("Unique changed by Rename from %q to %q", before, after)
	}
}

func testOpen(s *suite) {
	s.fill(map[string]string{"d/f": "content", "empty": ""})
	f := s.open("/d/f")
	if got := s.readAll(f); got != "content" {
		s.Errorf("read %q", got)
	}
	if e := f.Entry(); e.Name != "f" || e.Size != 7 || e.Kind != vfs.KindFile {
		s.Errorf("Entry = %+v", e)
	}
	if got := s.readAll(s.open("/empty")); got != "" {
		s.Errorf("read %q of an empty file", got)
	}
	for name, want := range map[string]error{
		"/":      vfs.ErrIsDir,
		"/d":     vfs.ErrIsDir,
		"/none":  vfs.ErrNotExist,
		"/d/f/x": vfs.ErrNotDir,
	} {
		_, err := s.fs.Open(s.Context(), s.path(name))
		s.wantErr("Open "+name, err, want)
	}
}

func testSeek(s *suite) {
	s.fill(map[string]string{"f": "0123456789"})
	f := s.open("/f")
	for _, test := range []struct {
		off    int64
		whence int
		pos    int64
		rest   string
	}{
		{3, io.SeekStart, 3, "3456789"},
		{-2, io.SeekEnd, 8, "89"},
		{-1, io.SeekCurrent, 9, "9"},
		{0, io.SeekStart, 0, "0123456789"},
		{5, io.SeekEnd, 15, ""},
	} {
		pos, err := f.Seek(test.off, test.whence)
		if err != nil || pos != test.pos {
			s.Errorf("Seek(%d, %d) = %d, %v; want %d", test.off, test.whence, pos, err, test.pos)
		}
		if rest := s.readAll(f); rest != test.rest {
			s.Errorf("after Seek(%d, %d): %q, want %q", test.off, test.whence, rest, test.rest)
		}
	}
	if _, err := f.Seek(-1, io.SeekStart); err == nil {
		s.Error("Seek before the start: no error")
	}
}

// S-77: a reader sees one whole version.
func testReaderKeepsItsVersion(s *suite) {
	s.fill(map[string]string{"f": "old version"})
	f := s.open("/f")
	first := make([]byte, 3)
	if _, err := io.ReadFull(f, first); err != nil {
		s.Fatal(err)
	}
	s.commit(s.create("/f", vfs.Create{}, "new"))
	if got := string(first) + s.readAll(f); got != "old version" {
		s.Errorf("the reader got %q", got)
	}
	if f.Entry().Size != 11 {
		s.Errorf("Entry changed: %+v", f.Entry())
	}
	removed := s.open("/f")
	if err := s.fs.Remove(s.Context(), s.path("/f")); err != nil {
		s.Fatal(err)
	}
	if got := s.readAll(removed); got != "new" {
		s.Errorf("after Remove the reader got %q", got)
	}
}
