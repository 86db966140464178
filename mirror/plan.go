package mirror

import (
	"context"
	"fmt"
	"hash/maphash"
	"iter"
	"slices"
	"strings"

	"github.com/sealane/sealane/vfs"
)

// Plan streams the steps that make to like from: of each directory its files first, then
// what is below it. An error is of one directory or name, and the walk goes on with the
// next; what is below it is left alone. The roots of both trees must exist. What is held
// at a time is bounded by Options.MaxMemory.
//
// Whether a file has changed is told by size and time, or by Options.ByHash. Where the
// target cannot set times (Caps.SetModTime), a file there counts as equal if it is not
// older than the source's; and where one side shows no time, if its size is equal.
func Plan(ctx context.Context, from, to vfs.FS, o Options) iter.Seq2[Step, error] {
	return func(yield func(Step, error) bool) {
		if err := o.Valid(); err != nil {
			yield(Step{}, err)
			return
		}
		w := &walk{ctx: ctx, from: from, to: to, o: o, yield: yield, hashes: vfs.Hashes(), seed: maphash.MakeSeed()}
		w.dir(place{}, 0, true, Step{})
	}
}

// place is a path on both sides. They differ where the target spells names otherwise.
type place struct{ src, dst vfs.Path }

type walk struct {
	ctx      context.Context
	from, to vfs.FS
	o        Options
	yield    func(Step, error) bool
	held     int64 // bytes of the listings under way
	hashes   []vfs.Hash
	above    []string // vfs.Entry.Unique of the directories of the path
	pending  []Step   // directories that are made if something in them is copied
	seed     maphash.Seed
}

// fail reports an error and says whether to go on.
func (w *walk) fail(p vfs.Path, err error) bool {
	return w.yield(Step{Path: p, ToPath: p}, fmt.Errorf("%s: %w", p, err)) && w.ctx.Err() == nil
}

// emit gives out a step, behind the directories that it needs.
func (w *walk) emit(s Step) bool {
	switch s.Action {
	case Copy, Update, Mkdir, Replace:
		for _, dir := range w.pending {
			if !w.yield(dir, nil) {
				return false
			}
		}
		w.pending = w.pending[:0]
	}
	return w.yield(s, nil)
}

// dir walks one directory. If it is not there in the target, first makes it; that comes
// only after the source's listing, since a file may have to make room for it.
func (w *walk) dir(at place, depth int, there bool, first Step) bool {
	if depth > or(w.o.MaxDepth, DefaultMaxDepth) {
		return w.fail(at.src, fmt.Errorf("%w: more than %d levels", ErrLimit, depth-1))
	}
	src, err := w.list(w.from, at.src, at.src, true)
	if err != nil {
		return w.fail(at.src, err)
	}
	defer w.release(src)
	if src.bad != nil && !w.fail(at.src, src.bad) {
		return false
	}
	dst := &listing{}
	if there {
		if dst, err = w.list(w.to, at.dst, at.src, false); err != nil {
			return w.fail(at.dst, err)
		}
		defer w.release(dst)
	}
	if depth == 0 && w.o.Delete && src.total == 0 && dst.total > 0 {
		return w.fail(at.src, ErrEmptySource)
	}
	waiting := len(w.pending)
	if !there && !w.make(first) {
		return false
	}
	if !w.match(at, src, dst, depth) || !w.below(at, src, dst, depth) {
		return false
	}
	w.pending = w.pending[:min(waiting, len(w.pending))]
	return true
}

// make gives out the step that makes a directory, or keeps it until something in it is
// included.
func (w *walk) make(first Step) bool {
	if len(w.o.Include) > 0 && !w.o.included(first.Path) {
		w.pending = append(w.pending, first)
		return true
	}
	return w.emit(first)
}

// match goes through both listings of a directory, one name at a time.
func (w *walk) match(at place, src, dst *listing, depth int) bool {
	seen := w.alike(src)
	for i, j := 0, 0; i < len(src.items) || j < len(dst.items); {
		var key string
		switch {
		case i == len(src.items):
			key = dst.items[j].key
		case j == len(dst.items):
			key = src.items[i].key
		default:
			key = min(src.items[i].key, dst.items[j].key)
		}
		s, d := sameKey(src.items[i:], key), sameKey(dst.items[j:], key)
		i, j = i+len(s), j+len(d)
		if !w.group(at, s, d, depth, seen) {
			return false
		}
	}
	return true
}

// sameKey is what begins items and has the key.
func sameKey(items []*item, key string) []*item {
	n := 0
	for n < len(items) && items[n].key == key {
		n++
	}
	return items[:n]
}

// alike finds the names of a source that some target takes for one, although this one
// is not known to: for each what they have in common, and how many names have it.
func (w *walk) alike(src *listing) map[uint64]uint8 {
	seen := make(map[uint64]uint8, len(src.items))
	for _, i := range src.items {
		if h := w.hash(i.name); seen[h] < 2 {
			seen[h]++
		}
	}
	return seen
}

func (w *walk) hash(name string) uint64 { return maphash.String(w.seed, mayBeOne(name)) }

// group handles the names of one key: one on each side, but for those that only differ
// in case or form.
func (w *walk) group(at place, src, dst []*item, depth int, seen map[uint64]uint8) bool {
	src, ok := w.once(at.src, src)
	if !ok {
		return false
	}
	for k := 1; k < len(dst); k++ {
		if dst[k].name == dst[k-1].name { // which of them is it that would be replaced?
			return w.fail(at.dst, fmt.Errorf("%s: %w", quote(dst[k].name), ErrTwice))
		}
	}
	first := true // nothing of this key was found on both sides, or copied
	for k := range src {
		if n, ok := slices.BinarySearchFunc(dst, src[k], byName); ok {
			first = false
			if !w.both(at, src[k], dst[n], depth) {
				return false
			}
		}
	}
	for k := range src {
		if src[k].taken {
			continue
		}
		if !first {
			if !w.fail(at.src, fmt.Errorf("%s: %w", quote(src[k].name), ErrTwice)) {
				return false
			}
			continue
		}
		first = false
		if len(dst) > 0 {
			if !w.both(at, src[k], dst[0], depth) {
				return false
			}
		} else if !w.alone(at, src[k], seen[w.hash(src[k].name)] > 1) {
			return false
		}
	}
	return w.rest(at, dst, len(src) > 0, depth, seen)
}

func byName(a, b *item) int { return strings.Compare(a.name, b.name) }

// once takes out names that come twice, and leaves nil in their place at the end of src.
func (w *walk) once(p vfs.Path, src []*item) ([]*item, bool) {
	for k := 1; k < len(src); k++ {
		if src[k].name == src[k-1].name {
			if !w.fail(p, fmt.Errorf("%s: %w", quote(src[k].name), ErrTwice)) {
				return nil, false
			}
		}
	}
	return slices.CompactFunc(src, func(a, b *item) bool { return a.name == b.name }), true
}

// rest handles what only the target has. A spelling of what the source has is left alone.
func (w *walk) rest(at place, dst []*item, known bool, depth int, seen map[uint64]uint8) bool {
	if !w.o.Delete {
		return true
	}
	for _, d := range dst {
		if d.taken {
			continue
		}
		here, err := at.join(d.name, d.name)
		switch {
		case err != nil:
			if !w.fail(at.dst, err) {
				return false
			}
		case known:
			if !w.emit(Step{Action: Skip, Path: here.src, ToPath: here.dst, To: d.entry(), Reason: reasonSpelling}) {
				return false
			}
		default:
			rm := remover{walk: w, give: w.emit}
			if seen[w.hash(d.name)] > 0 {
				rm.apart = &here.dst
			}
			if _, ok := rm.remove(here, d, depth+1); !ok {
				return false
			}
		}
	}
	return true
}

func (p place) join(src, dst string) (place, error) {
	s, err := child(p.src, src)
	if err != nil {
		return p, err
	}
	d, err := child(p.dst, dst)
	return place{s, d}, err
}

// below walks the directories of a listing, of which nothing else is held from here on.
func (w *walk) below(at place, src, dst *listing, depth int) bool {
	var dirs listing
	for _, i := range src.items {
		if i != nil && i.isDir() && i.peer != "" { // nil: see once
			dirs.bytes += i.bytes()
			dirs.items = append(dirs.items, i)
		}
	}
	w.release(src)
	w.release(dst)
	w.held += dirs.bytes
	defer w.release(&dirs)
	for _, i := range dirs.items {
		here, err := at.join(i.name, i.peer)
		if err != nil { // it was joined before
			return w.fail(at.src, err)
		}
		if id := i.id(); id != "" && slices.Contains(w.above, id) {
			if !w.fail(here.src, ErrLoop) {
				return false
			}
			continue
		}
		first := Step{Action: Mkdir, Path: here.src, ToPath: here.dst, From: i.entry()}
		if i.replaces {
			first.Action, first.Reason = Replace, reasonReplaces
			first.To = vfs.Entry{Name: i.peer, Kind: vfs.KindFile}
		}
		w.above = append(w.above, i.id())
		ok := w.dir(here, depth+1, i.taken && !i.replaces, first)
		w.above = w.above[:len(w.above)-1]
		if !ok {
			return false
		}
	}
	return true
}
