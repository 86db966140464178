package layer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/sealane/sealane/vfs"
)

// Point says where in a tree another one begins.
type Point struct {
	At vfs.Path
	FS vfs.FS
}

// mount is one tree made of several.
type mount struct {
	points []*point              // the longest path first
	nodes  map[vfs.Path]*virtual // mount points and the directories above them
	caps   vfs.Caps
}

type point struct {
	Point
	id string // goes before Unique, which a storage knows of its own files only
}

// virtual is a directory that is there whatever the storage says.
type virtual struct {
	point    *point   // nil: it only leads to mount points
	children []string // those that are virtual, sorted
	since    time.Time
}

// Mount makes one tree of several; one of points may be the root, without which
// there is nothing but the mount points. Points may be within each other.
//
// A mount point is a directory, as are those that lead to one, also where the
// storage that they are in has nothing there, or something else, which is then out
// of reach. It cannot be removed, renamed or replaced: vfs.ErrPermission. A directory
// that is there only because it leads to a mount point can hold nothing else.
//
// Rename from one storage to another copies a file, commits the copy, and only then
// removes the source; it keeps the time and ends with its context. If the source
// cannot be removed, or was changed meanwhile, both are there and the error says so.
// A directory cannot be moved so: vfs.ErrUnsupported. A link stays within its
// storage: a target in another one is vfs.ErrUnsupported.
//
// Names are compared byte by byte: on a storage that ignores case, what is at the
// place of a mount point can be reached by another spelling of it.
//
// Caps are what any of the storages can do, and the weakest durability. Close
// closes them all.
func Mount(points ...Point) (vfs.FS, error) {
	m := &mount{nodes: map[vfs.Path]*virtual{{}: {since: time.Now()}}}
	for i, pt := range points {
		p := &point{Point: pt, id: strconv.Itoa(i) + ":"}
		if pt.FS == nil {
			return nil, fmt.Errorf("layer: nothing is mounted at %q", pt.At)
		}
		v := m.node(pt.At)
		if v.point != nil {
			return nil, fmt.Errorf("layer: %q is mounted twice: choose another place for one", pt.At)
		}
		v.point = p
		m.points = append(m.points, p)
		m.addCaps(pt.FS.Caps(), i == 0)
	}
	slices.SortFunc(m.points, func(a, b *point) int { return len(b.At.String()) - len(a.At.String()) })
	return m, nil
}

// node makes the virtual directory p and those above it.
func (m *mount) node(p vfs.Path) *virtual {
	v := m.nodes[p]
	if v == nil {
		v = &virtual{since: time.Now()}
		m.nodes[p] = v
		parent := m.node(p.Dir())
		parent.children = append(parent.children, p.Base())
		slices.Sort(parent.children)
	}
	return v
}

func (m *mount) addCaps(c vfs.Caps, first bool) {
	m.caps.Write = m.caps.Write || c.Write
	m.caps.SetModTime = m.caps.SetModTime || c.SetModTime
	m.caps.SetMode = m.caps.SetMode || c.SetMode
	m.caps.Symlink = m.caps.Symlink || c.Symlink
	m.caps.Resume = m.caps.Resume || c.Resume
	m.caps.InPlace = m.caps.InPlace || c.InPlace
	if first || c.Durability < m.caps.Durability {
		m.caps.Durability = c.Durability
	}
}

func (m *mount) Caps() vfs.Caps { return m.caps }

// find gives the storage of p and what p is in it; nil where there is none.
func (m *mount) find(p vfs.Path) (*point, vfs.Path) {
	for _, pt := range m.points {
		if !pt.At.Contains(p) {
			continue
		}
		if pt.At.IsRoot() {
			return pt, p
		}
		rel, err := vfs.Clean(p.String()[len(pt.At.String()):])
		if err != nil {
			return nil, vfs.Path{} // which a part of a clean path never is
		}
		return pt, rel
	}
	return nil, vfs.Path{}
}

// lookUp is find for something that is to be there. Below a directory that only
// leads to mount points there is what its storage has, if that has a directory.
func (m *mount) lookUp(ctx context.Context, p vfs.Path) (*point, vfs.Path, error) {
	pt, rel := m.find(p)
	if pt == nil {
		return nil, rel, vfs.ErrNotExist
	}
	for up := p.Dir(); up != pt.At && !p.IsRoot() && pt.At.Contains(up); up = up.Dir() {
		if v := m.nodes[up]; v != nil && !m.real(ctx, up) {
			return nil, rel, vfs.ErrNotExist
		}
	}
	return pt, rel, nil
}

// lookUpNew is lookUp for something that is to be made.
func (m *mount) lookUpNew(ctx context.Context, p vfs.Path) (*point, vfs.Path, error) {
	if dir := p.Dir(); m.nodes[dir] != nil && !m.real(ctx, dir) {
		return nil, p, vfs.ErrPermission
	}
	return m.lookUp(ctx, p)
}

// real says whether a virtual directory is one in a storage, too.
func (m *mount) real(ctx context.Context, p vfs.Path) bool {
	if m.nodes[p].point != nil {
		return true
	}
	pt, rel := m.find(p)
	if pt == nil {
		return false
	}
	e, err := pt.FS.Stat(ctx, rel)
	// Without a verdict, the storage shall say what is wrong.
	return err == nil && e.IsDir() || err != nil && !errors.Is(err, vfs.ErrNotExist) && !errors.Is(err, vfs.ErrNotDir)
}

// entry is what a storage says of p, as seen in the whole tree.
func (m *mount) entry(pt *point, p vfs.Path, e vfs.Entry) vfs.Entry {
	e.Name = p.Base()
	if e.Unique != "" {
		e.Unique = pt.id + e.Unique
	}
	if m.nodes[p] != nil {
		e.Rights &^= vfs.MayDelete | vfs.MayRename
	}
	return e
}

func (m *mount) Stat(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	if v := m.nodes[p]; v != nil {
		return m.statVirtual(ctx, p, v)
	}
	pt, rel, err := m.lookUp(ctx, p)
	if err != nil {
		return vfs.Entry{}, fail("stat", p, err)
	}
	e, err := pt.FS.Stat(ctx, rel)
	if err != nil {
		return e, err
	}
	return m.entry(pt, p, e), nil
}

// statVirtual describes a directory that is there in any case.
func (m *mount) statVirtual(ctx context.Context, p vfs.Path, v *virtual) (vfs.Entry, error) {
	if pt, rel := m.find(p); pt != nil {
		e, err := pt.FS.Stat(ctx, rel)
		switch {
		case err == nil && e.IsDir():
			return m.entry(pt, p, e), nil
		case err != nil && (v.point != nil || !errors.Is(err, vfs.ErrNotExist) && !errors.Is(err, vfs.ErrNotDir)):
			return vfs.Entry{}, err
		}
	} else if err := ctx.Err(); err != nil {
		return vfs.Entry{}, fail("stat", p, err)
	}
	return v.entry(p), nil
}

// entry describes a directory that no storage has.
func (v *virtual) entry(p vfs.Path) vfs.Entry {
	return vfs.Entry{Name: p.Base(), Kind: vfs.KindDir, Mode: virtualMode, ModTime: v.since, Rights: vfs.DirRead}
}

func (m *mount) Open(ctx context.Context, p vfs.Path) (vfs.File, error) {
	if err := m.notVirtual(ctx, p, vfs.ErrIsDir); err != nil {
		return nil, fail("open", p, err)
	}
	pt, rel, err := m.lookUp(ctx, p)
	if err != nil {
		return nil, fail("open", p, err)
	}
	f, err := pt.FS.Open(ctx, rel)
	if err != nil {
		return nil, err
	}
	return &entryFile{f, m.entry(pt, p, f.Entry())}, nil
}

// notVirtual refuses with err what cannot be done with a virtual directory.
func (m *mount) notVirtual(ctx context.Context, p vfs.Path, err error) error {
	if m.nodes[p] == nil {
		return nil
	}
	if cerr := ctx.Err(); cerr != nil {
		return cerr
	}
	return err
}

func (m *mount) SetAttr(ctx context.Context, p vfs.Path, a vfs.Attr) error {
	if m.nodes[p] != nil && !m.real(ctx, p) {
		return fail("set attributes of", p, vfs.ErrPermission)
	}
	pt, rel, err := m.lookUp(ctx, p)
	if err != nil {
		return fail("set attributes of", p, err)
	}
	return pt.FS.SetAttr(ctx, rel, a)
}

func (m *mount) Hash(ctx context.Context, p vfs.Path, h vfs.Hash, from, to int64) ([]byte, error) {
	if err := m.notVirtual(ctx, p, vfs.ErrIsDir); err != nil {
		return nil, fail("hash", p, err)
	}
	pt, rel, err := m.lookUp(ctx, p)
	if err != nil {
		return nil, fail("hash", p, err)
	}
	return pt.FS.Hash(ctx, rel, h, from, to)
}

func (m *mount) Space(ctx context.Context, p vfs.Path) (vfs.Space, error) {
	if m.nodes[p] != nil && !m.real(ctx, p) {
		return vfs.Space{Free: 0, Total: -1}, nil
	}
	pt, rel, err := m.lookUp(ctx, p)
	if err != nil {
		return vfs.Space{}, fail("tell the space of", p, err)
	}
	return pt.FS.Space(ctx, rel)
}

func (m *mount) Close() error {
	var all []error
	for _, pt := range m.points {
		all = append(all, pt.FS.Close())
	}
	return errors.Join(all...)
}
