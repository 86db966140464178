package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/internal/ui"
)

// Bounds of a walk through folders of a server, which may have no end.
const (
	maxWalkDepth   = 64
	maxWalkEntries = 10_000_000
)

// walker goes through folders of a server, each of which is listed to its clean end
// before anything is done with it.
type walker struct {
	c       *ftpclient.Client
	entries int
	held    held     // of the folders under way
	above   []string // vfs.Entry.Unique of the folders of the path
	failed  int
	first   error
	ended   bool // by a failure that all that follows would have, too
	onError func(path string, err error)
}

var errEndless = errors.New("the folders have no end, or are too deep")

// fail notes what could not be done; the walk goes on.
func (w *walker) fail(path string, err error) {
	if w.failed++; w.failed == 1 {
		w.first = err
	}
	w.ended = w.ended || endsAll(err)
	w.onError(path, err)
}

// over reports whether nothing more can be done.
func (w *walker) over(ctx context.Context) bool {
	return ctx.Err() != nil || w.ended
}

// list gives the entries of a folder, by name. They count until w.held is told that they
// are released.
func (w *walker) list(ctx context.Context, dir string) ([]*entry, error) {
	entries, err := w.read(ctx, dir)
	if w.entries += len(entries); err == nil && w.entries > maxWalkEntries {
		err = errEndless
	}
	if err != nil {
		w.held.release(entries)
		return nil, err
	}
	sortEntries(entries)
	return entries, nil
}

func (w *walker) read(ctx context.Context, dir string) (entries []*entry, err error) {
	for e, err := range w.c.List(ctx, dir) {
		if err != nil {
			return entries, err
		}
		if !oneName(e.Name) {
			return entries, fmt.Errorf("%w: it lists a name that no file can have", ftpclient.ErrProtocol)
		}
		entries = append(entries, keptEntry(e))
		if err := w.held.take(entries[len(entries)-1].bytes()); err != nil {
			return entries, err
		}
	}
	return entries, nil
}

// into goes into the folder e, unless the way comes from there already; the caller
// calls back when it comes out again.
func (w *walker) into(e *entry) (back func(), err error) {
	if len(w.above) == maxWalkDepth || e.unique != "" && slices.Contains(w.above, e.unique) {
		return nil, errEndless
	}
	w.above = append(w.above, e.unique)
	return func() { w.above = w.above[:len(w.above)-1] }, nil
}

// result is the error of the command: partly done, or the one failure if nothing was
// done at all.
func (w *walker) result(ctx context.Context, done int) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case w.failed > 0 && done == 0:
		return w.first
	case w.failed > 0:
		return fmt.Errorf("%w: %s failed, %s done", errPartly, ui.Count(int64(w.failed)), ui.Count(int64(done)))
	}
	return nil
}

// told prints failures as they come, and keeps the one that the command ends with.
func told(env *Env) func(path string, err error) {
	return func(path string, err error) {
		_, _ = fmt.Fprintf(env.Stderr, "sealane: %s: %s\n", ui.Safe(path), ui.Safe(oneLine(err)))
	}
}
