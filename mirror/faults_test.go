package mirror_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/mirror"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/osfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

// folded is a tree with its names in lower case.
func folded(t *testing.T, f vfs.FS) map[string]string {
	m := map[string]string{}
	for name, content := range tree(t, f) {
		m[strings.ToLower(name)] = content
	}
	return m
}

// D-09, C-24: whichever call fails, nothing that the source has is deleted from the
// target, and the next run repairs. C-26: the run after that moves nothing.
func TestEveryFault(t *testing.T) {
	inMemory := func(t *testing.T, files map[string]string) vfs.FS { return memfs.From(files) }
	inFolder := func(t *testing.T, files map[string]string) vfs.FS {
		f := folder(t, osfs.Policy{Durability: vfs.DurableProcess})
		if err := vfstest.Fill(t.Context(), f, files); err != nil {
			t.Fatal(err)
		}
		return f
	}
	tests := map[string]struct {
		from, to map[string]string
		keep     []string // has to be there at any time
		o        mirror.Options
	}{
		"plain": {files, map[string]string{"a/x": "older", "a/y": "y", "old/o": "o", "z": "z"}, []string{"a/x", "a/y", "z"}, mirror.Options{}},
		"spelled otherwise": {map[string]string{"DIR/X": "new", "DIR/y": "y", "Z": "zz"}, map[string]string{"dir/x": "older", "z": "z", "old": "o"},
			[]string{"dir/x", "z"}, mirror.Options{FoldCase: true}},
		"kinds": {map[string]string{"d/in": "i", "f": "file", "a": "a"}, map[string]string{"d": "file", "f/g/h": "h", "f/i": "i", "a": "a"},
			[]string{"a"}, mirror.Options{Replace: true}},
	}
	for name, test := range tests {
		for place, open := range map[string]func(*testing.T, map[string]string) vfs.FS{"memory": inMemory, "folders": inFolder} {
			t.Run(name+" in "+place, func(t *testing.T) {
				vfstest.EachFault(t, vfstest.Fault{Err: errors.New("broken")}, func(t *testing.T, f *vfstest.Faults) {
					from, to := open(t, test.from), open(t, test.to)
					test.o.Delete, test.o.Parallel = true, 2
					_, err := apply(t, f.Around(from), f.Around(to), test.o)
					// A file that was read to its end and then does not close was copied all the same.
					if failed := f.Hit() != "" && !strings.HasPrefix(f.Hit(), "Close"); (err != nil) != failed {
						t.Errorf("fault %q: %v", f.Hit(), err)
					}
					got := folded(t, to)
					for _, name := range test.keep {
						if _, ok := got[name]; !ok {
							t.Errorf("fault %q: %s is gone", f.Hit(), name)
						}
					}
					repaired(t, from, to, test.o)
				})
			})
		}
	}
}

// repaired runs twice: the first has to do what is left, the second nothing.
func repaired(t *testing.T, from, to vfs.FS, o mirror.Options) {
	t.Helper()
	if rep, err := apply(t, from, to, o); err != nil {
		t.Fatalf("%+v %v", rep, err)
	}
	if d := cmp.Diff(folded(t, from), folded(t, to)); d != "" {
		t.Error(d)
	}
	if rep, err := apply(t, from, to, o); err != nil || rep.Changed() {
		t.Errorf("a further run: %+v, %v", rep, err)
	}
}

// D-09: a run that goes on with a large file may break off again at any call, also
// where the part that is there proves to be of another file.
func TestEveryFaultOfResume_D09(t *testing.T) {
	for name, change := range map[string]string{"the same file": big, "another one": "X" + big[1:]} {
		t.Run(name, func(t *testing.T) {
			vfstest.EachFault(t, vfstest.Fault{Err: errors.New("broken"), Short: true}, func(t *testing.T, f *vfstest.Faults) {
				from, to := memfs.From(map[string]string{"f": big}), memfs.From(map[string]string{"f": "old"})
				setTime(t, from, "f", day)
				begun := &fake{FS: from, open: func(_ vfs.Path, f vfs.File) vfs.File {
					return &cut{f, 1_120_000, func() error { return errCut }}
				}}
				if _, err := apply(t, begun, to, mirror.Options{}); !errors.Is(err, errCut) {
					t.Fatal(err)
				}
				write(t, from, "f", change)
				setTime(t, from, "f", day)
				_, _ = apply(t, f.Around(from), f.Around(to), mirror.Options{})
				if len(tree(t, to)) != 1 {
					t.Errorf("fault %q: it is gone", f.Hit())
				}
				repaired(t, from, to, mirror.Options{})
			})
		})
	}
}

// Any two trees: after one run they are equal, and the second run moves nothing; nothing
// is lost where names fold.
func FuzzMirror(f *testing.F) {
	f.Add([]byte("\x01\x02\x03\x04\x05"), []byte("\x09\x11\x21"), false)
	f.Add([]byte("abcdefgh"), []byte("ABCDEFGH12345"), true)
	f.Add([]byte{0, 8, 16, 24, 32, 40}, []byte{1, 9, 17, 25, 33, 41, 250}, true)
	f.Fuzz(func(t *testing.T, a, b []byte, fold bool) {
		if len(a) > 64 || len(b) > 64 {
			t.Skip()
		}
		from, to := grow(t, a), grow(t, b)
		o := mirror.Options{Delete: true, Replace: true, MaxDelete: 1 << 20, MaxDeleteShare: 1, FoldCase: fold, ExactForm: !fold}
		source := tree(t, from)
		rep, err := apply(t, from, to, o)
		if len(source) == 0 {
			if rep.Changed() {
				t.Errorf("%+v", rep)
			}
			return
		}
		if !fold {
			if d := cmp.Diff(source, tree(t, to)); d != "" || err != nil {
				t.Errorf("%v %s", err, d)
			}
		}
		rep, err = apply(t, from, to, o)
		if rep.Changed() || !fold && err != nil {
			t.Errorf("the second run: %+v, %v", rep, err)
		}
	})
}

// grow makes a tree of bytes, each of which is a file or directory.
func grow(t *testing.T, seed []byte) vfs.FS {
	names := []string{"a", "A", "b", "caf\u00e9", "cafe\u0301", "s", "\u017f", "x y"}
	to := memfs.New()
	dir := vfs.Path{}
	for i, c := range seed {
		p, err := dir.Join(names[c&7])
		if err != nil {
			t.Fatal(err)
		}
		switch c >> 3 & 3 {
		case 0:
			if to.Mkdir(t.Context(), p) == nil {
				dir = p
			}
		case 1:
			dir = dir.Dir()
		default:
			if _, err := to.Stat(t.Context(), p); err != nil {
				write(t, to, p.String(), strings.Repeat("x", int(c>>5)))
				setTime(t, to, p.String(), day.AddDate(0, 0, i%2))
			}
		}
	}
	return to
}
