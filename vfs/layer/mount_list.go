package layer

import (
	"context"
	"iter"
	"slices"

	"github.com/sealane/sealane/vfs"
)

func (m *mount) List(ctx context.Context, p vfs.Path, want vfs.Fields) iter.Seq2[vfs.Entry, error] {
	return func(yield func(vfs.Entry, error) bool) {
		pt, rel, err := m.lookUp(ctx, p)
		v := m.nodes[p]
		if err != nil && v == nil {
			yield(vfs.Entry{}, fail("list", p, err))
			return
		}
		if err == nil && (v == nil || m.real(ctx, p)) {
			if !m.listReal(ctx, pt, rel, p, want, yield) {
				return
			}
		}
		if v != nil {
			m.listPoints(ctx, p, v, want, yield)
		}
	}
}

// listReal lists what the storage has; false if the list is over.
func (m *mount) listReal(ctx context.Context, pt *point, rel, p vfs.Path, want vfs.Fields, yield func(vfs.Entry, error) bool) bool {
	v := m.nodes[p]
	for e, err := range pt.FS.List(ctx, rel, want) {
		if err != nil {
			yield(e, err)
			return false
		}
		if v != nil {
			if _, mounted := slices.BinarySearch(v.children, e.Name); mounted {
				continue
			}
		}
		if e.Unique != "" {
			if want.Has(vfs.WantUnique) {
				e.Unique = pt.id + e.Unique
			} else {
				e.Unique = ""
			}
		}
		if !yield(e, nil) {
			return false
		}
	}
	return true
}

// listPoints lists the virtual directories in p. One whose storage has trouble is
// listed all the same.
func (m *mount) listPoints(ctx context.Context, p vfs.Path, v *virtual, want vfs.Fields, yield func(vfs.Entry, error) bool) {
	for _, name := range v.children {
		if err := ctx.Err(); err != nil {
			yield(vfs.Entry{}, fail("list", p, err))
			return
		}
		child, err := p.Join(name)
		if err != nil {
			continue // which the parts of clean paths are not
		}
		e := m.nodes[child].entry(child)
		if want.Has(vfs.WantAll &^ vfs.WantKind) {
			if real, err := m.Stat(ctx, child); err == nil {
				e = real
			}
		}
		if !yield(e, nil) {
			return
		}
	}
}
