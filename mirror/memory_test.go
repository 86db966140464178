package mirror_test

import (
	"errors"
	"fmt"
	"iter"
	"runtime"
	"testing"

	"github.com/sealane/sealane/mirror"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
)

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// 100,000 files, in one directory and in many, on both sides: a mirror needs less than
// 64 MB, of which the rest of the program has half.
func TestMemory_100000(t *testing.T) {
	const bound = 32 << 20
	for name, g := range map[string]generated{
		"one directory": {files: 100_000},
		"many":          {dirs: 1000, files: 100},
		"nothing but":   {dirs: 100_000},
	} {
		t.Run(name, func(t *testing.T) {
			g.FS = memfs.New()
			before, most, count := heap(), uint64(0), 0
			look := func() {
				if now := heap(); now > before {
					most = max(most, now-before)
				}
			}
			o := mirror.Options{Delete: true, Progress: func(s mirror.Step, err error) {
				if err != nil {
					t.Fatal(err)
				}
				if count++; count%20_000 == 1 {
					look()
				}
			}}
			rep, err := mirror.Apply(t.Context(), g, g, mirror.Plan(t.Context(), g, g, o), o)
			look()
			if want := max(g.dirs, 1) * g.files; err != nil || rep.Equal != want || rep.Changed() {
				t.Fatalf("%+v, %v", rep, err)
			}
			if most > bound {
				t.Errorf("%d bytes were held", most)
			}
		})
	}
}

// C-14: endless listings and trees end with an error, and what is held stays bounded.
func TestEndless_C14(t *testing.T) {
	endless := func(kind vfs.Kind, perDir, width int) vfs.FS {
		return &fake{FS: memfs.New(), list: func(vfs.Path) iter.Seq2[vfs.Entry, error] {
			return func(yield func(vfs.Entry, error) bool) {
				for i := 0; perDir == 0 || i < perDir; i++ {
					if !yield(vfs.Entry{Name: fmt.Sprintf("%0*d", width, i), Kind: kind}, nil) {
						return
					}
				}
			}
		}}
	}
	for name, test := range map[string]struct {
		from vfs.FS
		o    mirror.Options
	}{
		"files":         {endless(vfs.KindFile, 0, 200), mirror.Options{}},
		"deep":          {endless(vfs.KindDir, 1, 9), mirror.Options{}},
		"wide and deep": {endless(vfs.KindDir, 2000, 200), mirror.Options{MaxMemory: 2 << 20}},
	} {
		t.Run(name, func(t *testing.T) {
			before := heap()
			to := memfs.New()
			for s, err := range mirror.Plan(t.Context(), test.from, to, test.o) {
				if err == nil {
					continue
				}
				if !errors.Is(err, mirror.ErrLimit) {
					t.Errorf("%v: %v", s, err)
				}
				bound := uint64(2 * mirror.DefaultMaxMemory)
				if test.o.MaxMemory > 0 {
					bound = 4 * uint64(test.o.MaxMemory)
				}
				if now := heap(); now > before+bound {
					t.Errorf("%d bytes are held", now-before)
				}
				return
			}
			t.Error("no limit")
		})
	}
	_, err := apply(t, memfs.From(files), memfs.New(), mirror.Options{MaxEntries: 1})
	if !errors.Is(err, mirror.ErrLimit) {
		t.Error(err)
	}
}

// C-14: a directory that its own unique fact shows to be above is not entered.
func TestLoop_C14(t *testing.T) {
	from := &fake{FS: memfs.New(), list: func(p vfs.Path) iter.Seq2[vfs.Entry, error] {
		return func(yield func(vfs.Entry, error) bool) {
			yield(vfs.Entry{Name: "again", Kind: vfs.KindDir, Unique: "8g1"}, nil)
		}
	}}
	to := memfs.New()
	rep, err := apply(t, from, to, mirror.Options{})
	if !errors.Is(err, mirror.ErrLoop) || rep.Made != 1 {
		t.Errorf("%+v, %v", rep, err)
	}
}
