package mirror_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/mirror"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
)

// fake is a tree whose listings the test makes; all else is as in the tree inside.
type fake struct {
	vfs.FS
	caps func(vfs.Caps) vfs.Caps
	list func(p vfs.Path) iter.Seq2[vfs.Entry, error]
	stat func(p vfs.Path) (vfs.Entry, error)
	hash func(p vfs.Path) error
	open func(p vfs.Path, f vfs.File) vfs.File
}

func (f *fake) Caps() vfs.Caps {
	if f.caps == nil {
		return f.FS.Caps()
	}
	return f.caps(f.FS.Caps())
}

func (f *fake) List(ctx context.Context, p vfs.Path, want vfs.Fields) iter.Seq2[vfs.Entry, error] {
	if f.list != nil {
		if l := f.list(p); l != nil {
			return l
		}
	}
	return f.FS.List(ctx, p, want)
}

func (f *fake) Stat(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	if f.stat != nil {
		return f.stat(p)
	}
	return f.FS.Stat(ctx, p)
}

func (f *fake) Hash(ctx context.Context, p vfs.Path, h vfs.Hash, from, to int64) ([]byte, error) {
	if f.hash != nil {
		if err := f.hash(p); err != nil {
			return nil, err
		}
	}
	return f.FS.Hash(ctx, p, h, from, to)
}

func (f *fake) Open(ctx context.Context, p vfs.Path) (vfs.File, error) {
	file, err := f.FS.Open(ctx, p)
	if err == nil && f.open != nil {
		file = f.open(p, file)
	}
	return file, err
}

// listed gives entries for the root, and nothing else.
func listed(entries ...vfs.Entry) func(vfs.Path) iter.Seq2[vfs.Entry, error] {
	return func(p vfs.Path) iter.Seq2[vfs.Entry, error] {
		if !p.IsRoot() {
			return nil
		}
		return func(yield func(vfs.Entry, error) bool) {
			for _, e := range entries {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// steps gives a plan as text, errors among them, sorted.
func steps(t *testing.T, from, to vfs.FS, o mirror.Options) []string {
	t.Helper()
	var all []string
	for s, err := range mirror.Plan(t.Context(), from, to, o) {
		switch {
		case err != nil:
			all = append(all, "error "+err.Error())
		case !s.Equal():
			all = append(all, s.String())
		}
	}
	slices.Sort(all)
	return all
}

func clean(t *testing.T, s string) vfs.Path {
	t.Helper()
	p, err := vfs.Clean(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var day = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func setTime(t *testing.T, f vfs.FS, name string, at time.Time) {
	t.Helper()
	if err := f.SetAttr(t.Context(), clean(t, name), vfs.Attr{ModTime: at}); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, f vfs.FS, name, content string) {
	t.Helper()
	up, err := f.Create(t.Context(), clean(t, name), vfs.Create{})
	if err == nil {
		_, err = io.WriteString(up, content)
	}
	if err == nil {
		_, err = up.Commit(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// folding is a tree in memory that does not tell upper from lower case: it keeps the
// first spelling of a name.
type folding struct{ *memfs.FS }

func (f folding) spell(ctx context.Context, p vfs.Path) vfs.Path {
	if p.IsRoot() {
		return p
	}
	dir := f.spell(ctx, p.Dir())
	for e := range f.FS.List(ctx, dir, vfs.WantKind) {
		if strings.EqualFold(e.Name, p.Base()) {
			q, _ := dir.Join(e.Name)
			return q
		}
	}
	q, _ := dir.Join(p.Base())
	return q
}

func (f folding) Create(ctx context.Context, p vfs.Path, how vfs.Create) (vfs.Upload, error) {
	return f.FS.Create(ctx, f.spell(ctx, p), how)
}
func (f folding) Stat(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	return f.FS.Stat(ctx, f.spell(ctx, p))
}
func (f folding) Open(ctx context.Context, p vfs.Path) (vfs.File, error) {
	return f.FS.Open(ctx, f.spell(ctx, p))
}
func (f folding) Mkdir(ctx context.Context, p vfs.Path) error {
	return f.FS.Mkdir(ctx, f.spell(ctx, p))
}
func (f folding) Remove(ctx context.Context, p vfs.Path) error {
	return f.FS.Remove(ctx, f.spell(ctx, p))
}
func (f folding) Rmdir(ctx context.Context, p vfs.Path) error {
	return f.FS.Rmdir(ctx, f.spell(ctx, p))
}
func (f folding) SetAttr(ctx context.Context, p vfs.Path, a vfs.Attr) error {
	return f.FS.SetAttr(ctx, f.spell(ctx, p), a)
}

// generated is a tree of many files that nobody holds: dirs directories, if not 0, with
// files in each.
type generated struct {
	vfs.FS
	dirs, files int
}

func (g generated) List(_ context.Context, p vfs.Path, _ vfs.Fields) iter.Seq2[vfs.Entry, error] {
	return func(yield func(vfs.Entry, error) bool) {
		kind, n := vfs.KindFile, g.files
		if p.IsRoot() && g.dirs > 0 {
			kind, n = vfs.KindDir, g.dirs
		}
		for i := range n {
			e := vfs.Entry{Name: fmt.Sprintf("an-entry-of-the-tree-%08d.dat", i), Kind: kind, Size: 1, ModTime: day}
			if !yield(e, nil) {
				return
			}
		}
	}
}

func keys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
