package layer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/sealane/sealane/vfs"
)

// Op names what an Operation did.
type Op uint8

// The operations. A file that is read is one OpRead, reported when it is closed;
// an upload is one OpWrite, reported by Commit or Abort; a list is one OpList,
// reported when whoever lists has had enough.
const (
	OpStat Op = iota
	OpList
	OpRead
	OpWrite
	OpUnfinished
	OpMkdir
	OpSymlink
	OpRemove
	OpRmdir
	OpRename
	OpSetAttr
	OpHash
	OpSpace
)

// String gives the name as logs and metrics have it.
func (o Op) String() string {
	return [...]string{
		"stat", "list", "read", "write", "unfinished", "mkdir", "symlink",
		"remove", "rmdir", "rename", "setattr", "hash", "space",
	}[o]
}

// ErrAborted is in the Err of an OpWrite that was given up, beside the cause.
var ErrAborted = errors.New("upload given up")

// Operation is what was done, as Observe tells it.
type Operation struct {
	Op    Op
	Path  vfs.Path
	To    vfs.Path   // the new name (OpRename), what the link points to (OpSymlink)
	How   vfs.Create // of an OpWrite
	Began time.Time
	Took  time.Duration // of OpRead and OpWrite: from Open and Create to the end
	Bytes int64         // bytes read or written, without those that an upload kept
	Size  int64         // of the file: when opened (OpRead), when committed (OpWrite)
	Count int           // entries listed
	Err   error         // also one that a Read or Write had
}

// observed reports to tell.
type observed struct {
	inner vfs.FS
	tell  func(context.Context, Operation)
}

// Observe calls tell for every operation that has ended, well or not, from the
// goroutine that did it and with the context that it was begun with; tell should
// be quick and must be safe for use by many goroutines. Caps and Close are not
// reported.
func Observe(inner vfs.FS, tell func(context.Context, Operation)) vfs.FS {
	return &observed{inner, tell}
}

// done reports o, which ends now with err, and returns err.
func (f *observed) done(ctx context.Context, o Operation, err error) error {
	o.Took, o.Err = time.Since(o.Began), err
	f.tell(ctx, o)
	return err
}

func begin(op Op, p vfs.Path) Operation {
	return Operation{Op: op, Path: p, Began: time.Now()}
}

func (f *observed) Caps() vfs.Caps { return f.inner.Caps() }

func (f *observed) Stat(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	o := begin(OpStat, p)
	e, err := f.inner.Stat(ctx, p)
	return e, f.done(ctx, o, err)
}

func (f *observed) List(ctx context.Context, p vfs.Path, want vfs.Fields) iter.Seq2[vfs.Entry, error] {
	return func(yield func(vfs.Entry, error) bool) {
		o := begin(OpList, p)
		var failed error
		for e, err := range f.inner.List(ctx, p, want) {
			if err != nil {
				failed = err
			} else {
				o.Count++
			}
			if !yield(e, err) {
				break
			}
		}
		f.done(ctx, o, failed)
	}
}

func (f *observed) Open(ctx context.Context, p vfs.Path) (vfs.File, error) {
	o := begin(OpRead, p)
	file, err := f.inner.Open(ctx, p)
	if err != nil {
		return nil, f.done(ctx, o, err)
	}
	o.Size = file.Entry().Size
	return &observedFile{fs: f, ctx: ctx, inner: file, op: o}, nil
}

func (f *observed) Create(ctx context.Context, p vfs.Path, how vfs.Create) (vfs.Upload, error) {
	o := begin(OpWrite, p)
	o.How = how
	up, err := f.inner.Create(ctx, p, how)
	if err != nil {
		return nil, f.done(ctx, o, err)
	}
	return &observedUpload{fs: f, ctx: ctx, inner: up, op: o}, nil
}

func (f *observed) Unfinished(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	o := begin(OpUnfinished, p)
	e, err := f.inner.Unfinished(ctx, p)
	return e, f.done(ctx, o, err)
}

func (f *observed) Mkdir(ctx context.Context, p vfs.Path) error {
	o := begin(OpMkdir, p)
	return f.done(ctx, o, f.inner.Mkdir(ctx, p))
}

func (f *observed) Symlink(ctx context.Context, target, p vfs.Path) error {
	o := begin(OpSymlink, p)
	o.To = target
	return f.done(ctx, o, f.inner.Symlink(ctx, target, p))
}

func (f *observed) Remove(ctx context.Context, p vfs.Path) error {
	o := begin(OpRemove, p)
	return f.done(ctx, o, f.inner.Remove(ctx, p))
}

func (f *observed) Rmdir(ctx context.Context, p vfs.Path) error {
	o := begin(OpRmdir, p)
	return f.done(ctx, o, f.inner.Rmdir(ctx, p))
}

func (f *observed) Rename(ctx context.Context, from, to vfs.Path, how vfs.Rename) error {
	o := begin(OpRename, from)
	o.To = to
	return f.done(ctx, o, f.inner.Rename(ctx, from, to, how))
}

func (f *observed) SetAttr(ctx context.Context, p vfs.Path, a vfs.Attr) error {
	o := begin(OpSetAttr, p)
	return f.done(ctx, o, f.inner.SetAttr(ctx, p, a))
}

func (f *observed) Hash(ctx context.Context, p vfs.Path, h vfs.Hash, from, to int64) ([]byte, error) {
	o := begin(OpHash, p)
	sum, err := f.inner.Hash(ctx, p, h, from, to)
	return sum, f.done(ctx, o, err)
}

func (f *observed) Space(ctx context.Context, p vfs.Path) (vfs.Space, error) {
	o := begin(OpSpace, p)
	s, err := f.inner.Space(ctx, p)
	return s, f.done(ctx, o, err)
}

func (f *observed) Close() error { return f.inner.Close() }

// observedFile counts what is read.
type observedFile struct {
	fs     *observed
	ctx    context.Context
	inner  vfs.File
	op     Operation
	err    error // the first failed Read
	closed bool
}

func (f *observedFile) Read(b []byte) (int, error) {
	n, err := f.inner.Read(b)
	f.op.Bytes += int64(n)
	if err != nil && f.err == nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

func (f *observedFile) Seek(off int64, whence int) (int64, error) { return f.inner.Seek(off, whence) }

func (f *observedFile) Entry() vfs.Entry { return f.inner.Entry() }

func (f *observedFile) Close() error {
	err := f.inner.Close()
	if f.closed {
		return err
	}
	f.closed = true
	told := f.err
	if told == nil {
		told = err
	}
	f.fs.done(f.ctx, f.op, told)
	return err
}

// observedUpload counts what is written.
type observedUpload struct {
	fs    *observed
	ctx   context.Context
	inner vfs.Upload
	op    Operation
	done  bool
}

func (u *observedUpload) Write(b []byte) (int, error) {
	n, err := u.inner.Write(b)
	u.op.Bytes += int64(n)
	return n, err
}

func (u *observedUpload) Offset() int64 { return u.inner.Offset() }

func (u *observedUpload) Commit(ctx context.Context) (vfs.Entry, error) {
	e, err := u.inner.Commit(ctx)
	if !u.done {
		u.done = true
		u.op.Size = e.Size
		u.fs.done(u.ctx, u.op, err)
	}
	return e, err
}

func (u *observedUpload) Abort(cause error) error {
	err := u.inner.Abort(cause)
	if u.done {
		return err
	}
	u.done = true
	told := ErrAborted
	if cause != nil {
		told = fmt.Errorf("%w: %w", ErrAborted, cause)
	}
	u.fs.done(u.ctx, u.op, told)
	return err
}
