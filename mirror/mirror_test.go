package mirror_test

import (
	"errors"
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
