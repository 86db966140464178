package memfs_test

import (
	"errors"
	"io"
	"io/fs"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

func TestSuite(t *testing.T) {
	for name, opts := range map[string][]memfs.Option{
		"plain":   nil,
		"limited": {memfs.Limit(1 << 30), memfs.KeepBytes(1 << 20)},
		"no keep": {memfs.KeepBytes(0)},
	} {
		t.Run(name, func(t *testing.T) {
			vfstest.Run(t, func(*testing.T) vfs.FS { return memfs.New(opts...) })
		})
	}
}

func path(t *testing.T, s string) vfs.Path {
	t.Helper()
	p, err := vfs.Clean(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFrom(t *testing.T) {
	files := map[string]string{"a/b/c": "1", "a/d": "", "e/f/": "", "g": "2"}
	got, err := vfstest.Tree(t.Context(), memfs.From(files))
	want := map[string]string{"a/": "", "a/b/": "", "a/b/c": "1", "a/d": "", "e/": "", "e/f/": "", "g": "2"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, bad := range []map[string]string{{"a": "", "a/b": ""}, {"a": "", "/a": ""}, {"a\n": ""}, {"a/": "", "a": ""}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("From(%q) did not panic", bad)
				}
			}()
			memfs.From(bad)
		}()
	}
}

// The limit counts files and uploads in progress, and gets back what is
// removed, replaced and given up.
func TestLimit(t *testing.T) {
	ctx := t.Context()
	f := memfs.New(memfs.Limit(10))
	a, b := path(t, "/a"), path(t, "/b")
	put := func(p vfs.Path, how vfs.Create, s string) error {
		up, err := f.Create(ctx, p, how)
		if err != nil {
			return err
		}
		_, werr := io.WriteString(up, s)
		_, cerr := up.Commit(ctx)
		if (werr == nil) != (cerr == nil) {
			t.Errorf("Write said %v, Commit %v", werr, cerr)
		}
		return errors.Join(werr, cerr)
	}
	up, err := f.Create(ctx, b, vfs.Create{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(up, "4444"); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		what string
		err  error
		want error
	}{
		{"7 beside 4 in progress", put(a, vfs.Create{}, "7777777"), vfs.ErrNoSpace},
		{"6 beside 4 in progress", put(a, vfs.Create{}, "666666"), nil},
		{"1 more", put(a, vfs.Create{Append: true}, "1"), vfs.ErrNoSpace},
		{"abort of 4", up.Abort(nil), nil},
		{"the old version counts", put(a, vfs.Create{}, "55555"), vfs.ErrNoSpace},
		{"what is kept counts", put(a, vfs.Create{Offset: 5}, ""), vfs.ErrNoSpace},
		{"4 in place of 6", put(a, vfs.Create{}, "4444"), nil},
		{"6 beside 4", put(b, vfs.Create{}, "666666"), nil},
		{"rename frees 4", f.Rename(ctx, b, a, vfs.Rename{}), nil},
		{"4 beside 6", put(b, vfs.Create{}, "4444"), nil},
		{"remove frees 4", f.Remove(ctx, b), nil},
		{"4 beside 6 again", put(b, vfs.Create{}, "4444"), nil},
	} {
		if !errors.Is(step.err, step.want) {
			t.Errorf("%s: %v, want %v", step.what, step.err, step.want)
		}
	}
}

// interrupt breaks an upload to p off.
func interrupt(t *testing.T, f *memfs.FS, p vfs.Path, how vfs.Create, s string) {
	t.Helper()
	up, err := f.Create(t.Context(), p, how)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(up, s); err != nil {
		t.Fatal(err)
	}
	if err := up.Abort(vfs.ErrInterrupted); err != nil {
		t.Fatal(err)
	}
}

// What is kept of an upload counts, once, until it is gone or the file is there.
func TestLimitOfUnfinished(t *testing.T) {
	ctx := t.Context()
	f := memfs.New(memfs.Limit(10))
	a, b := path(t, "/a"), path(t, "/b")
	wantFree := func(what string, want int64) {
		t.Helper()
		if sp, err := f.Space(ctx, vfs.Path{}); err != nil || sp != (vfs.Space{Free: want, Total: 10}) {
			t.Errorf("%s: %+v, %v; want %d free", what, sp, err, want)
		}
	}
	interrupt(t, f, a, vfs.Create{}, "666666")
	wantFree("6 that broke off", 4)
	up, err := f.Create(ctx, b, vfs.Create{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(up, "55555"); !errors.Is(err, vfs.ErrNoSpace) {
		t.Errorf("5 beside 6: %v", err)
	}
	if err := up.Abort(vfs.ErrInterrupted); err != nil {
		t.Fatal(err)
	}
	wantFree("one that a full disk has broken", 4)
	interrupt(t, f, a, vfs.Create{Offset: 6}, "22")
	wantFree("6 continued by 2", 2)
	interrupt(t, f, a, vfs.Create{Offset: 1}, "")
	wantFree("8 cut to 1", 9)
	if err := f.Remove(ctx, a); err != nil {
		t.Error(err)
	}
	wantFree("removed", 10)
	interrupt(t, f, a, vfs.Create{}, "88888888")
	up, err = f.Create(ctx, a, vfs.Create{Append: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := up.Commit(ctx); err != nil {
		t.Error(err)
	}
	wantFree("8 continued to a file", 2)
}

// The oldest go first, and one that is too large is not kept at all.
func TestKeepBytes(t *testing.T) {
	f := memfs.New(memfs.KeepBytes(10))
	wantKept := func(what string, want ...string) {
		t.Helper()
		var got []string
		for _, name := range []string{"/a", "/b", "/c"} {
			if e, err := f.Unfinished(t.Context(), path(t, name)); err == nil {
				got = append(got, e.Name)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	interrupt(t, f, path(t, "/a"), vfs.Create{}, "4444")
	interrupt(t, f, path(t, "/b"), vfs.Create{}, "666666")
	wantKept("4 and 6", "a", "b")
	interrupt(t, f, path(t, "/a"), vfs.Create{Offset: 4}, "") // is the newer one now
	interrupt(t, f, path(t, "/c"), vfs.Create{}, "1")
	wantKept("1 more", "a", "c")
	interrupt(t, f, path(t, "/b"), vfs.Create{}, "eleven bytes")
	wantKept("12 more, of which b was a part before", "a", "c")
	interrupt(t, f, path(t, "/b"), vfs.Create{}, "9999999999")
	wantKept("as much as may be", "b")
}

// A mode is kept with the file, also by a new version of it and a new name.
func TestMode(t *testing.T) {
	ctx, a, b := t.Context(), path(t, "/a"), path(t, "/b")
	f := memfs.From(map[string]string{"a": "old"})
	mode := fs.FileMode(0o600)
	if err := f.SetAttr(ctx, a, vfs.Attr{Mode: &mode, AccessTime: time.Now()}); err != nil {
		t.Fatal(err)
	}
	up, err := f.Create(ctx, a, vfs.Create{})
	if err != nil {
		t.Fatal(err)
	}
	if e, err := up.Commit(ctx); err != nil || e.Mode != mode {
		t.Errorf("Commit = %+v, %v", e, err)
	}
	if err := f.Rename(ctx, a, b, vfs.Rename{}); err != nil {
		t.Error(err)
	}
	if e, err := f.Stat(ctx, b); err != nil || e.Mode != mode {
		t.Errorf("Stat = %+v, %v", e, err)
	}
}
