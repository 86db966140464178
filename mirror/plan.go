package mirror

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sealane/sealane/vfs"
)

// The errors of this package.
var (
	ErrLimit       = errors.New("too deep, or too many entries in one directory")
	ErrRefused     = errors.New("name refused")
	ErrTwice       = errors.New("a name comes twice, or two names are one on the target")
	ErrEmptySource = errors.New("the source is empty, so nothing is deleted")
	ErrTooMany     = errors.New("more deletions than allowed, so nothing is deleted")
)

// Action is what a Step does.
type Action string

// The actions.
const (
	Copy     Action = "copy"
	Update   Action = "update"
	Mkdir    Action = "mkdir"
	Delete   Action = "delete"
	Conflict Action = "conflict"
	Skip     Action = "skip"
)

// Step is one thing to do. From and To describe the entry in each tree; they are
// zero where it is not.
type Step struct {
	Action   Action
	Path     vfs.Path
	From, To vfs.Entry
	Reason   string
}

// Options says how trees are compared and what may be done.
type Options struct {
	// Delete removes from the target what the source has not.
	Delete bool
	// MaxDelete bounds deletions; 0 means 1000. With more, none is done.
	MaxDelete int
	// Tolerance is by how much times may differ and count as equal; 0 means 2 s.
	Tolerance time.Duration
	// Skew is how far the clock of the target is ahead of the source's.
	Skew time.Duration
	// ByHash compares contents, by SHA-256, where sizes are equal.
	ByHash bool
	// FoldCase says that the target does not tell upper from lower case.
	FoldCase bool
	// Check refuses names that the target must not see; nil refuses none.
	Check func(name string) error
	// MaxDepth and MaxEntries (of one directory) bound the walk; 0 means 64
	// and 1,000,000.
	MaxDepth, MaxEntries int
	// Parallel is how many files are copied at the same time; 0 means 1.
	Parallel int
	// Progress is told of every step that is done, or failed; not of two at once.
	Progress func(Step, error)
}

func or[T comparable](v, zero T) T {
	var none T
	if v == none {
		return zero
	}
	return v
}

// Plan streams the steps that make to like from. An error is of one directory or name, and
// the walk goes on with the next; what is below it is left alone. At most the
// entries of the directories on one path are held.
func Plan(ctx context.Context, from, to vfs.FS, o Options) iter.Seq2[Step, error] {
	return func(yield func(Step, error) bool) {
		root, err := vfs.Clean("/")
		if err != nil {
			yield(Step{}, err)
			return
		}
		w := &walk{ctx: ctx, from: from, to: to, o: o, yield: yield}
		w.dir(root, 0, true)
	}
}

type walk struct {
	ctx      context.Context
	from, to vfs.FS
	o        Options
	yield    func(Step, error) bool
}

// fail reports an error and says whether to go on.
func (w *walk) fail(p vfs.Path, err error) bool {
	return w.yield(Step{Path: p}, fmt.Errorf("%s: %w", p, err)) && w.ctx.Err() == nil
}

// list reads a directory to its clean end, or gives an error and nothing: half a listing
// looks like one with files deleted.
func (w *walk) list(fsys vfs.FS, p vfs.Path) (map[string]vfs.Entry, error) {
	entries := map[string]vfs.Entry{}
	for e, err := range fsys.List(w.ctx, p, vfs.WantInfo) {
		if err != nil {
			return nil, err
		}
		if len(entries) == or(w.o.MaxEntries, 1_000_000) {
			return nil, ErrLimit
		}
		if _, twice := entries[e.Name]; twice {
			return nil, ErrTwice
		}
		entries[e.Name] = e
	}
	return entries, w.ctx.Err()
}

func (w *walk) dir(p vfs.Path, depth int, exists bool) bool {
	if depth > or(w.o.MaxDepth, 64) {
		return w.fail(p, ErrLimit)
	}
	src, err := w.list(w.from, p)
	if err != nil {
		return w.fail(p, err)
	}
	dst := map[string]vfs.Entry{}
	if exists {
		if dst, err = w.list(w.to, p); err != nil {
			return w.fail(p, err)
		}
	}
	if depth == 0 && w.o.Delete && len(src) == 0 && len(dst) > 0 {
		return w.fail(p, ErrEmptySource)
	}
	folded := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(src)) {
		if w.o.FoldCase {
			key := strings.ToLower(name)
			if folded[key] {
				if !w.fail(p, fmt.Errorf("%q: %w", name, ErrTwice)) {
					return false
				}
				continue
			}
			folded[key] = true
		}
		e, there := dst[name]
		if !w.entry(p, src[name], e, there, depth) {
			return false
		}
	}
	if !w.o.Delete {
		return true
	}
	for _, name := range slices.Sorted(maps.Keys(dst)) {
		if _, keep := src[name]; keep || folded[strings.ToLower(name)] {
			continue
		}
		if !w.remove(p, dst[name], depth+1) {
			return false
		}
	}
	return true
}

// child names an entry, if its name is one.
func (w *walk) child(p vfs.Path, name string) (vfs.Path, error) {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00\r\n") {
		return p, fmt.Errorf("%q: %w", name, ErrRefused)
	}
	if w.o.Check != nil {
		if err := w.o.Check(name); err != nil {
			return p, fmt.Errorf("%q: %w: %w", name, ErrRefused, err)
		}
	}
	return p.Join(name)
}

func (w *walk) entry(dir vfs.Path, s, d vfs.Entry, there bool, depth int) bool {
	p, err := w.child(dir, s.Name)
	if err != nil {
		return w.fail(dir, err)
	}
	step := Step{Path: p, From: s, To: d}
	switch {
	case s.Link || s.Kind == vfs.KindOther:
		step.Action, step.Reason = Skip, "neither file nor directory"
	case there && (d.Link || d.Kind != s.Kind):
		step.Action, step.Reason = Conflict, "of another kind on the target"
	case s.IsDir():
		if !there {
			step.Action = Mkdir
			if !w.yield(step, nil) {
				return false
			}
		}
		return w.dir(p, depth+1, there)
	case !there:
		step.Action = Copy
	default:
		step.Action, step.Reason, err = w.compare(p, s, d)
		if err != nil {
			return w.fail(p, err)
		}
	}
	return w.yield(step, nil)
}

func (w *walk) compare(p vfs.Path, s, d vfs.Entry) (Action, string, error) {
	if s.Size != d.Size {
		return Update, "size", nil
	}
	if w.o.ByHash {
		a, err := w.from.Hash(w.ctx, p, vfs.SHA256, 0, -1)
		if err != nil {
			return Skip, "", err
		}
		b, err := w.to.Hash(w.ctx, p, vfs.SHA256, 0, -1)
		if err != nil {
			return Skip, "", err
		}
		if string(a) != string(b) {
			return Update, "content", nil
		}
		return Skip, "equal", nil
	}
	off := d.ModTime.Add(-w.o.Skew).Sub(s.ModTime)
	if !w.to.Caps().SetModTime {
		off = min(off, 0) // it has the time of its upload
	}
	if off.Abs() > or(w.o.Tolerance, 2*time.Second) {
		return Update, "time", nil
	}
	return Skip, "equal", nil
}

// remove plans the deletion of an entry, after what is in it.
func (w *walk) remove(dir vfs.Path, d vfs.Entry, depth int) bool {
	p, err := w.child(dir, d.Name)
	if err != nil {
		return w.fail(dir, err)
	}
	if d.Link || d.Kind == vfs.KindOther {
		return w.yield(Step{Action: Skip, Path: p, To: d, Reason: "neither file nor directory"}, nil)
	}
	if d.IsDir() {
		if depth > or(w.o.MaxDepth, 64) {
			return w.fail(p, ErrLimit)
		}
		below, err := w.list(w.to, p)
		if err != nil {
			return w.fail(p, err)
		}
		for _, name := range slices.Sorted(maps.Keys(below)) {
			if !w.remove(p, below[name], depth+1) {
				return false
			}
		}
	}
	return w.yield(Step{Action: Delete, Path: p, To: d}, nil)
}
