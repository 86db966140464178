package mirror

import (
	"fmt"

	"github.com/sealane/sealane/vfs"
)

// alone handles what only the source has. careful says that the target may take its
// name for that of another entry.
func (w *walk) alone(at place, s *item, careful bool) bool {
	here, ok, goOn := w.here(at, s, s.name)
	if !ok {
		return goOn
	}
	step := Step{Action: Copy, Path: here.src, ToPath: here.dst, From: s.entry(), careful: careful}
	switch {
	case s.odd():
		step.Action, step.Reason = Skip, reasonOdd
	case s.isDir():
		s.peer = s.name
		return true // made when it is walked
	}
	return w.emit(step)
}

// both handles what is on both sides.
func (w *walk) both(at place, s, d *item, depth int) bool {
	s.taken, d.taken = true, true
	here, ok, goOn := w.here(at, s, d.name)
	if !ok {
		return goOn
	}
	step := Step{Path: here.src, ToPath: here.dst, From: s.entry(), To: d.entry()}
	var err error
	switch {
	case s.odd():
		step.Action, step.Reason = Skip, reasonOdd
	case d.odd(), s.isDir() != d.isDir() && !w.o.Replace:
		step.Action, step.Reason = Conflict, reasonKind
	case s.isDir() && d.isDir():
		s.peer = d.name
		return true
	case s.isDir():
		s.peer, s.replaces = d.name, true
		return true
	case d.isDir():
		return w.clear(step, here, d, depth)
	default:
		if step.Action, step.Reason, err = w.compare(here, s, d); err != nil {
			return w.fail(here.src, err)
		}
		step.same = step.Action == Skip
	}
	return w.emit(step)
}

// here is the place of an entry of the source, if its name may be used; ok says so.
func (w *walk) here(at place, s *item, peer string) (here place, ok, goOn bool) {
	here, err := at.join(s.name, peer)
	if err == nil && w.o.Check != nil {
		if cerr := w.o.Check(s.name); cerr != nil {
			err = fmt.Errorf("%s: %w: %w", quote(s.name), ErrRefused, cerr)
		}
	}
	if err != nil {
		return here, false, w.fail(at.src, err)
	}
	return here, true, true
}

// clear plans that a file takes the place of a directory: what is in that goes first, if
// all of it may.
func (w *walk) clear(step Step, here place, d *item, depth int) bool {
	if !w.o.Delete {
		step.Action, step.Reason = Conflict, reasonKindDel
		return w.emit(step)
	}
	var steps []Step
	limit, tooMany := or(w.o.MaxDelete, DefaultMaxDelete), false
	rm := remover{walk: w, clears: &step.Path, give: func(s Step) bool {
		if s.Action != Delete {
			return true
		}
		steps = append(steps, s)
		tooMany = len(steps) > limit
		return !tooMany
	}}
	kept, ok := rm.remove(here, d, depth+1)
	switch {
	case tooMany:
		return w.fail(here.dst, ErrTooMany)
	case !ok:
		return false
	case kept:
		step.Action, step.Reason = Conflict, reasonKindLeft
		return w.emit(step)
	}
	for _, s := range steps {
		if !w.emit(s) {
			return false
		}
	}
	step.Action, step.Reason = Replace, reasonReplaces
	return w.emit(step)
}

// remover plans deletions.
type remover struct {
	*walk
	give   func(Step) bool
	apart  *vfs.Path // see Step
	clears *vfs.Path
}

// remove plans the deletion of an entry, after what is in it. kept says that
// something of it stays, so that a directory has to.
func (r remover) remove(here place, d *item, depth int) (kept, ok bool) {
	if d.odd() {
		return true, r.give(Step{Action: Skip, Path: here.src, ToPath: here.dst, To: d.entry(), Reason: reasonOdd})
	}
	if d.isDir() {
		kept, ok = r.inside(here, depth)
		if kept || !ok {
			return kept, ok
		}
		if len(r.o.Include) > 0 && !r.o.included(here.src) {
			return true, true
		}
	}
	return false, r.give(Step{Action: Delete, Path: here.src, ToPath: here.dst, To: d.entry(), apart: r.apart, clears: r.clears})
}

// inside plans the deletion of what a directory holds.
func (r remover) inside(here place, depth int) (kept, ok bool) {
	if depth > or(r.o.MaxDepth, DefaultMaxDepth) {
		return true, r.fail(here.dst, ErrLimit)
	}
	l, err := r.list(r.to, here.dst, here.src, false)
	if err != nil {
		return true, r.fail(here.dst, err)
	}
	defer r.release(l)
	kept = l.left()
	for _, d := range l.items {
		below, err := here.join(d.name, d.name)
		if err != nil {
			if kept = true; !r.fail(here.dst, err) {
				return true, false
			}
			continue
		}
		k, ok := r.remove(below, d, depth+1)
		kept = kept || k
		if !ok {
			return kept, false
		}
	}
	return kept, true
}
