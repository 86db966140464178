package vfs

import (
	"path"
	"strings"
)

// Limits of names. They are the smallest that common file systems share, so
// that what one driver stores another can store too.
const (
	MaxPath = 4096 // bytes of a whole path
	MaxName = 255  // bytes of one name
)

// Path is a clean absolute path inside an FS: it starts with "/", and holds no
// empty part, no "." or "..", and no NUL, CR or LF. Only [Clean] and
// [Path.Join] make one, so whoever holds a Path need not check it again. The
// zero value is the root.
type Path struct{ s string }

// Clean makes a Path of s, which is taken from the root whether or not it
// starts with "/". ".." above the root stays at the root, as in a chroot.
// It returns ErrBadName for NUL, CR and LF and for names over the limits.
// All other bytes are kept as they are: names need not be UTF-8.
func Clean(s string) (Path, error) { return Path{}.Join(s) }

// Join resolves s as a user would mean it with p as the working directory: an
// absolute s replaces p. Errors are those of Clean.
func (p Path) Join(s string) (Path, error) {
	if len(s) > MaxPath || strings.ContainsAny(s, "\x00\r\n") {
		return Path{}, ErrBadName
	}
	if !strings.HasPrefix(s, "/") {
		s = p.String() + "/" + s
	}
	s = path.Clean("/" + s)
	if len(s) > MaxPath {
		return Path{}, ErrBadName
	}
	for part := range strings.SplitSeq(s, "/") {
		if len(part) > MaxName {
			return Path{}, ErrBadName
		}
	}
	if s == "/" {
		s = ""
	}
	return Path{s}, nil
}

// String gives the path with its leading "/".
func (p Path) String() string {
	if p.s == "" {
		return "/"
	}
	return p.s
}

// Rel gives the path without its leading "/", and "." for the root: the form
// that io/fs and os.Root take.
func (p Path) Rel() string {
	if p.s == "" {
		return "."
	}
	return p.s[1:]
}

// IsRoot reports whether p is the root.
func (p Path) IsRoot() bool { return p.s == "" }

// Base is the last name of p, and "/" for the root.
func (p Path) Base() string { return path.Base(p.String()) }

// Dir is the parent of p; the root is its own parent.
func (p Path) Dir() Path {
	d := path.Dir(p.String())
	if d == "/" {
		d = ""
	}
	return Path{d}
}

// Contains reports whether q is p or lies below it.
func (p Path) Contains(q Path) bool {
	return p.s == q.s || strings.HasPrefix(q.s, p.s+"/")
}
