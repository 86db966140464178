package layer

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"sync"
	"time"

	"github.com/sealane/sealane/vfs"
)

// Rates says which limiters a transfer has to pass, all of them: that of its
// session and that of its account, say. nil entries are left out.
type Rates struct {
	Read  []*Limiter // bytes of Files, downloads
	Write []*Limiter // bytes of Uploads
}

type throttled struct {
	inner       vfs.FS
	read, write []*Limiter
}

// Throttle keeps reading files and writing uploads to the rates of limiters. Hash
// is not slowed down, nor is what a storage copies by itself.
//
// A Read or Write then waits. The context given to Open or Create governs the
// waiting until the end of the file or upload, so it must live as long as the
// transfer and no longer; and, beyond the contract, Close and Abort may come from
// another goroutine and end the waiting at once. Read and Write give what they
// moved and the error of the context, or fs.ErrClosed.
func Throttle(inner vfs.FS, rates Rates) vfs.FS {
	return &throttled{inner, present(rates.Read), present(rates.Write)}
}

func present(limits []*Limiter) []*Limiter {
	var some []*Limiter
	for _, l := range limits {
		if l != nil {
			some = append(some, l)
		}
	}
	return some
}

func (t *throttled) Caps() vfs.Caps { return t.inner.Caps() }

func (t *throttled) Stat(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	return t.inner.Stat(ctx, p)
}

func (t *throttled) List(ctx context.Context, p vfs.Path, want vfs.Fields) iter.Seq2[vfs.Entry, error] {
	return t.inner.List(ctx, p, want)
}

func (t *throttled) Open(ctx context.Context, p vfs.Path) (vfs.File, error) {
	f, err := t.inner.Open(ctx, p)
	if err != nil || len(t.read) == 0 {
		return f, err
	}
	return &slowFile{inner: f, entry: f.Entry(), pace: newPace(ctx, t.read)}, nil
}

func (t *throttled) Create(ctx context.Context, p vfs.Path, how vfs.Create) (vfs.Upload, error) {
	up, err := t.inner.Create(ctx, p, how)
	if err != nil || len(t.write) == 0 {
		return up, err
	}
	return &slowUpload{inner: up, path: p, pace: newPace(ctx, t.write)}, nil
}

func (t *throttled) Unfinished(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	return t.inner.Unfinished(ctx, p)
}

func (t *throttled) Mkdir(ctx context.Context, p vfs.Path) error { return t.inner.Mkdir(ctx, p) }

func (t *throttled) Symlink(ctx context.Context, target, p vfs.Path) error {
	return t.inner.Symlink(ctx, target, p)
}

func (t *throttled) Remove(ctx context.Context, p vfs.Path) error { return t.inner.Remove(ctx, p) }

func (t *throttled) Rmdir(ctx context.Context, p vfs.Path) error { return t.inner.Rmdir(ctx, p) }

func (t *throttled) Rename(ctx context.Context, from, to vfs.Path, how vfs.Rename) error {
	return t.inner.Rename(ctx, from, to, how)
}

func (t *throttled) SetAttr(ctx context.Context, p vfs.Path, a vfs.Attr) error {
	return t.inner.SetAttr(ctx, p, a)
}

func (t *throttled) Hash(ctx context.Context, p vfs.Path, h vfs.Hash, from, to int64) ([]byte, error) {
	return t.inner.Hash(ctx, p, h, from, to)
}

func (t *throttled) Space(ctx context.Context, p vfs.Path) (vfs.Space, error) {
	return t.inner.Space(ctx, p)
}

func (t *throttled) Close() error { return t.inner.Close() }

// pace is what one transfer has been granted. Its lock also keeps the inner file
// to one goroutine at a time when another one closes it.
type pace struct {
	ctx    context.Context
	limits []*Limiter
	timer  *time.Timer // of the transfer's goroutine
	ended  chan struct{}

	mu      sync.Mutex
	granted int64
	done    bool
}

func newPace(ctx context.Context, limits []*Limiter) *pace {
	for _, l := range limits {
		l.join()
	}
	return &pace{ctx: ctx, limits: limits, ended: make(chan struct{})}
}

// move lets do move at most n bytes, after the waiting that this costs.
func (p *pace) move(n int, do func(n int) (int, error)) (int, error) {
	for {
		p.mu.Lock()
		if p.granted > 0 || p.done {
			break
		}
		p.mu.Unlock()
		if err := p.wait(); err != nil {
			return 0, err
		}
	}
	defer p.mu.Unlock()
	if p.done {
		return 0, fs.ErrClosed
	}
	n, err := do(int(min(int64(n), p.granted)))
	p.granted -= int64(n)
	return n, err
}

// wait gets the next piece from all limiters.
func (p *pace) wait() error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	step := int64(maxStep)
	for _, l := range p.limits {
		step = min(step, l.step())
	}
	// All are booked at once, and the slowest is waited for: if one came after the
	// other, a slow session would wait for its own rate and then again for its turn
	// among the others.
	var long time.Duration
	for _, l := range p.limits {
		long = max(long, l.take(step))
	}
	if err := p.sleep(long); err != nil {
		giveBack(p.limits, step)
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done {
		giveBack(p.limits, step)
		return fs.ErrClosed
	}
	p.granted += step
	return nil
}

func (p *pace) sleep(d time.Duration) error {
	if d < napTime {
		return nil
	}
	if p.timer == nil {
		p.timer = time.NewTimer(d)
	} else {
		p.timer.Reset(d)
	}
	select {
	case <-p.timer.C:
		return nil
	case <-p.ctx.Done():
		p.timer.Stop()
		return p.ctx.Err()
	case <-p.ended:
		p.timer.Stop()
		return fs.ErrClosed
	}
}

// end wakes the transfer, gives back what it did not use, and calls last when
// nobody is inside do.
func (p *pace) end(last func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.done {
		p.done = true
		close(p.ended)
		giveBack(p.limits, p.granted)
		for _, l := range p.limits {
			l.leave()
		}
	}
	return last()
}

func giveBack(limits []*Limiter, n int64) {
	for _, l := range limits {
		l.giveBack(n)
	}
}

type slowFile struct {
	inner vfs.File
	entry vfs.Entry
	pace  *pace
}

func (f *slowFile) Read(b []byte) (int, error) {
	return f.pace.move(len(b), func(n int) (int, error) { return f.inner.Read(b[:n]) })
}

func (f *slowFile) Seek(off int64, whence int) (int64, error) {
	f.pace.mu.Lock()
	defer f.pace.mu.Unlock()
	return f.inner.Seek(off, whence)
}

func (f *slowFile) Entry() vfs.Entry { return f.entry }

func (f *slowFile) Close() error { return f.pace.end(f.inner.Close) }

type slowUpload struct {
	inner vfs.Upload
	path  vfs.Path
	pace  *pace
	err   error // the first Write that was broken off; it makes Commit fail
}

func (u *slowUpload) Write(b []byte) (int, error) {
	done := 0
	for {
		n, err := u.pace.move(len(b)-done, func(n int) (int, error) { return u.inner.Write(b[done : done+n]) })
		done += n
		if err != nil {
			if u.err == nil {
				u.err = err
			}
			return done, err
		}
		if done == len(b) {
			return done, nil
		}
	}
}

func (u *slowUpload) Offset() int64 { return u.inner.Offset() }

func (u *slowUpload) Commit(ctx context.Context) (vfs.Entry, error) {
	var e vfs.Entry
	err := u.pace.end(func() (err error) {
		if u.err != nil {
			return fail("commit", u.path, errors.Join(u.err, u.inner.Abort(u.err)))
		}
		e, err = u.inner.Commit(ctx)
		return err
	})
	return e, err
}

func (u *slowUpload) Abort(cause error) error {
	return u.pace.end(func() error { return u.inner.Abort(cause) })
}
