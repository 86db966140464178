package mirror

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"

	"github.com/sealane/sealane/vfs"
)

// maxErrors bounds the errors that a Report keeps.
const maxErrors = 100

// Report says what was done.
type Report struct {
	Copied, Made, Deleted, Skipped, Conflicts int
	Bytes                                     int64
	Failed                                    int     // steps and directories that failed
	Errors                                    []error // the first 100 of them
}

type run struct {
	from, to vfs.FS
	o        Options
	mu       sync.Mutex
	rep      Report
}

// Apply does the steps of Plan. What fails does not hold up the rest, but for deletions,
// which come last and only if nothing failed. The error joins those of the report:
// the run is then partly done, and another one goes on with it.
func Apply(ctx context.Context, from, to vfs.FS, steps iter.Seq2[Step, error], o Options) (Report, error) {
	r := &run{from: from, to: to, o: o}
	var deletes []Step
	var wg sync.WaitGroup
	slots := make(chan struct{}, max(o.Parallel, 1))
	limit := or(o.MaxDelete, 1000)
	tooMany := false
	for s, err := range steps {
		if ctx.Err() != nil {
			break
		}
		switch {
		case err != nil:
			r.done(s, 0, err)
		case s.Action == Delete && len(deletes) >= limit:
			tooMany = true
		case s.Action == Delete:
			deletes = append(deletes, s)
		case s.Action == Copy || s.Action == Update:
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				n, err := r.copy(ctx, s)
				r.done(s, n, err)
			})
		case s.Action == Mkdir:
			r.done(s, 0, to.Mkdir(ctx, s.Path))
		default:
			r.done(s, 0, nil)
		}
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		r.done(Step{}, 0, err)
	}
	if tooMany {
		r.done(Step{}, 0, ErrTooMany)
	}
	if o.Delete && r.rep.Failed == 0 {
		for _, s := range deletes {
			r.done(s, 0, r.remove(ctx, s))
		}
	}
	return r.rep, errors.Join(r.rep.Errors...)
}

func (r *run) done(s Step, n int64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rep.Bytes += n
	switch {
	case err != nil:
		r.rep.Failed++
		if len(r.rep.Errors) < maxErrors {
			r.rep.Errors = append(r.rep.Errors, err)
		}
	case s.Action == Mkdir:
		r.rep.Made++
	case s.Action == Delete:
		r.rep.Deleted++
	case s.Action == Conflict:
		r.rep.Conflicts++
	case s.Action == Skip:
		r.rep.Skipped++
	default:
		r.rep.Copied++
	}
	if r.o.Progress != nil {
		r.o.Progress(s, err)
	}
}

func (r *run) copy(ctx context.Context, s Step) (int64, error) {
	f, err := r.from.Open(ctx, s.Path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	up, err := r.to.Create(ctx, s.Path, vfs.Create{Exclusive: s.Action == Copy})
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(up, reader{ctx, f})
	if err == nil && n != f.Entry().Size {
		err = fmt.Errorf("%s: %d bytes of %d: %w", s.Path, n, f.Entry().Size, io.ErrUnexpectedEOF)
	}
	if err != nil {
		return n, errors.Join(err, up.Abort(err))
	}
	if _, err := up.Commit(ctx); err != nil {
		return n, err
	}
	if !r.to.Caps().SetModTime {
		return n, nil
	}
	return n, r.to.SetAttr(ctx, s.Path, vfs.Attr{ModTime: f.Entry().ModTime.Add(r.o.Skew)})
}

// reader ends with its context.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(b)
}

// remove asks the source once more: a listing that ended cleanly may have been short
// all the same.
func (r *run) remove(ctx context.Context, s Step) error {
	switch _, err := r.from.Stat(ctx, s.Path); {
	case err == nil:
		return fmt.Errorf("%s: %w", s.Path, vfs.ErrConflict)
	case !errors.Is(err, vfs.ErrNotExist):
		return err
	}
	if s.To.IsDir() {
		return r.to.Rmdir(ctx, s.Path)
	}
	return r.to.Remove(ctx, s.Path)
}
