package layer

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/sealane/sealane/vfs"
)

// refresh counts the upload to p that broke off as it is now, and says how much it
// holds. It looks only for one that is known already, unless look is set.
func (q *quota) refresh(ctx context.Context, p vfs.Path, look bool) (Usage, error) {
	if !q.inner.Caps().Resume {
		return Usage{}, nil
	}
	q.b.mu.Lock()
	defer q.b.mu.Unlock()
	return q.refreshLocked(ctx, p, look, Usage{})
}

// keptKey names the lock of the upload to p that broke off: whoever makes, takes or
// counts one holds it, and the lock of the budget for counting.
func (q *quota) keptKey(p vfs.Path) string { return "b" + q.view + "\x00" + p.String() }

// refreshLocked counts what became of the upload to p, of which also has been
// counted elsewhere up to now.
func (q *quota) refreshLocked(ctx context.Context, p vfs.Path, look bool, also Usage) (Usage, error) {
	key := keptUpload{q.view, p}
	before, known := q.b.kept[key]
	if !known && !look {
		return Usage{}, nil
	}
	counted := also
	if known {
		counted = counted.plus(Usage{before, 1})
	}
	var now Usage
	e, err := q.inner.Unfinished(context.WithoutCancel(ctx), p)
	switch {
	case err == nil:
		now = Usage{e.Size, 1}
		q.b.kept[key] = e.Size
	case errors.Is(err, vfs.ErrNotExist), errors.Is(err, vfs.ErrNotDir):
		delete(q.b.kept, key)
	default:
		return Usage{}, err // it stays counted as it was
	}
	q.b.adjust(now.minus(counted))
	return now, nil
}

// refreshMoved does so for the one that is known at from, whose lock is held, and
// with deep for those below it; also where they would be if they had moved along to
// to.
func (q *quota) refreshMoved(ctx context.Context, from, to vfs.Path, deep bool) {
	q.b.mu.Lock()
	var paths []vfs.Path
	for key := range q.b.kept {
		if key.view == q.view && (key.path == from || deep && from.Contains(key.path)) {
			paths = append(paths, key.path)
		}
	}
	q.b.mu.Unlock()
	for _, p := range paths {
		moved, err := vfs.Clean(to.String() + p.String()[len(from.String()):])
		if err != nil {
			moved = p // there is no such place
		}
		unlock := func() {}
		if p != from {
			unlock = q.b.names.lock(q.keptKey(p), q.keptKey(moved))
		}
		// What cannot be asked now stays counted.
		q.refresh(ctx, p, false)
		if moved != p {
			q.refresh(ctx, moved, true)
		}
		unlock()
	}
}

// reserve books what is about to be stored. Before it refuses, it looks whether the
// storage has dropped uploads that broke off, which storages do after a while.
func (q *quota) reserve(u Usage) error {
	err := q.b.reserve(u)
	if err == nil || !q.inner.Caps().Resume {
		return err
	}
	q.b.mu.Lock()
	keys := slices.Collect(maps.Keys(q.b.kept))
	q.b.mu.Unlock()
	for _, key := range keys {
		if key.view != q.view {
			continue
		}
		// One that somebody is at was not dropped; and to wait here, with locks of our
		// own, could be forever.
		if unlock, ok := q.b.names.tryLock(q.keptKey(key.path)); ok {
			q.refresh(context.Background(), key.path, false)
			unlock()
		}
	}
	return q.b.reserve(u)
}
