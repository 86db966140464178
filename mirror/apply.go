package mirror

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"golang.org/x/time/rate"

	"github.com/sealane/sealane/vfs"
)

// maxErrors bounds the errors that a Report keeps.
const maxErrors = 100

// Report says what was done.
type Report struct {
	Copied, Updated, Made, Replaced, Deleted int
	Equal                                    int   // files that were there already
	Skipped                                  int   // what is neither file nor directory, and the like
	Conflicts                                int   // what is of another kind on the target
	Failed                                   int   // steps, names and directories
	Bytes                                    int64 // moved
	Errors                                   []error
}

// Changed reports whether anything was done to the target.
func (r Report) Changed() bool {
	return r.Copied+r.Updated+r.Made+r.Replaced+r.Deleted > 0
}

var (
	errNoDir = errors.New("its directory could not be made")
	errHeld  = errors.New("not replaced: what is there was not deleted, since other steps failed")
)

// Apply does the steps of Plan. What fails does not hold up the rest, but for deletions,
// which come last and only if nothing failed: no listing was cut short, no name refused,
// no file left out. The error joins those of the report (the first 100): the run is then
// partly done, and another one goes on with it, also within large files that broke off,
// where the target keeps those (vfs.Caps.Resume, InPlace) and can set times.
func Apply(ctx context.Context, from, to vfs.FS, steps iter.Seq2[Step, error], o Options) (Report, error) {
	r := &run{from: from, to: to, o: o}
	if err := o.Valid(); err != nil {
		return r.rep, err
	}
	if o.BytesPerSecond > 0 {
		r.limit = rate.NewLimiter(rate.Limit(o.BytesPerSecond), int(max(min(o.BytesPerSecond, bufferSize), 1)))
	}
	r.start(ctx)
	for s, err := range steps {
		if ctx.Err() != nil {
			break
		}
		r.take(ctx, s, err)
	}
	r.stop()
	if ctx.Err() == nil {
		r.finish(ctx)
	}
	if ctx.Err() != nil {
		r.done(Step{}, 0, context.Cause(ctx))
	}
	return r.rep, errors.Join(r.rep.Errors...)
}

type run struct {
	from, to vfs.FS
	o        Options
	limit    *rate.Limiter // nil: none
	queues

	// Of the goroutine of Apply.
	unmade  *vfs.Path // the last directory that could not be made
	deletes []removal
	planned int    // deletions, also those that are too many to be kept
	files   int    // that the target has
	doomed  int    // of them
	late    []Step // files that take the place of directories
	apart   *vfs.Path
	isApart bool

	mu  sync.Mutex
	rep Report
}

// take does a step, or has it done.
func (r *run) take(ctx context.Context, s Step, err error) {
	if s.To.Name != "" && s.To.Kind == vfs.KindFile && !s.To.Link {
		r.files++
	}
	if err == nil && r.unmade != nil && r.unmade.Contains(s.ToPath) {
		r.done(s, 0, fmt.Errorf("%s: %w", s.Path, errNoDir))
		return
	}
	switch {
	case err != nil:
		r.done(s, 0, err)
	case s.Action == Delete:
		r.plan(s)
	case r.o.DryRun:
		r.done(s, s.moves(), nil)
	case s.Action == Replace && !s.From.IsDir():
		if len(r.late) < or(r.o.MaxDelete, DefaultMaxDelete) { // each has a deletion
			r.late = append(r.late, s)
		}
	case s.Action == Mkdir, s.Action == Replace:
		if err = r.mkdir(ctx, s); err != nil {
			r.unmade = &s.ToPath
		}
		r.done(s, 0, err)
	case s.careful: // nothing else runs meanwhile that could be taken for it
		r.pending.Wait()
		n, err := r.copy(ctx, s)
		r.done(s, n, err)
	case s.Action == Copy, s.Action == Update:
		r.put(s)
	default:
		r.done(s, 0, nil)
	}
}

// mkdir makes a directory, also where a file has to make room for it.
func (r *run) mkdir(ctx context.Context, s Step) error {
	if s.Action == Replace {
		if e, err := r.from.Stat(ctx, s.Path); err != nil {
			return err
		} else if !e.IsDir() {
			return fmt.Errorf("%s: %w", s.Path, vfs.ErrConflict)
		}
		if err := r.to.Remove(ctx, s.ToPath); err != nil && !errors.Is(err, vfs.ErrNotExist) {
			return err
		}
	}
	return r.o.retry(ctx, func() error {
		err := r.to.Mkdir(ctx, s.ToPath)
		if errors.Is(err, vfs.ErrExist) { // by a try before, or by somebody else
			if e, serr := r.to.Stat(ctx, s.ToPath); serr == nil && e.IsDir() && !e.Link {
				return nil
			}
		}
		return err
	})
}

// last copies the files that take the place of directories.
func (r *run) last(ctx context.Context) {
	for _, s := range r.late {
		if ctx.Err() != nil {
			return
		}
		if r.rep.Failed > 0 {
			r.done(s, 0, fmt.Errorf("%s: %w", s.Path, errHeld))
			continue
		}
		n, err := r.copy(ctx, s)
		r.done(s, n, err)
	}
}

// done counts a step.
func (r *run) done(s Step, n int64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rep.Bytes += n
	if err != nil {
		r.rep.Failed++
		if len(r.rep.Errors) < maxErrors {
			r.rep.Errors = append(r.rep.Errors, err)
		}
	} else {
		*r.rep.counter(s)++
	}
	if r.o.Progress != nil {
		r.o.Progress(s, err)
	}
}

func (r *Report) counter(s Step) *int {
	switch s.Action {
	case Copy:
		return &r.Copied
	case Update:
		return &r.Updated
	case Mkdir:
		return &r.Made
	case Replace:
		return &r.Replaced
	case Delete:
		return &r.Deleted
	case Conflict:
		return &r.Conflicts
	}
	if s.same {
		return &r.Equal
	}
	return &r.Skipped
}
