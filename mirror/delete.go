package mirror

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sealane/sealane/vfs"
)

// removal is a deletion that waits for its turn.
type removal struct {
	path, toPath  vfs.Path
	size          int64
	dir           bool
	link, behind  bool  // see unlink
	err           error // likewise
	apart, clears *vfs.Path
}

func (d removal) step() Step {
	e := vfs.Entry{Name: d.toPath.Base(), Size: d.size}
	if d.dir {
		e.Kind = vfs.KindDir
	}
	return Step{Action: Delete, Path: d.path, ToPath: d.toPath, To: e}
}

// plan keeps a deletion for later.
func (r *run) plan(s Step) {
	if !s.To.IsDir() {
		r.doomed++
	}
	r.planned++
	if r.planned <= or(r.o.MaxDelete, DefaultMaxDelete) {
		r.deletes = append(r.deletes, removal{path: s.Path, toPath: s.ToPath, size: s.To.Size, dir: s.To.IsDir(), apart: s.apart, clears: s.clears})
	}
}

// mayDelete judges the deletion of count entries, among them so many files of all that the
// target has.
func (o Options) mayDelete(count, files, all int) error {
	if limit := or(o.MaxDelete, DefaultMaxDelete); count > limit {
		return fmt.Errorf("%w: %d, and %d may be", ErrTooMany, count, limit)
	}
	if files > fewDeletes && float64(files) > or(o.MaxDeleteShare, DefaultMaxDeleteShare)*float64(all) {
		return fmt.Errorf("%w: %d of the %d files of the target", ErrTooMany, files, all)
	}
	return nil
}

// finish deletes, if it is within the bounds and nothing failed: first what makes room for
// files, which are then copied, and the rest only if they were.
func (r *run) finish(ctx context.Context) {
	if r.o.Delete && len(r.deletes) > 0 && r.rep.Failed == 0 {
		if err := r.o.mayDelete(r.planned, r.doomed, r.files); err != nil {
			r.done(Step{}, 0, err)
		}
	}
	r.deletions(ctx, true)
	r.last(ctx)
	r.deletions(ctx, false)
}

// deletions deletes what makes room for files, or what does not.
func (r *run) deletions(ctx context.Context, clears bool) {
	if !r.o.Delete || r.rep.Failed > 0 {
		return
	}
	r.unlink(ctx, clears)
	for _, d := range r.deletes {
		if ctx.Err() != nil {
			return
		}
		if (d.clears != nil) != clears || d.behind {
			continue
		}
		s := d.step()
		if r.o.DryRun {
			r.done(s, 0, nil)
			continue
		}
		err := d.err
		if err == nil && !d.link {
			err = r.remove(ctx, d)
		}
		if errors.Is(err, errSameName) {
			s.Action, s.Reason, err = Skip, reasonSpelling, nil
		}
		r.done(s, 0, err)
	}
}

// unlink removes what the target lists as directories and are links to some: servers show
// what a link leads to, and that is not to go. Nothing tells them apart but that Remove
// takes a link and refuses a directory. What is below one that is not told apart stays.
func (r *run) unlink(ctx context.Context, clears bool) {
	var links []vfs.Path
	for k := len(r.deletes) - 1; k >= 0; k-- { // a directory is behind what is in it
		d := &r.deletes[k]
		if r.o.DryRun || (d.clears != nil) != clears {
			continue
		}
		d.behind = slices.ContainsFunc(links, func(link vfs.Path) bool { return link.Contains(d.toPath) })
		if !d.dir || d.behind {
			continue
		}
		d.err = r.o.retry(ctx, func() error { return r.isLink(ctx, d) })
		if d.link || d.err != nil {
			links = append(links, d.toPath)
		}
	}
}

// isLink finds out about one, if it may be deleted.
func (r *run) isLink(ctx context.Context, d *removal) error {
	if err := r.mayGo(ctx, *d); err != nil {
		return err
	}
	err := r.to.Remove(ctx, d.toPath)
	if d.link = err == nil; d.link {
		return nil
	}
	for _, refused := range []error{vfs.ErrIsDir, vfs.ErrNotExist, vfs.ErrPermission, vfs.ErrUnsupported, vfs.ErrBadName, vfs.ErrNotRegular} {
		if errors.Is(err, refused) {
			return nil
		}
	}
	return err
}

// errSameName says that the target takes a name for that of something which the source
// has.
var errSameName = errors.New("the same file under another spelling")

// remove asks the source once more: a listing that ended cleanly may have been short
// all the same.
func (r *run) remove(ctx context.Context, d removal) error {
	return r.o.retry(ctx, func() error {
		err := r.mayGo(ctx, d)
		if err != nil {
			return err
		}
		if d.dir {
			err = r.to.Rmdir(ctx, d.toPath)
		} else {
			err = r.to.Remove(ctx, d.toPath)
		}
		if errors.Is(err, vfs.ErrNotExist) {
			return nil
		}
		return err
	})
}

// mayGo makes sure, right before, that it still is to be deleted.
func (r *run) mayGo(ctx context.Context, d removal) error {
	if err := r.gone(ctx, d); err != nil {
		return err
	}
	return r.distinct(ctx, d.apart)
}

// gone makes sure that the source does not have it; or has a file, where one is to take
// the place of a directory.
func (r *run) gone(ctx context.Context, d removal) error {
	e, err := r.from.Stat(ctx, d.path)
	clears := d.clears != nil && *d.clears == d.path
	switch {
	case clears && err == nil && e.Kind == vfs.KindFile:
		return nil
	case err == nil:
		return fmt.Errorf("%s: the source has it now, so it is not deleted: %w", d.path, vfs.ErrConflict)
	case clears:
		return err
	case errors.Is(err, vfs.ErrNotExist), errors.Is(err, vfs.ErrNotDir):
		return nil
	}
	return err
}

// distinct makes sure that the target tells p from what it may take it for: both are in
// its listing.
func (r *run) distinct(ctx context.Context, p *vfs.Path) error {
	if p == nil {
		return nil
	}
	if r.apart == nil || *r.apart != *p {
		itself, other := false, false
		for e, err := range r.to.List(ctx, p.Dir(), vfs.WantKind) {
			if err != nil {
				return err
			}
			itself = itself || e.Name == p.Base()
			other = other || e.Name != p.Base() && mayBeOne(e.Name) == mayBeOne(p.Base())
		}
		r.apart, r.isApart = p, itself && other
	}
	if !r.isApart {
		return errSameName
	}
	return nil
}
