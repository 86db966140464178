package layer

import (
	"context"
	"errors"
	"io/fs"

	"github.com/sealane/sealane/vfs"
)

// quotaUpload is an upload with what it has booked.
type quotaUpload struct {
	q     *quota
	inner vfs.Upload
	path  vfs.Path
	dir   string // Unique of the directory at the start
	key   string // of the name
	held  Usage  // booked, beside what is at the name
	blind bool
	err   error // the first failed Write; it makes Commit fail
	done  bool

	// Of an upload that writes in place, whose file counts under its name.
	inPlace bool
	size    int64 // counted for the file
	pos     int64 // where the next byte goes
}

func (q *quota) Create(ctx context.Context, p vfs.Path, how vfs.Create) (vfs.Upload, error) {
	q.b.moves.RLock() // or the lock could be that of a name in another directory
	defer q.b.moves.RUnlock()
	dir, err := q.inner.Stat(ctx, p.Dir())
	if err != nil {
		return nil, err
	}
	u := &quotaUpload{q: q, path: p, dir: dir.Unique, key: nameKey(dir, p.Base()), inPlace: q.inner.Caps().InPlace}
	defer u.lock()()
	if err := u.begin(); err != nil {
		return nil, fail("create", p, err)
	}
	if err := u.create(ctx, how); err != nil {
		u.end()
		return nil, err
	}
	return u, nil
}

// lock takes the locks of the name and of what is kept for it.
func (u *quotaUpload) lock() (unlock func()) { return u.q.b.names.lock(u.key, u.q.keptKey(u.path)) }

// begin tells the budget of the upload, and end that it is over.
func (u *quotaUpload) begin() error {
	b := u.q.b
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.busy[u.key] {
		return vfs.ErrConflict
	}
	if u.inPlace {
		b.busy[u.key] = true
	}
	if u.blind = u.inPlace || u.dir == ""; u.blind {
		b.blind++
	}
	return nil
}

func (u *quotaUpload) end() {
	b := u.q.b
	b.mu.Lock()
	defer b.mu.Unlock()
	if u.inPlace {
		delete(b.busy, u.key)
	}
	if u.blind {
		b.blind--
	}
	u.done = true
}

// create books what the upload begins with, before the storage copies it.
func (u *quotaUpload) create(ctx context.Context, how vfs.Create) error {
	q := u.q
	broken, err := q.refresh(ctx, u.path, true)
	if err != nil {
		return err
	}
	old, there, err := q.look(ctx, u.path)
	if err != nil {
		return err
	}
	if u.inPlace {
		u.size = there
	}
	var taken Usage // of the upload that broke off
	if broken.Files > 0 && (how.Offset > 0 || how.Append) {
		there, taken = broken.Bytes, broken
	}
	need := Usage{Files: 1 - old.Files}
	switch {
	case u.inPlace:
	case how.Append:
		need.Bytes = there
	default:
		need.Bytes = min(max(0, how.Offset), there) // what is more, the storage refuses
	}
	u.held = need.minus(taken).more()
	if err := q.reserve(u.held); err != nil {
		return fail("create", u.path, err)
	}
	if u.inner, err = q.inner.Create(ctx, u.path, how); err != nil {
		q.b.adjust(Usage{}.minus(u.held))
		return err
	}
	return u.settle(ctx, need, broken)
}

// settle makes what is booked what the storage has begun with.
func (u *quotaUpload) settle(ctx context.Context, need, broken Usage) error {
	q := u.q
	if broken.Files > 0 {
		q.b.mu.Lock()
		if _, err := q.inner.Unfinished(context.WithoutCancel(ctx), u.path); errors.Is(err, vfs.ErrNotExist) {
			key := keptUpload{q.view, u.path}
			if bytes, known := q.b.kept[key]; known {
				u.held = u.held.plus(Usage{bytes, 1}) // now it is ours
				delete(q.b.kept, key)
			}
		}
		q.b.mu.Unlock()
	}
	if u.pos = u.inner.Offset(); !u.inPlace {
		need.Bytes = u.pos
	}
	err := q.reserve(need.minus(u.held).more())
	if err == nil {
		q.b.adjust(Usage{}.minus(u.held.minus(need).more()))
		u.held = need
		return nil
	}
	// It got more than was there a moment ago. What it continued is not lost.
	err = errors.Join(err, u.inner.Abort(vfs.ErrInterrupted))
	u.keep(ctx)
	return fail("create", u.path, err)
}

// keep hands what is booked over to the upload that broke off, as far as the
// storage has kept one.
func (u *quotaUpload) keep(ctx context.Context) {
	u.q.b.mu.Lock()
	defer u.q.b.mu.Unlock()
	u.q.refreshLocked(ctx, u.path, true, u.held)
	u.held = Usage{}
}

func (u *quotaUpload) Offset() int64 { return u.inner.Offset() }

func (u *quotaUpload) Write(b []byte) (int, error) {
	if u.done {
		return 0, fail("write", u.path, fs.ErrClosed)
	}
	more := int64(len(b))
	if u.inPlace {
		more = max(0, u.pos+more-u.size)
	}
	if err := u.q.reserve(Usage{Bytes: more}); err != nil {
		return 0, u.failed(fail("write", u.path, err))
	}
	n, err := u.inner.Write(b)
	u.pos += int64(n)
	if u.inPlace {
		u.size += more // what did not come is found out at the end
	} else {
		u.q.b.adjust(Usage{Bytes: int64(n) - more})
		u.held.Bytes += int64(n)
	}
	return n, u.failed(err)
}

func (u *quotaUpload) failed(err error) error {
	if u.err == nil {
		u.err = err
	}
	return err
}

func (u *quotaUpload) Commit(ctx context.Context) (vfs.Entry, error) {
	if u.done {
		return u.inner.Commit(ctx)
	}
	q := u.q
	q.b.moves.RLock()
	defer q.b.moves.RUnlock()
	defer u.lock()()
	defer u.end()
	old, err := u.ready(ctx)
	if err != nil {
		err = errors.Join(err, u.inner.Abort(err))
		u.giveBack(ctx)
		return vfs.Entry{}, fail("commit", u.path, err)
	}
	e, err := u.inner.Commit(ctx)
	if err != nil {
		// Some errors come after the deed.
		if now, serr := q.at(context.WithoutCancel(ctx), u.path); serr == nil && !u.inPlace {
			q.b.adjust(now.minus(old))
		}
		u.giveBack(ctx)
		return e, err
	}
	if u.inPlace {
		q.b.adjust(Usage{Bytes: e.Size - u.size})
	} else {
		q.b.adjust(Usage{e.Size, 1}.minus(old).minus(u.held))
	}
	q.refresh(ctx, u.path, false)
	return e, nil
}

// ready says what is at the name now, if the upload may be committed.
func (u *quotaUpload) ready(ctx context.Context) (old Usage, err error) {
	if u.err != nil {
		return old, u.err
	}
	dir, err := u.q.inner.Stat(ctx, u.path.Dir())
	if errors.Is(err, fs.ErrClosed) {
		// Nothing can be looked at any more, and the upload may end all the same: the
		// file that it replaces stays counted, rather too much than too little.
		return Usage{}, nil
	}
	if err != nil {
		return old, err
	}
	// The storage may follow a directory that was renamed; which file is replaced
	// there cannot be known here.
	if dir.Unique != u.dir {
		return old, vfs.ErrConflict
	}
	if old, err = u.q.at(ctx, u.path); err != nil || u.inPlace {
		return old, err
	}
	if need := 1 - old.Files - u.held.Files; need > 0 {
		// There was a file to replace at the start, and now there is none.
		if err := u.q.reserve(Usage{Files: need}); err != nil {
			return old, err
		}
		u.held.Files += need
	}
	return old, nil
}

// giveBack ends the bookings of an upload that came to nothing. What was written
// in place stays, and is counted as it is.
func (u *quotaUpload) giveBack(ctx context.Context) {
	if u.inPlace {
		u.stays(context.WithoutCancel(ctx))
		return
	}
	u.q.b.adjust(Usage{}.minus(u.held))
	u.held = Usage{}
}

// stays counts a file that was written in place as it is.
func (u *quotaUpload) stays(ctx context.Context) {
	dir, err := u.q.inner.Stat(ctx, u.path.Dir())
	if err != nil || dir.Unique != u.dir {
		return // out of sight, and not gone
	}
	if now, size, err := u.q.look(ctx, u.path); err == nil {
		u.q.b.adjust(Usage{size, now.Files}.minus(Usage{u.size, 1}))
	}
}

func (u *quotaUpload) Abort(cause error) error {
	if u.done {
		return u.inner.Abort(cause)
	}
	defer u.lock()()
	defer u.end()
	ctx := context.Background()
	if u.err != nil {
		cause = u.err
	}
	if u.inPlace || !errors.Is(cause, vfs.ErrInterrupted) || !u.q.inner.Caps().Resume {
		err := u.inner.Abort(cause)
		u.giveBack(ctx)
		return err
	}
	if u.held.Files == 0 {
		// To be kept beside the file that it was to replace, it needs a name more.
		if err := u.q.reserve(Usage{Files: 1}); err != nil {
			err = errors.Join(err, u.inner.Abort(err))
			u.giveBack(ctx)
			return fail("keep", u.path, err)
		}
		u.held.Files = 1
	}
	err := u.inner.Abort(cause)
	u.keep(ctx)
	return err
}
