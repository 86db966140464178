package mirror

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sealane/sealane/vfs"
)

const (
	bufferSize = 128 << 10
	// resumeSize is from how many bytes on an upload that broke off is gone on with.
	resumeSize = 1 << 20
	// tailSize is how much of what is gone on with is compared where there is no hash.
	tailSize = 64 << 10
)

// copy brings one file over, and gives the bytes that were moved, by all attempts.
func (r *run) copy(ctx context.Context, s Step) (moved int64, err error) {
	again := false // something of an attempt may be there
	err = r.o.retry(ctx, func() error {
		n, err := r.attempt(ctx, s, again, true)
		moved, again = moved+n, true
		if errors.Is(err, errOther) {
			n, err = r.attempt(ctx, s, true, false)
			moved += n
		}
		return err
	})
	return moved, err
}

// errOther says that what was gone on with was not a part of the file.
var errOther = errors.New("the part that was there is of another file")

// attempt copies a file once. again says that what is at its name may be of an attempt
// before; resume, to go on with a part that broke off.
func (r *run) attempt(ctx context.Context, s Step, again, resume bool) (int64, error) {
	f, err := r.from.Open(ctx, s.Path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	offset := int64(0)
	if resume {
		offset = r.part(ctx, s, f.Entry())
	}
	up, err := r.create(ctx, s, f.Entry(), offset, again)
	if offset > 0 && (errors.Is(err, vfs.ErrOffset) || errors.Is(err, vfs.ErrUnsupported)) {
		offset = 0
		up, err = r.create(ctx, s, f.Entry(), 0, again)
	}
	if err != nil {
		return 0, err
	}
	if r.o.Begin != nil {
		r.o.Begin(s, offset)
	}
	n, err := r.fill(ctx, s, up, f, offset)
	if err != nil {
		return n, errors.Join(err, up.Abort(r.cause(err, f.Entry().Size)))
	}
	made, err := up.Commit(ctx)
	if err != nil {
		return n, err
	}
	if offset > 0 {
		if err := r.verify(ctx, s, offset); err != nil {
			return n, err
		}
	}
	if t := r.sourceTime(s, f.Entry()); t.Equal(made.ModTime) {
		return n, nil // it went with the upload
	}
	return n, r.setTime(ctx, s, f.Entry())
}

// create begins the upload. That a new file must not replace another is asked for where
// that costs nothing, and where another name may be the same.
func (r *run) create(ctx context.Context, s Step, e vfs.Entry, offset int64, again bool) (vfs.Upload, error) {
	how := vfs.Create{Offset: offset}
	how.Exclusive = s.Action == Copy && !again && (s.careful || !r.to.Caps().InPlace)
	if offset == 0 && r.to.Caps().SetModTime {
		// Of what is gone on with, the time comes when it is compared: see part.
		how.ModTime = r.sourceTime(s, e)
	}
	if r.o.Modes && r.to.Caps().SetMode {
		how.Mode = or(e.Mode.Perm(), 0o600) // 0 would be the default
	}
	up, err := r.to.Create(ctx, s.ToPath, how)
	if err == nil && up.Offset() != offset {
		err = fmt.Errorf("%s: %w", s.ToPath, vfs.ErrOffset)
		return nil, errors.Join(err, up.Abort(err))
	}
	return up, err
}

// fill copies from offset on, to the end that the file had when it was opened.
func (r *run) fill(ctx context.Context, s Step, up vfs.Upload, f vfs.File, offset int64) (int64, error) {
	if offset > 0 {
		if _, err := f.Seek(offset, io.SeekStart); err != nil {
			return 0, err
		}
	}
	size := f.Entry().Size
	n, err := io.CopyBuffer(writer{up}, &reader{ctx: ctx, run: r, step: s, r: f}, make([]byte, max(min(bufferSize, size), 512)))
	if err == nil && offset+n != size {
		err = fmt.Errorf("%s: %w: %d bytes of %d: %w", s.Path, vfs.ErrConflict, offset+n, size, io.ErrUnexpectedEOF)
	}
	return n, err
}

// writer hides what else an upload may have, so that the buffer is used.
type writer struct{ io.Writer }

// reader ends with its context, and keeps to the bound of bytes per second.
type reader struct {
	ctx  context.Context
	run  *run
	step Step
	r    io.Reader
}

func (r *reader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, context.Cause(r.ctx)
	}
	limit := r.run.limit
	if limit != nil {
		b = b[:min(len(b), limit.Burst())]
	}
	n, err := r.r.Read(b)
	if limit != nil && n > 0 {
		if lerr := limit.WaitN(r.ctx, n); lerr != nil {
			return 0, context.Cause(r.ctx)
		}
	}
	if r.run.o.Moved != nil && n > 0 {
		r.run.o.Moved(r.step, int64(n))
	}
	return n, err
}

// cause tells the target why an upload ends: what was merely cut short may be kept.
func (r *run) cause(err error, size int64) error {
	if size < resumeSize {
		return err
	}
	for _, final := range []error{vfs.ErrNoSpace, vfs.ErrQuota, vfs.ErrPermission, vfs.ErrConflict, vfs.ErrExist, vfs.ErrNotExist} {
		if errors.Is(err, final) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", vfs.ErrInterrupted, err)
}

// part says how much of the file the target has of an upload that broke off. What is
// older than the source's last change is of another file. That it can be relied on is
// seen when all is there (see verify); until then the file must not count as equal, so
// that nothing is gone on with where times cannot be set.
func (r *run) part(ctx context.Context, s Step, e vfs.Entry) int64 {
	caps := r.to.Caps()
	if e.Size < resumeSize || !caps.SetModTime {
		return 0
	}
	u, err := r.to.Unfinished(ctx, s.ToPath)
	if inPlace := err != nil && caps.InPlace; inPlace {
		u, err = r.to.Stat(ctx, s.ToPath)
		if u.Size == e.Size {
			return 0
		}
	}
	if err != nil || u.Kind != vfs.KindFile || u.Link || u.Size > e.Size {
		return 0
	}
	if !u.ModTime.Add(-r.o.ToSkew).After(r.sourceTime(s, e).Add(r.o.tolerance())) {
		return 0
	}
	return u.Size
}

// verify compares the part that an upload went on with: by hash, or where there is
// none, its tail.
func (r *run) verify(ctx context.Context, s Step, n int64) error {
	a, err := r.from.Hash(ctx, s.Path, vfs.SHA256, 0, n)
	var b []byte
	if err == nil {
		b, err = r.to.Hash(ctx, s.ToPath, vfs.SHA256, 0, n)
	}
	if errors.Is(err, vfs.ErrUnsupported) {
		if a, err = tail(ctx, r.from, s.Path, n); err == nil {
			b, err = tail(ctx, r.to, s.ToPath, n)
		}
	}
	if err != nil {
		return err
	}
	if !bytes.Equal(a, b) {
		return fmt.Errorf("%s: %w", s.Path, errOther)
	}
	return nil
}

// tail reads the end of the first n bytes of a file.
func tail(ctx context.Context, side vfs.FS, p vfs.Path, n int64) ([]byte, error) {
	f, err := side.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, min(n, tailSize))
	if _, err := f.Seek(n-int64(len(b)), io.SeekStart); err != nil {
		return nil, err
	}
	_, err = io.ReadFull(f, b)
	return b, err
}

// setTime gives the copy the time of the source's file, as its listing had it: if it
// has changed since, the next run will see that.
func (r *run) setTime(ctx context.Context, s Step, e vfs.Entry) error {
	t := r.sourceTime(s, e)
	if !r.to.Caps().SetModTime || t.IsZero() {
		return nil
	}
	return r.o.retry(ctx, func() error { return r.to.SetAttr(ctx, s.ToPath, vfs.Attr{ModTime: t}) })
}

func (r *run) sourceTime(s Step, e vfs.Entry) (t time.Time) {
	if t = s.From.ModTime; t.IsZero() {
		t = e.ModTime
	}
	if !t.IsZero() {
		t = t.Add(-r.o.FromSkew)
	}
	return t
}
