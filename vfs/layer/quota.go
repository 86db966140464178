package layer

import (
	"context"
	"errors"
	"iter"

	"github.com/sealane/sealane/vfs"
)

// quota keeps what is stored within a budget.
type quota struct {
	inner vfs.FS
	b     *Budget
	view  string
}

// Quota keeps inner within a budget. What would go over it is vfs.ErrQuota, and
// not a byte is stored before it was booked: the usage is never above the limit.
//
// As on a disk, a file that is replaced counts until the new one is committed,
// and what an upload keeps of a file (REST, APPE) counts once more until then, so
// that many appends to one big file cannot fill the disk. Uploads that broke off
// and are kept count, and are taken over by the upload that continues them.
//
// view names what is seen: views of the same tree by the same account have the
// same name, all others of the budget have others. There are no symbolic links to
// be made (see the package documentation). A directory that is renamed while an
// upload writes to it in place, or on a storage that cannot tell whether two
// entries are the same, is vfs.ErrConflict; so is whatever else is done to a file
// that is being written in place. An upload that is committed after Close gives
// back nothing for the file that it replaces.
func Quota(inner vfs.FS, b *Budget, view string) vfs.FS { return &quota{inner, b, view} }

func (q *quota) Caps() vfs.Caps {
	c := q.inner.Caps()
	c.Symlink = false
	return c
}

func (q *quota) Stat(ctx context.Context, p vfs.Path) (vfs.Entry, error) { return q.inner.Stat(ctx, p) }

func (q *quota) List(ctx context.Context, p vfs.Path, want vfs.Fields) iter.Seq2[vfs.Entry, error] {
	return q.inner.List(ctx, p, want)
}

func (q *quota) Open(ctx context.Context, p vfs.Path) (vfs.File, error) { return q.inner.Open(ctx, p) }

func (q *quota) Unfinished(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	return q.inner.Unfinished(ctx, p)
}

func (q *quota) SetAttr(ctx context.Context, p vfs.Path, a vfs.Attr) error {
	return q.inner.SetAttr(ctx, p, a)
}

func (q *quota) Hash(ctx context.Context, p vfs.Path, h vfs.Hash, from, to int64) ([]byte, error) {
	return q.inner.Hash(ctx, p, h, from, to)
}

func (q *quota) Close() error { return q.inner.Close() }

func (q *quota) Symlink(ctx context.Context, _, p vfs.Path) error {
	if err := ctx.Err(); err != nil {
		return fail("link", p, err)
	}
	return fail("link", p, vfs.ErrUnsupported)
}

// Space is what the storage has, or what is left of the budget if that is less.
func (q *quota) Space(ctx context.Context, p vfs.Path) (vfs.Space, error) {
	s, err := q.inner.Space(ctx, p)
	if err != nil {
		return s, err
	}
	limit, used := q.b.Limit(), q.b.Usage()
	if limit.Bytes > 0 {
		s.Free = atMost(s.Free, max(0, limit.Bytes-used.Bytes))
		s.Total = atMost(s.Total, limit.Bytes)
	}
	if limit.Files > 0 && used.Files >= limit.Files {
		s.Free = 0
	}
	return s, nil
}

func atMost(known, bound int64) int64 {
	if known < 0 {
		return bound
	}
	return min(known, bound)
}

// at is what a name holds: nothing, one file of so many bytes, or a directory. A
// link is a name without bytes: those of the file that it leads to stay when it goes.
func (q *quota) at(ctx context.Context, p vfs.Path) (Usage, error) {
	held, _, err := q.look(ctx, p)
	return held, err
}

// look is at with the bytes of the file that the name leads to. Who is not told (of
// an Access inside) may not replace it either.
func (q *quota) look(ctx context.Context, p vfs.Path) (held Usage, size int64, err error) {
	e, err := q.inner.Stat(ctx, p)
	switch {
	case err == nil:
		return usage(e), e.Size, nil
	case errors.Is(err, vfs.ErrNotExist), errors.Is(err, vfs.ErrNotDir), errors.Is(err, vfs.ErrPermission):
		return Usage{}, 0, nil
	}
	return Usage{}, 0, err
}

// usage is what an entry counts.
func usage(e vfs.Entry) Usage {
	if e.Link {
		return Usage{Files: 1}
	}
	return Usage{Bytes: e.Size, Files: 1}
}

// keys finds the locks of names, and says whether each is in a directory: if not, it is a
// lock that any name may share. They are good for as long as no directory moves or goes and,
// without all, none is made.
func (q *quota) keys(ctx context.Context, paths []vfs.Path) (keys []string, all bool) {
	all = true
	for _, p := range paths {
		dir, err := q.inner.Stat(ctx, p.Dir())
		if err != nil {
			dir, all = vfs.Entry{}, false
		}
		keys = append(keys, nameKey(dir, p.Base()), q.keptKey(p))
	}
	return keys, all
}

// hold takes the locks of names for looking at them and changing them.
func (q *quota) hold(ctx context.Context, paths ...vfs.Path) (release func(), err error) {
	moves := &q.b.moves
	moves.RLock()
	done := moves.RUnlock
	keys, all := q.keys(ctx, paths)
	if !all {
		moves.RUnlock()
		moves.Lock()
		done = moves.Unlock
		keys, _ = q.keys(ctx, paths)
	}
	unlock, err := q.holdKeys(keys)
	if err != nil {
		done()
		return nil, err
	}
	return func() { unlock(); done() }, nil
}

// holdAlone is hold for one who lets no directory move, go or be made meanwhile.
func (q *quota) holdAlone(ctx context.Context, paths ...vfs.Path) (release func(), err error) {
	q.b.moves.Lock()
	keys, _ := q.keys(ctx, paths)
	unlock, err := q.holdKeys(keys)
	if err != nil {
		q.b.moves.Unlock()
		return nil, err
	}
	return func() { unlock(); q.b.moves.Unlock() }, nil
}

func (q *quota) holdKeys(keys []string) (release func(), err error) {
	unlock := q.b.names.lock(keys...)
	q.b.mu.Lock()
	defer q.b.mu.Unlock()
	for _, key := range keys {
		if q.b.busy[key] {
			unlock()
			return nil, vfs.ErrConflict
		}
	}
	return unlock, nil
}

func (q *quota) Mkdir(ctx context.Context, p vfs.Path) error {
	release, err := q.hold(ctx, p)
	if err != nil {
		return fail("make directory", p, err)
	}
	defer release()
	if err := q.reserve(Usage{Files: 1}); err != nil {
		if _, serr := q.inner.Stat(ctx, p); serr == nil {
			err = vfs.ErrExist
		}
		return fail("make directory", p, err)
	}
	if err = q.inner.Mkdir(ctx, p); err != nil {
		q.b.adjust(Usage{Files: -1})
	}
	return err
}

// Rmdir, as Rename of a directory, is alone: whoever has found the directory of a name
// finds it again.
func (q *quota) Rmdir(ctx context.Context, p vfs.Path) error {
	release, err := q.holdAlone(ctx, p)
	if err != nil {
		return fail("remove directory", p, err)
	}
	defer release()
	if err = q.inner.Rmdir(ctx, p); err == nil {
		q.b.adjust(Usage{Files: -1})
		q.refreshMoved(ctx, p, p, true)
	}
	return err
}

func (q *quota) Remove(ctx context.Context, p vfs.Path) error {
	release, err := q.hold(ctx, p)
	if err != nil {
		return fail("remove", p, err)
	}
	defer release()
	before, err := q.at(ctx, p)
	if err != nil {
		return err
	}
	err = q.inner.Remove(ctx, p)
	gone := err == nil
	if err != nil && before.Files > 0 {
		// Some errors come after the deed.
		now, serr := q.at(context.WithoutCancel(ctx), p)
		gone = serr == nil && now.Files == 0
	}
	if gone {
		q.b.adjust(Usage{}.minus(before))
		q.refresh(ctx, p, false)
	}
	return err
}

func (q *quota) Rename(ctx context.Context, from, to vfs.Path, how vfs.Rename) error {
	if from.IsRoot() || to.IsRoot() {
		return fail("rename", from, vfs.ErrPermission)
	}
	source, err := q.inner.Stat(ctx, from)
	if err != nil {
		return err
	}
	if !source.IsDir() {
		release, err := q.hold(ctx, from, to)
		if err != nil {
			return fail("rename", from, err)
		}
		defer release()
		// Only now is it sure to stay what it is.
		if now, err := q.inner.Stat(ctx, from); err == nil && now.IsDir() {
			return fail("rename", from, vfs.ErrConflict)
		}
		return q.rename(ctx, from, to, how, false)
	}
	release, err := q.holdAlone(ctx, from, to)
	if err != nil {
		return fail("rename", from, err)
	}
	defer release()
	q.b.mu.Lock()
	blind := q.b.blind
	q.b.mu.Unlock()
	if blind > 0 && from != to {
		return fail("rename", from, vfs.ErrConflict)
	}
	return q.rename(ctx, from, to, how, true)
}

// rename needs the locks of both names.
func (q *quota) rename(ctx context.Context, from, to vfs.Path, how vfs.Rename, dir bool) error {
	replaced, err := q.at(ctx, to)
	if err != nil {
		return err
	}
	err = q.inner.Rename(ctx, from, to, how)
	if err != nil {
		return err
	}
	// Where the source is still there nothing was replaced: it was the same file,
	// spelled otherwise, or a second name of it.
	if left, serr := q.at(context.WithoutCancel(ctx), from); serr == nil && left == (Usage{}) {
		q.b.adjust(Usage{}.minus(replaced))
	}
	q.refreshMoved(ctx, from, to, dir)
	q.refresh(ctx, to, false)
	return nil
}
