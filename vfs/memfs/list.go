package memfs

import (
	"context"
	"iter"

	"github.com/sealane/sealane/vfs"
)

// List implements vfs.FS. It lists what the directory holds as it begins.
func (f *FS) List(ctx context.Context, p vfs.Path, _ vfs.Fields) iter.Seq2[vfs.Entry, error] {
	return func(yield func(vfs.Entry, error) bool) {
		entries, err := f.snapshot(ctx, p)
		for _, e := range entries {
			if err = ctx.Err(); err != nil {
				break
			}
			if !yield(e, nil) {
				return
			}
		}
		if err != nil {
			yield(vfs.Entry{}, fail("list", p, err))
		}
	}
}

func (f *FS) snapshot(ctx context.Context, p vfs.Path) ([]vfs.Entry, error) {
	if err := f.begin(ctx); err != nil {
		return nil, err
	}
	defer f.mu.Unlock()
	n, err := f.find(p)
	if err != nil {
		return nil, err
	}
	if !n.isDir() {
		return nil, vfs.ErrNotDir
	}
	entries := make([]vfs.Entry, 0, len(n.entries))
	for name, n := range n.entries {
		entries = append(entries, n.entry(name))
	}
	return entries, nil
}
