package mirror_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/mirror"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

func apply(t *testing.T, from, to vfs.FS, o mirror.Options) (mirror.Report, error) {
	return mirror.Apply(t.Context(), from, to, mirror.Plan(t.Context(), from, to, o), o)
}

func tree(t *testing.T, f vfs.FS) map[string]string {
	t.Helper()
	m, err := vfstest.Tree(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var files = map[string]string{"a/x": "new", "a/y": "yy", "b/": "", "z": "zz"}

// D-09, C-24: whichever call fails, nothing that the source has is deleted from the
// target, and the next run repairs. C-26: the run after that moves nothing.
func TestEveryFault(t *testing.T) {
	vfstest.EachFault(t, vfstest.Fault{Err: errors.New("broken")}, func(t *testing.T, f *vfstest.Faults) {
		from := memfs.From(files)
		to := memfs.From(map[string]string{"a/x": "older", "a/y": "y", "old/o": "o", "z": "z"})
		o := mirror.Options{Delete: true, Parallel: 2}
		_, err := apply(t, f.Around(from), f.Around(to), o)
		// A file that was read to its end and then does not close was copied all the same.
		if failed := f.Hit() != "" && !strings.HasPrefix(f.Hit(), "Close"); (err != nil) != failed {
			t.Errorf("fault %q: %v", f.Hit(), err)
		}
		got := tree(t, to)
		for _, name := range []string{"a/x", "a/y", "z"} {
			if _, ok := got[name]; !ok {
				t.Errorf("fault %q: %s is gone", f.Hit(), name)
			}
		}
		if _, err := apply(t, from, to, o); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(tree(t, from), tree(t, to)); d != "" {
			t.Error(d)
		}
		if rep, err := apply(t, from, to, o); err != nil || rep.Copied+rep.Made+rep.Deleted != 0 {
			t.Errorf("a further run: %+v, %v", rep, err)
		}
	})
}

// C-24: an empty source and too many deletions delete nothing. C-26: nor does a
// change of kind.
func TestKeeps(t *testing.T) {
	for name, test := range map[string]struct {
		from map[string]string
		o    mirror.Options
		want error
	}{
		"empty":    {nil, mirror.Options{Delete: true}, mirror.ErrEmptySource},
		"too many": {map[string]string{"n": ""}, mirror.Options{Delete: true, MaxDelete: 2}, mirror.ErrTooMany},
		"kind":     {map[string]string{"a": "", "b": "", "z/": ""}, mirror.Options{Delete: true}, nil},
		"off":      {map[string]string{"n": ""}, mirror.Options{}, nil},
	} {
		to := memfs.From(files)
		if _, err := apply(t, memfs.From(test.from), to, test.o); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
		got := tree(t, to)
		delete(got, "n")
		if d := cmp.Diff(tree(t, memfs.From(files)), got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
