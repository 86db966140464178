package memfs_test

import (
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

func TestSuite(t *testing.T) {
	vfstest.Run(t, func(*testing.T) vfs.FS { return memfs.New() })
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
