package vfstest

import (
	"io"

	"github.com/sealane/sealane/vfs"
)

func (s *suite) symlink(target, name string) {
	s.Helper()
	if err := s.fs.Symlink(s.Context(), s.path(target), s.path(name)); err != nil {
		s.Errorf("Symlink %s to %s: %v", name, target, err)
	}
}

// A link is what it leads to, in Stat and in List, and is removed as itself.
func testSymlink(s *suite) {
	s.fill(map[string]string{"d/f": "content", "d/sub/": "", "links/": ""})
	s.symlink("/d/f", "/links/file")
	s.symlink("/d", "/links/dir")
	s.symlink("/", "/links/root")
	s.symlink("/links/file", "/links/chain")
	listed, err := s.list(s.Context(), "/links")
	if err != nil || len(listed) != 4 {
		s.Errorf("List has %v, %v", listed, err)
	}
	for name, kind := range map[string]vfs.Kind{"file": vfs.KindFile, "dir": vfs.KindDir, "root": vfs.KindDir, "chain": vfs.KindFile} {
		e := s.stat("/links/" + name)
		if e.Name != name || e.Kind != kind || !e.Link || kind == vfs.KindFile && e.Size != 7 {
			s.Errorf("Stat of the link %s: %+v", name, e)
		}
		s.wantEntry("List of the link "+name, listed[name], e)
	}
	for _, name := range []string{"/", "/d", "/d/f", "/links/dir/f", "/links/root/d"} {
		if e := s.stat(name); e.Link {
			s.Errorf("Stat of %s, which is no link: %+v", name, e)
		}
	}
	for e, err := range s.fs.List(s.Context(), s.path("/links"), vfs.WantKind) {
		if err != nil || !e.Link {
			s.Errorf("List of kinds has %+v, %v", e, err)
		}
	}
	for _, name := range []string{"/links/file", "/links/chain", "/links/dir/f", "/links/root/d/f", "/links/root/links/dir/f"} {
		if got, err := read(s.Context(), s.fs, s.path(name)); err != nil || got != "content" {
			s.Errorf("%s holds %q, %v", name, got, err)
		}
	}
	s.put("/links/dir/new", vfs.Create{}, "through a link")
	for _, name := range []string{"file", "dir", "root", "chain"} {
		if err := s.fs.Remove(s.Context(), s.path("/links/"+name)); err != nil {
			s.Errorf("Remove of the link %s: %v", name, err)
		}
	}
	s.want(map[string]string{"d/": "", "d/f": "content", "d/sub/": "", "d/new": "through a link", "links/": ""})
}

// S-71: the target need not be there. As long as it is not, the link is neither
// file nor directory, and nothing is made through it.
func testSymlinkDangling(s *suite) {
	s.fill(map[string]string{"d/": ""})
	s.symlink("/d/target", "/link")
	s.symlink("/loop", "/loop")
	for _, name := range []string{"/link", "/loop"} {
		if e := s.stat(name); e.Kind != vfs.KindOther || !e.Link {
			s.Errorf("Stat(%q) = %+v", name, e)
		}
		_, err := s.fs.Open(s.Context(), s.path(name))
		s.wantErr("Open "+name, err, vfs.ErrNotRegular)
		if err := s.fs.Mkdir(s.Context(), s.path(name)); err == nil {
			s.Errorf("Mkdir %s: no error", name)
		}
	}
	s.want(map[string]string{"d/": "", "link?": "", "loop?": ""})
	s.put("/d/target", vfs.Create{}, "there now")
	s.want(map[string]string{"d/": "", "d/target": "there now", "link": "there now", "loop?": ""})
}

// Where a link can be made, and that it leads to the same place from there and
// never out of the tree.
func testSymlinkPlaces(s *suite) {
	before := map[string]string{"f": "root's", "a/f": "a's", "a/b/": "", "a/b/f": "b's"}
	s.fill(before)
	for name, want := range map[string]error{
		"/":       vfs.ErrExist,
		"/f":      vfs.ErrExist,
		"/a":      vfs.ErrExist,
		"/none/x": vfs.ErrNotExist,
		"/f/x":    vfs.ErrNotDir,
	} {
		s.wantErr("Symlink "+name, s.fs.Symlink(s.Context(), s.path("/a/f"), s.path(name)), want)
	}
	n := 0
	for _, dir := range []string{"/", "/a/", "/a/b/"} {
		for target, content := range map[string]string{"/f": "root's", "/a/f": "a's", "/a/b/f": "b's", "/../../f": "root's"} {
			n++
			link := dir + "link" + string(rune('a'+n))
			s.symlink(target, link)
			if got, err := read(s.Context(), s.fs, s.path(link)); err != nil || got != content {
				s.Errorf("%s to %s holds %q, %v", link, target, got, err)
			}
		}
	}
	// A link in a directory that is reached by a link.
	s.symlink("/a/b", "/deep")
	s.symlink("/f", "/deep/up")
	for _, name := range []string{"/deep/up", "/a/b/up"} {
		f := s.open(name)
		if b, err := io.ReadAll(f); err != nil || string(b) != "root's" {
			s.Errorf("%s holds %q, %v", name, b, err)
		}
	}
	s.wantErr("Symlink over a link", s.fs.Symlink(s.Context(), s.path("/f"), s.path("/deep")), vfs.ErrExist)
}

func testNoSymlink(s *suite) {
	s.fill(map[string]string{"f": "content"})
	s.wantErr("Symlink", s.fs.Symlink(s.Context(), s.path("/f"), s.path("/link")), vfs.ErrUnsupported)
	s.want(map[string]string{"f": "content"})
}
