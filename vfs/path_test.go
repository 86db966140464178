package vfs_test

import (
	"errors"
	"path"
	"strings"
	"testing"

	"github.com/sealane/sealane/vfs"
)

// S-70, R-107: what users may type, and what becomes of it. The separator is "/",
// "." and ".." mean what they do everywhere, and case is kept.
func TestClean(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", "/"},
		{"/", "/"},
		{"//", "/"},
		{".", "/"},
		{"./", "/"},
		{"..", "/"},
		{"/..", "/"},
		{"../../..", "/"},
		{"a", "/a"},
		{"/a", "/a"},
		{"a/", "/a"},
		{"//a//b//", "/a/b"},
		{"a/./b", "/a/b"},
		{"a/../b", "/b"},
		{"a/../../b", "/b"},
		{"/../a/..", "/"},
		{"...", "/..."},
		{"..a/b..", "/..a/b.."},
		{". ", "/. "},
		{".. /x", "/.. /x"},
		{`\..\`, `/\..\`},
		{"%2e%2e", "/%2e%2e"},
		{"C:", "/C:"},
		{"Aa/aA", "/Aa/aA"},
		{"~", "/~"},
		{" ", "/ "},
		{"\xff\x01", "/\xff\x01"},
		{strings.Repeat("n", vfs.MaxName), "/" + strings.Repeat("n", vfs.MaxName)},
		{strings.Repeat("/d", vfs.MaxPath/2), strings.Repeat("/d", vfs.MaxPath/2)},
		{strings.Repeat("../", vfs.MaxPath/3), "/"},
	} {
		p, err := vfs.Clean(test.in)
		if err != nil || p.String() != test.want {
			t.Errorf("Clean(%q) = %q, %v; want %q", test.in, p, err, test.want)
		}
	}
}

func TestCleanRefuses(t *testing.T) {
	for _, in := range []string{
		"\x00", "a\x00b", "a\r", "a\n", "\r\n", "/a/\n/../b",
		strings.Repeat("n", vfs.MaxName+1),
		"a/" + strings.Repeat("n", vfs.MaxName+1) + "/b",
		strings.Repeat("/d", vfs.MaxPath/2) + "/",
		strings.Repeat("d/", vfs.MaxPath/2) + "d",
	} {
		if p, err := vfs.Clean(in); !errors.Is(err, vfs.ErrBadName) || !p.IsRoot() {
			t.Errorf("Clean(%.20q…) = %q, %v", in, p, err)
		}
	}
	// Each half is within the limit, but not both together.
	half, err := vfs.Clean(strings.Repeat("/d", vfs.MaxPath/4+1))
	if err != nil {
		t.Fatal(err)
	}
	if p, err := half.Join(half.Rel()); !errors.Is(err, vfs.ErrBadName) {
		t.Errorf("Join over the limit = %d bytes, %v", len(p.String()), err)
	}
}

func TestJoin(t *testing.T) {
	for _, test := range []struct{ dir, in, want string }{
		{"/", "a", "/a"},
		{"/a", "b", "/a/b"},
		{"/a", "/b", "/b"},
		{"/a", "", "/a"},
		{"/a", ".", "/a"},
		{"/a", "..", "/"},
		{"/a/b", "../c", "/a/c"},
		{"/a/b", "../../../c", "/c"},
		{"/a", "/..", "/"},
		{"/a", "//b", "/b"},
	} {
		dir, err := vfs.Clean(test.dir)
		if err != nil {
			t.Fatal(err)
		}
		if p, err := dir.Join(test.in); err != nil || p.String() != test.want {
			t.Errorf("%q.Join(%q) = %q, %v; want %q", dir, test.in, p, err, test.want)
		}
	}
}

func TestParts(t *testing.T) {
	for _, test := range []struct{ in, rel, base, dir string }{
		{"/", ".", "/", "/"},
		{"/a", "a", "a", "/"},
		{"/a/b", "a/b", "b", "/a"},
		{"/a/b/c", "a/b/c", "c", "/a/b"},
	} {
		p, err := vfs.Clean(test.in)
		if err != nil {
			t.Fatal(err)
		}
		if p.Rel() != test.rel || p.Base() != test.base || p.Dir().String() != test.dir || p.IsRoot() != (test.in == "/") {
			t.Errorf("%q: Rel %q, Base %q, Dir %q, IsRoot %v", p, p.Rel(), p.Base(), p.Dir(), p.IsRoot())
		}
	}
	if root, err := vfs.Clean("/x/.."); err != nil || root != (vfs.Path{}) {
		t.Errorf("the root is %#v, %v, and not the zero value", root, err)
	}
}

func TestContains(t *testing.T) {
	for _, test := range []struct {
		p, q string
		want bool
	}{
		{"/", "/", true},
		{"/", "/a", true},
		{"/", "/a/b", true},
		{"/a", "/a", true},
		{"/a", "/a/b", true},
		{"/a", "/ab", false}, // S-70: a sibling with the same prefix
		{"/a", "/", false},
		{"/a/b", "/a", false},
		{"/a", "/b", false},
	} {
		p, perr := vfs.Clean(test.p)
		q, qerr := vfs.Clean(test.q)
		if perr != nil || qerr != nil {
			t.Fatal(perr, qerr)
		}
		if got := p.Contains(q); got != test.want {
			t.Errorf("%q.Contains(%q) = %v", p, q, got)
		}
	}
}

// FuzzPath holds what Path promises to all who rely on it.
// F-15.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"", "/", "..", "/a/../../b", `\..\`, "a//b/./c/", "\xff", "a\r\nb", "...", " "} {
		f.Add("/dir", s)
		f.Add(s, "name")
	}
	f.Fuzz(func(t *testing.T, dir, name string) {
		p, err := vfs.Clean(dir)
		if err != nil {
			if !errors.Is(err, vfs.ErrBadName) || p != (vfs.Path{}) {
				t.Fatalf("Clean(%q) = %q, %v", dir, p, err)
			}
		}
		holds(t, p)
		q, err := p.Join(name)
		if err != nil {
			if !errors.Is(err, vfs.ErrBadName) || q != (vfs.Path{}) {
				t.Fatalf("%q.Join(%q) = %q, %v", p, name, q, err)
			}
			return
		}
		holds(t, q)
		if q.IsRoot() {
			return
		}
		if back, err := q.Dir().Join("./" + q.Base()); err != nil || back != q {
			t.Errorf("Dir and Base of %q join to %q, %v", q, back, err)
		}
	})
}

func holds(t *testing.T, p vfs.Path) {
	t.Helper()
	s := p.String()
	if !strings.HasPrefix(s, "/") || path.Clean(s) != s || len(s) > vfs.MaxPath || strings.ContainsAny(s, "\x00\r\n") {
		t.Errorf("%q is not clean", s)
	}
	if !p.IsRoot() {
		for part := range strings.SplitSeq(p.Rel(), "/") {
			if part == "" || part == "." || part == ".." || len(part) > vfs.MaxName {
				t.Errorf("%q holds the part %q", s, part)
			}
		}
	}
	if again, err := vfs.Clean(s); err != nil || again != p {
		t.Errorf("Clean(%q) = %q, %v", s, again, err)
	}
	if again, err := p.Join(s); err != nil || again != p {
		t.Errorf("%q.Join(%q) = %q, %v", p, s, again, err)
	}
	if again, err := (vfs.Path{}).Join(p.Rel()); err != nil || again != p {
		t.Errorf("Join(%q) = %q, %v", p.Rel(), again, err)
	}
	if !(vfs.Path{}).Contains(p) || !p.Contains(p) || !p.Dir().Contains(p) {
		t.Errorf("%q is not contained in the root, itself and its parent", s)
	}
	if p.IsRoot() != p.Contains(vfs.Path{}) {
		t.Errorf("%q contains the root", s)
	}
}
