package layer_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/layer"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/osfs"
)

// watched is a Store that fails the test when the usage is above the limit, or
// below nothing.
type watched struct {
	t testing.TB
	layer.Counter
	max layer.Usage
}

func (w *watched) Add(delta, limit layer.Usage) bool {
	ok := w.Counter.Add(delta, limit)
	if u := w.Usage(); u.Bytes > w.max.Bytes || u.Files > w.max.Files || u.Bytes < 0 || u.Files < 0 {
		w.t.Errorf("usage %+v, limit %+v", u, w.max)
	}
	return ok
}

// limited makes a budget that is watched.
func limited(t testing.TB, limit layer.Usage) *layer.Budget {
	return layer.NewBudget(&watched{t: t, max: limit}, limit)
}

func wantUsage(t *testing.T, what string, b *layer.Budget, bytes, files int64) {
	t.Helper()
	if got := b.Usage(); got != (layer.Usage{Bytes: bytes, Files: files}) {
		t.Errorf("%s: usage %+v, want %d bytes, %d files", what, got, bytes, files)
	}
}

// recount compares the counter with the tree, as du would.
func recount(t *testing.T, what string, b *layer.Budget, f vfs.FS) {
	t.Helper()
	if got, err := layer.Count(t.Context(), f); got != b.Usage() || err != nil {
		t.Errorf("%s: the tree has %+v, %v; the counter %+v", what, got, err, b.Usage())
	}
}

// S-78: 100 uploads at once against a quota of 10 MB. It holds exactly, what is
// left can be used, and the counter is right afterwards.
func TestQuotaParallel(t *testing.T) {
	const size, quota = 1 << 20, 10 << 20
	b := limited(t, layer.Usage{Bytes: quota, Files: 1 << 20})
	tree := memfs.New()
	views := []vfs.FS{layer.Quota(tree, b, "a"), layer.Quota(tree, b, "a")}
	var wg sync.WaitGroup
	var mu sync.Mutex
	stored := 0
	for i := range 100 {
		wg.Go(func() {
			err := put(t.Context(), views[i%2], path(t, fmt.Sprint("/", i)), vfs.Create{}, strings.Repeat("x", size))
			if err != nil {
				wantErr(t, "put", err, vfs.ErrQuota)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			stored++
		})
	}
	wg.Wait()
	wantUsage(t, "in the end", b, int64(stored)*size, int64(stored))
	recount(t, "in the end", b, tree)
	for i := stored; i < quota/size; i++ {
		wantErr(t, "what is left", put(t.Context(), views[0], path(t, fmt.Sprint("/more", i)), vfs.Create{}, strings.Repeat("x", size)), nil)
	}
	wantErr(t, "one byte more", put(t.Context(), views[0], path(t, "/last"), vfs.Create{}, "x"), vfs.ErrQuota)
	wantUsage(t, "full", b, quota, quota/size)
}

// S-78, V-40: what each operation books and gives back.
func TestQuotaSteps(t *testing.T) {
	ctx := t.Context()
	b := limited(t, layer.Usage{Bytes: 10, Files: 4})
	f := layer.Quota(memfs.New(), b, "a")
	p, q, d := path(t, "/f"), path(t, "/g"), path(t, "/d")
	var half vfs.Upload
	interrupt := func(p vfs.Path, how vfs.Create, s string) error {
		up, err := f.Create(ctx, p, how)
		if err != nil {
			return err
		}
		if _, err := up.Write([]byte(s)); err != nil {
			return errors.Join(err, up.Abort(err))
		}
		return up.Abort(fmt.Errorf("gone: %w", vfs.ErrInterrupted))
	}
	for _, step := range []struct {
		what         string
		do           func() error
		want         error
		bytes, files int64
	}{
		{"upload", func() error { return put(ctx, f, p, vfs.Create{}, "123456") }, nil, 6, 1},
		{"overwrite: both count until Commit", func() error { return put(ctx, f, p, vfs.Create{}, "12345") }, vfs.ErrQuota, 6, 1},
		{"overwrite", func() error { return put(ctx, f, p, vfs.Create{}, "1234") }, nil, 4, 1},
		{"append: what is kept counts too", func() error { return put(ctx, f, p, vfs.Create{Append: true}, "123") }, vfs.ErrQuota, 4, 1},
		{"append", func() error { return put(ctx, f, p, vfs.Create{Append: true}, "5") }, nil, 5, 1},
		{"REST beyond the end", func() error { return put(ctx, f, p, vfs.Create{Offset: 1 << 62}, "") }, vfs.ErrOffset, 5, 1},
		{"REST", func() error { return put(ctx, f, p, vfs.Create{Offset: 2}, "x") }, nil, 3, 1},
		{"an upload begins", func() (err error) { half, err = f.Create(ctx, q, vfs.Create{}); return err }, nil, 3, 2},
		{"it writes", func() error { _, err := half.Write([]byte("12345")); return err }, nil, 8, 2},
		{"too much", func() error { _, err := half.Write([]byte("678")); return err }, vfs.ErrQuota, 8, 2},
		{"that cannot be committed", func() error { _, err := half.Commit(ctx); return err }, vfs.ErrQuota, 3, 1},
		{"and is over", func() error { return half.Abort(nil) }, nil, 3, 1},
		{"an upload breaks off", func() error { return interrupt(q, vfs.Create{}, "12345") }, nil, 8, 2},
		{"and is continued, and breaks off again", func() error { return interrupt(q, vfs.Create{Append: true}, "6") }, nil, 9, 2},
		{"and from an earlier byte", func() error { return interrupt(q, vfs.Create{Offset: 3}, "x") }, nil, 7, 2},
		{"and is finished", func() error { return put(ctx, f, q, vfs.Create{Offset: 4}, "y") }, nil, 8, 2},
		{"an upload over a file breaks off", func() error { return interrupt(p, vfs.Create{}, "1") }, nil, 9, 3},
		{"rename over a file", func() error { return f.Rename(ctx, q, p, vfs.Rename{}) }, nil, 6, 2},
		{"remove: the broken one is still there", func() error { return f.Remove(ctx, p) }, nil, 1, 1},
		{"remove that", func() error { return f.Remove(ctx, p) }, nil, 0, 0},
		{"mkdir", func() error { return f.Mkdir(ctx, d) }, nil, 0, 1},
		{"mkdir again", func() error { return f.Mkdir(ctx, d) }, vfs.ErrExist, 0, 1},
		{"upload there", func() error { return put(ctx, f, path(t, "/d/f"), vfs.Create{}, "12") }, nil, 2, 2},
		{"one breaks off there", func() error { return interrupt(path(t, "/d/g"), vfs.Create{}, "12") }, nil, 4, 3},
		{"rename the directory", func() error { return f.Rename(ctx, d, path(t, "/e"), vfs.Rename{}) }, nil, 4, 3},
		{"rename to another", func() error { return f.Rename(ctx, path(t, "/e/f"), path(t, "/f"), vfs.Rename{}) }, nil, 4, 3},
		{"rename onto itself", func() error { return f.Rename(ctx, p, p, vfs.Rename{}) }, nil, 4, 3},
		{"the last name", func() error { return f.Mkdir(ctx, d) }, nil, 4, 4},
		{"overwriting needs no name", func() error { return put(ctx, f, p, vfs.Create{}, "1") }, nil, 3, 4},
		{"a file more", func() error { return put(ctx, f, path(t, "/x"), vfs.Create{}, "") }, vfs.ErrQuota, 3, 4},
		{"a directory more", func() error { return f.Mkdir(ctx, path(t, "/x")) }, vfs.ErrQuota, 3, 4},
		{"keeping one over a file would be a name more", func() error { return interrupt(p, vfs.Create{}, "1") }, vfs.ErrQuota, 3, 4},
		{"a directory for a file that is there", func() error { return f.Mkdir(ctx, p) }, vfs.ErrExist, 3, 4},
		{"rmdir", func() error { return f.Rmdir(ctx, d) }, nil, 3, 3},
		{"rmdir of nothing", func() error { return f.Rmdir(ctx, d) }, vfs.ErrNotExist, 3, 3},
	} {
		wantErr(t, step.what, step.do(), step.want)
		wantUsage(t, step.what, b, step.bytes, step.files)
	}
	if s, err := f.Space(ctx, vfs.Path{}); s != (vfs.Space{Free: 7, Total: 10}) || err != nil {
		t.Errorf("Space %+v, %v", s, err)
	}
	wantErr(t, "Symlink", f.Symlink(ctx, p, q), vfs.ErrUnsupported)
}

// S-78: whatever several sessions do at once, over two views, the counter is what
// a fresh count finds, and never was above the limit.
func TestQuotaRandom(t *testing.T) {
	for name, test := range map[string]struct {
		tree   func(t *testing.T) vfs.FS
		rounds int
		atOnce int
	}{
		"memory": {func(*testing.T) vfs.FS { return memfs.New() }, 20, 6},
		"disk":   {func(t *testing.T) vfs.FS { return disk(t, osfs.Policy{Durability: vfs.DurableProcess}) }, 5, 6},
		"disk, in place": {func(t *testing.T) vfs.FS {
			return disk(t, osfs.Policy{Durability: vfs.DurableProcess, Direct: true})
		}, 5, 6},
	} {
		t.Run(name, func(t *testing.T) { quotaRandom(t, test.tree(t), test.rounds, test.atOnce) })
	}
}

func disk(t *testing.T, p osfs.Policy) vfs.FS {
	f, err := osfs.Open(t.TempDir(), osfs.With(p))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func quotaRandom(t *testing.T, tree vfs.FS, rounds, atOnce int) {
	b := limited(t, layer.Usage{Bytes: 2000, Files: 12})
	views := []vfs.FS{layer.Quota(tree, b, "a"), layer.Quota(tree, b, "a")}
	names := []string{"/a", "/b", "/d", "/d/a", "/d/b", "/e", "/e/a", "/e/d", "/e/d/a"}
	for round := range rounds {
		var wg sync.WaitGroup
		for g := range atOnce {
			wg.Go(func() {
				random := rand.New(rand.NewPCG(uint64(round), uint64(g)))
				for range 60 {
					f := views[random.IntN(2)]
					p, q := path(t, names[random.IntN(len(names))]), path(t, names[random.IntN(len(names))])
					err := anything(t.Context(), f, random, p, q)
					if errors.Is(err, context.Canceled) {
						t.Errorf("%v", err)
					}
				}
			})
		}
		wg.Wait()
		for _, name := range names { // what broke off is not in the tree
			if _, err := views[0].Unfinished(t.Context(), path(t, name)); err == nil {
				up, err := views[0].Create(t.Context(), path(t, name), vfs.Create{})
				if err == nil {
					up.Abort(nil)
				}
			}
		}
		left := layer.Usage{}
		for _, name := range names {
			if e, err := tree.Unfinished(t.Context(), path(t, name)); err == nil {
				left.Bytes += e.Size
				left.Files++
			}
		}
		got, err := layer.Count(t.Context(), tree)
		got.Bytes, got.Files = got.Bytes+left.Bytes, got.Files+left.Files
		if got != b.Usage() || err != nil {
			t.Fatalf("round %d: the tree has %+v, %v; the counter %+v", round, got, err, b.Usage())
		}
	}
}

// anything does something with p and q.
func anything(ctx context.Context, f vfs.FS, random *rand.Rand, p, q vfs.Path) error {
	switch random.IntN(9) {
	case 0:
		return f.Mkdir(ctx, p)
	case 1:
		return f.Remove(ctx, p)
	case 2:
		return f.Rmdir(ctx, p)
	case 3, 4:
		return f.Rename(ctx, p, q, vfs.Rename{Exclusive: random.IntN(3) == 0})
	}
	how := vfs.Create{Exclusive: random.IntN(5) == 0}
	switch random.IntN(3) {
	case 0:
		how.Append = true
	case 1:
		how.Offset = random.Int64N(300)
	}
	up, err := f.Create(ctx, p, how)
	if err != nil {
		return err
	}
	for range random.IntN(3) {
		if _, err = up.Write(make([]byte, random.IntN(200))); err != nil {
			break
		}
	}
	switch random.IntN(6) {
	case 0:
		return up.Abort(err)
	case 1, 2:
		return up.Abort(fmt.Errorf("%w: %w", vfs.ErrInterrupted, errors.Join(err)))
	case 3:
		gone, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := up.Commit(gone); !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	}
	_, err = up.Commit(ctx)
	return err
}

// S-76, S-78: an upload whose directory is renamed meanwhile ends with its own
// verdict, and gives back nothing of what is at its old name by then.
func TestQuotaMovedDirectory(t *testing.T) {
	ctx := t.Context()
	for name, tree := range map[string]vfs.FS{"memory": memfs.New(), "disk": disk(t, osfs.Policy{Durability: vfs.DurableProcess})} {
		b := limited(t, layer.Usage{Bytes: 100, Files: 100})
		f := layer.Quota(tree, b, "a")
		wantErr(t, name, f.Mkdir(ctx, path(t, "/d")), nil)
		up, err := f.Create(ctx, path(t, "/d/f"), vfs.Create{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := up.Write([]byte("new")); err != nil {
			t.Fatal(err)
		}
		wantErr(t, name, f.Rename(ctx, path(t, "/d"), path(t, "/e"), vfs.Rename{}), nil)
		wantErr(t, name, f.Mkdir(ctx, path(t, "/d")), nil)
		wantErr(t, name, put(ctx, f, path(t, "/d/f"), vfs.Create{}, "in another directory"), nil)
		_, err = up.Commit(ctx)
		wantErr(t, name+": Commit", err, vfs.ErrConflict)
		recount(t, name, b, tree)
	}
}

// Renaming one of two names of a file onto the other leaves both (POSIX), and gives
// back nothing.
func TestQuotaHardLinks(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("content"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(dir, "a"), filepath.Join(dir, "b")); err != nil {
		t.Skip("the system makes no links: ", err)
	}
	tree, err := osfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	start, err := layer.Count(t.Context(), tree)
	if err != nil {
		t.Fatal(err)
	}
	b := layer.NewBudget(layer.NewCounter(start), layer.Usage{})
	f := layer.Quota(tree, b, "a")
	wantErr(t, "Rename", f.Rename(t.Context(), path(t, "/a"), path(t, "/b"), vfs.Rename{}), nil)
	recount(t, "Rename", b, tree)
	wantErr(t, "Remove", f.Remove(t.Context(), path(t, "/b")), nil)
	recount(t, "Remove", b, tree)
}

// Two trees and two accounts that have one budget do not take each other's uploads
// for their own.
func TestQuotaViews(t *testing.T) {
	ctx := t.Context()
	b := limited(t, layer.Usage{Bytes: 100, Files: 100})
	one, two := layer.Quota(memfs.New(), b, "one"), layer.Quota(memfs.New(), b, "two")
	p := path(t, "/f")
	for i, f := range []vfs.FS{one, two} {
		up, err := f.Create(ctx, p, vfs.Create{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := up.Write(make([]byte, 10+i)); err != nil {
			t.Fatal(err)
		}
		if err := up.Abort(vfs.ErrInterrupted); err != nil {
			t.Fatal(err)
		}
	}
	wantUsage(t, "both kept", b, 21, 2)
	wantErr(t, "finish one", put(ctx, one, p, vfs.Create{Append: true}, "x"), nil)
	wantUsage(t, "one is whole", b, 22, 2)
	wantErr(t, "remove the other", two.Remove(ctx, p), nil)
	wantUsage(t, "the other is gone", b, 11, 1)
	b.SetLimit(layer.Usage{Bytes: 5})
	wantErr(t, "over a lower limit", put(ctx, two, p, vfs.Create{}, "x"), vfs.ErrQuota)
	b.SetLimit(layer.Usage{})
	wantErr(t, "without a limit", put(ctx, two, p, vfs.Create{}, strings.Repeat("x", 50)), nil)
	wantUsage(t, "without a limit", b, 61, 2)
}

// What broke off before the start is counted when somebody comes back to it.
func TestQuotaFindsWhatBrokeOff(t *testing.T) {
	ctx := t.Context()
	tree := memfs.From(map[string]string{"d/a": "123"})
	p := path(t, "/f")
	up, err := tree.Create(ctx, p, vfs.Create{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := up.Write([]byte("1234")); err != nil {
		t.Fatal(err)
	}
	if err := up.Abort(vfs.ErrInterrupted); err != nil {
		t.Fatal(err)
	}
	start, err := layer.Count(ctx, tree)
	if err != nil {
		t.Fatal(err)
	}
	b := layer.NewBudget(layer.NewCounter(start), layer.Usage{Bytes: 10})
	wantUsage(t, "at the start", b, 3, 2)
	f := layer.Quota(tree, b, "a")
	wantErr(t, "too much", put(ctx, f, p, vfs.Create{Offset: 4}, "5678"), vfs.ErrQuota)
	wantUsage(t, "dropped", b, 3, 2)
	recount(t, "dropped", b, tree)
}

// A budget around an account that may only leave files: it is not told what is
// there, and counts right all the same.
func TestQuotaAroundAccess(t *testing.T) {
	ctx := t.Context()
	for _, allow := range []layer.Allow{layer.AllowUpload, layer.AllowAll &^ layer.AllowList &^ layer.AllowDownload} {
		b := limited(t, layer.Usage{Bytes: 10, Files: 3})
		tree := memfs.New()
		f := layer.Quota(access(t, tree, layer.Policy{Rules: []layer.Rule{{Allow: allow}}}), b, "a")
		wantErr(t, "put", put(ctx, f, path(t, "/a"), vfs.Create{}, "1234"), nil)
		recount(t, "put", b, tree)
		err := put(ctx, f, path(t, "/a"), vfs.Create{}, "12345")
		if allow == layer.AllowUpload {
			wantErr(t, "put again", err, vfs.ErrExist)
		} else {
			wantErr(t, "put again", err, nil)
		}
		recount(t, "put again", b, tree)
		wantErr(t, "too much", put(ctx, f, path(t, "/b"), vfs.Create{}, "12345678"), vfs.ErrQuota)
		recount(t, "too much", b, tree)
	}
}

// What the storage has dropped meanwhile is given back before anything is refused.
func TestQuotaForgetsWhatWasDropped(t *testing.T) {
	ctx := t.Context()
	b := limited(t, layer.Usage{Bytes: 10, Files: 2})
	tree := memfs.New()
	f := layer.Quota(tree, b, "a")
	breakOff(ctx, f, path(t, "/a"), vfs.Create{}, "12345678")
	breakOff(ctx, f, path(t, "/b"), vfs.Create{}, "1")
	wantErr(t, "too much", put(ctx, f, path(t, "/c"), vfs.Create{}, "123"), vfs.ErrQuota)
	if err := tree.Remove(ctx, path(t, "/a")); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "enough", put(ctx, f, path(t, "/c"), vfs.Create{}, "123456789"), nil)
	wantUsage(t, "in the end", b, 10, 2)
}

// inPlace is a storage whose uploads are seen while they are written.
type inPlace struct{ vfs.FS }

func (f inPlace) Caps() vfs.Caps {
	c := f.FS.Caps()
	c.InPlace, c.Resume = true, false
	return c
}

func (f inPlace) Create(ctx context.Context, p vfs.Path, how vfs.Create) (vfs.Upload, error) {
	up, err := f.FS.Create(ctx, p, how)
	if err != nil {
		return nil, err
	}
	offset := up.Offset()
	if _, err := up.Commit(ctx); err != nil {
		return nil, err
	}
	return &inPlaceUpload{f.FS, p, offset, false}, nil
}

type inPlaceUpload struct {
	fs     vfs.FS
	path   vfs.Path
	offset int64
	done   bool
}

func (u *inPlaceUpload) Offset() int64 { return u.offset }

func (u *inPlaceUpload) Write(b []byte) (int, error) {
	if err := put(context.Background(), u.fs, u.path, vfs.Create{Append: true}, string(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

func (u *inPlaceUpload) Commit(ctx context.Context) (vfs.Entry, error) {
	if err := ctx.Err(); err != nil {
		return vfs.Entry{}, err
	}
	return u.fs.Stat(ctx, u.path)
}

func (u *inPlaceUpload) Abort(error) error { return nil }

// Bytes that go to their place at once count as they go, and what an upload leaves
// stays counted.
func TestQuotaInPlace(t *testing.T) {
	ctx := t.Context()
	b := limited(t, layer.Usage{Bytes: 10, Files: 3})
	tree := memfs.New()
	f := layer.Quota(inPlace{tree}, b, "a")
	p := path(t, "/f")
	wantErr(t, "put", put(ctx, f, p, vfs.Create{}, "123456"), nil)
	recount(t, "put", b, tree)
	wantErr(t, "append", put(ctx, f, p, vfs.Create{Append: true}, "7890"), nil)
	recount(t, "append", b, tree)
	wantErr(t, "one byte more", put(ctx, f, p, vfs.Create{Append: true}, "x"), vfs.ErrQuota)
	recount(t, "one byte more", b, tree)
	up, err := f.Create(ctx, p, vfs.Create{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Create(ctx, p, vfs.Create{})
	wantErr(t, "a second upload", err, vfs.ErrConflict)
	wantErr(t, "remove", f.Remove(ctx, p), vfs.ErrConflict)
	wantErr(t, "rename", f.Rename(ctx, p, path(t, "/g"), vfs.Rename{}), vfs.ErrConflict)
	wantErr(t, "another name", put(ctx, f, path(t, "/g"), vfs.Create{}, ""), nil)
	if _, err := up.Write([]byte("123")); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "abort", up.Abort(nil), nil)
	recount(t, "abort", b, tree)
	wantUsage(t, "abort", b, 3, 2)
	wantErr(t, "remove", f.Remove(ctx, p), nil)
	wantUsage(t, "remove", b, 0, 1)
}
