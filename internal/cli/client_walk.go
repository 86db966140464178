package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/internal/ui"
	"github.com/sealane/sealane/vfs"
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
	above   []string // vfs.Entry.Unique of the folders of the path
	failed  int
	first   error
	onError func(path string, err error)
}

var errEndless = errors.New("the folders have no end, or are too deep")

// fail notes what could not be done; the walk goes on.
func (w *walker) fail(path string, err error) {
	if w.failed++; w.failed == 1 {
		w.first = err
	}
	w.onError(path, err)
}

// over reports whether nothing more can be done.
func (w *walker) over(ctx context.Context) bool {
	return ctx.Err() != nil || w.first != nil && endsAll(w.first)
}

// list gives the entries of a folder, by name.
func (w *walker) list(ctx context.Context, dir string) ([]vfs.Entry, error) {
	var entries []vfs.Entry
	for e, err := range w.c.List(ctx, dir) {
		if err != nil {
			return nil, err
		}
		if !oneName(e.Name) {
			return nil, fmt.Errorf("%w: it lists a name that no file can have", ftpclient.ErrProtocol)
		}
		if len(entries) == maxEntries {
			return nil, fmt.Errorf("the folder has more than %s entries", ui.Count(maxEntries))
		}
		entries = append(entries, e)
	}
	if w.entries += len(entries); w.entries > maxWalkEntries {
		return nil, errEndless
	}
	slices.SortFunc(entries, func(a, b vfs.Entry) int { return strings.Compare(a.Name, b.Name) })
	return entries, nil
}

// into goes into the folder e, unless the way comes from there already; the caller
// calls back when it comes out again.
func (w *walker) into(e vfs.Entry) (back func(), err error) {
	if len(w.above) == maxWalkDepth || e.Unique != "" && slices.Contains(w.above, e.Unique) {
		return nil, errEndless
	}
	w.above = append(w.above, e.Unique)
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
