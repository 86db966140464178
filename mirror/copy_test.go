package mirror_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealane/sealane/mirror"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/osfs"
)

// cut is a file that breaks off after some bytes.
type cut struct {
	vfs.File
	left int
	then func() error
}

func (c *cut) Read(b []byte) (int, error) {
	if c.left == 0 {
		return 0, c.then()
	}
	n, err := c.File.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}

var errCut = errors.New("cut")

// big is more than what is begun anew in any case.
var big = strings.Repeat("0123456789abcdef", 75_000)

// D-09: what broke off in the middle of a large file is gone on with, in a folder and in
// memory, and proven to be of that file; what is of another one is not used.
func TestResume_D09(t *testing.T) {
	const cutAt = 1_120_000
	tests := map[string]struct {
		before func(t *testing.T, from vfs.FS) // between the runs
		hash   error
		moved  int
		again  bool // from the beginning
	}{
		"goes on":         {moved: len(big) - cutAt},
		"goes on by tail": {hash: vfs.ErrUnsupported, moved: len(big) - cutAt},
		"newer source": {before: func(t *testing.T, from vfs.FS) {
			setTime(t, from, "f", time.Now().Add(time.Hour))
		}, moved: len(big)},
		"another of the same age": {before: func(t *testing.T, from vfs.FS) {
			write(t, from, "f", "X"+big[1:])
			setTime(t, from, "f", day)
		}, moved: 2*len(big) - cutAt, again: true},
		"a smaller one": {before: func(t *testing.T, from vfs.FS) {
			write(t, from, "f", big[:1_060_000])
			setTime(t, from, "f", day)
		}, moved: 1_060_000},
	}
	for name, test := range tests {
		for kind, open := range targets(t) {
			t.Run(name+" "+kind, func(t *testing.T) {
				inside, to := memfs.From(map[string]string{"f": big}), open()
				setTime(t, inside, "f", day)
				from := &fake{FS: inside, open: func(_ vfs.Path, f vfs.File) vfs.File {
					return &cut{f, cutAt, func() error { return errCut }}
				}}
				if _, err := apply(t, from, to, mirror.Options{}); !errors.Is(err, errCut) {
					t.Fatal(err)
				}
				if test.before != nil {
					test.before(t, inside)
				}
				offsets := 0
				o := mirror.Options{Begin: func(_ mirror.Step, offset int64) {
					if offset > 0 {
						offsets++
					}
				}}
				again := &fake{FS: inside, hash: func(vfs.Path) error { return test.hash }}
				rep, err := apply(t, again, to, o)
				if err != nil || rep.Bytes != int64(test.moved) {
					t.Errorf("%d bytes, want %d: %v", rep.Bytes, test.moved, err)
				}
				if resumed := test.moved != len(big) && test.before == nil || test.again; (offsets > 0) != resumed {
					t.Errorf("went on %d times", offsets)
				}
				if !sameTree(t, inside, to) {
					t.Error("the copy differs")
				}
				if rep, err := apply(t, inside, to, mirror.Options{}); err != nil || rep.Changed() {
					t.Errorf("a further run: %+v, %v", rep, err)
				}
			})
		}
	}
}

// targets are trees that keep what breaks off: a folder, memory, and one that writes in
// place, as servers do.
func targets(t *testing.T) map[string]func() vfs.FS {
	return map[string]func() vfs.FS{
		"memfs": func() vfs.FS { return memfs.New() },
		"osfs":  func() vfs.FS { return folder(t, osfs.Policy{Durability: vfs.DurableProcess}) },
		"direct": func() vfs.FS {
			return folder(t, osfs.Policy{Durability: vfs.DurableProcess, Direct: true})
		},
	}
}

func folder(t *testing.T, p osfs.Policy) vfs.FS {
	t.Helper()
	f, err := osfs.Open(t.TempDir(), osfs.With(p))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func sameTree(t *testing.T, a, b vfs.FS) bool {
	x, y := tree(t, a), tree(t, b)
	if len(x) != len(y) {
		return false
	}
	for name, content := range x {
		if y[name] != content {
			return false
		}
	}
	return true
}

// A run that is interrupted ends soon and says so; the next one goes on.
func TestInterrupted_D09(t *testing.T) {
	for kind, open := range targets(t) {
		inside, to := memfs.From(map[string]string{"a": "1", "f": big, "g/h": "2"}), open()
		for _, name := range []string{"a", "f", "g/h"} {
			setTime(t, inside, name, day)
		}
		ctx, cancel := context.WithCancel(t.Context())
		from := &fake{FS: inside, open: func(p vfs.Path, f vfs.File) vfs.File {
			if p.Base() != "f" {
				return f
			}
			return &cut{f, 1_120_000, func() error { cancel(); return ctx.Err() }}
		}}
		write(t, to, "old", "o")
		o := mirror.Options{Delete: true}
		rep, err := mirror.Apply(ctx, from, to, mirror.Plan(ctx, from, to, o), o)
		if !errors.Is(err, context.Canceled) || rep.Deleted != 0 {
			t.Errorf("%s: %+v, %v", kind, rep, err)
		}
		rep, err = apply(t, inside, to, o)
		if want := int64(len(big) - 1_120_000); err != nil || rep.Bytes < want || rep.Bytes > want+2 {
			t.Errorf("%s: %d bytes, want %d: %v", kind, rep.Bytes, want, err)
		}
		if !sameTree(t, inside, to) {
			t.Errorf("%s: %q", kind, keys(tree(t, to)))
		}
	}
}

// A failure that may be temporary is tried again, within the file.
func TestRetry(t *testing.T) {
	inside, to := memfs.From(map[string]string{"f": big}), memfs.New()
	setTime(t, inside, "f", day)
	opened := 0
	from := &fake{FS: inside, open: func(_ vfs.Path, f vfs.File) vfs.File {
		if opened++; opened > 1 {
			return f
		}
		return &cut{f, 1_120_000, func() error { return errCut }}
	}}
	o := mirror.Options{Retry: func(ctx context.Context, do func() error) error {
		err := do()
		if errors.Is(err, errCut) {
			err = do()
		}
		return err
	}}
	rep, err := apply(t, from, to, o)
	if err != nil || rep.Copied != 1 || rep.Bytes != int64(len(big)) || opened != 2 {
		t.Errorf("%+v, %v, opened %d times", rep, err, opened)
	}
	if !sameTree(t, inside, to) {
		t.Error("the copy differs")
	}
}

// A file that is shorter than it was said to be is not a copy (C-26: no data loss).
func TestShortSource(t *testing.T) {
	from := &fake{FS: memfs.From(map[string]string{"f": "content"}), open: func(_ vfs.Path, f vfs.File) vfs.File {
		return &cut{f, 3, func() error { return io.EOF }}
	}}
	to := memfs.From(map[string]string{"f": "old"})
	if _, err := apply(t, from, to, mirror.Options{}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if got := tree(t, to)["f"]; got != "old" {
		t.Errorf("%q", got)
	}
}

// A large file does not hold up small ones.
func TestParallel(t *testing.T) {
	small := map[string]string{"1": "a", "2": "b", "3": "c"}
	all := map[string]string{"0 large": strings.Repeat("x", 9<<20), "0 larger": strings.Repeat("y", 9<<20)}
	for name, content := range small {
		all[name] = content
	}
	release := make(chan struct{})
	from := &fake{FS: memfs.From(all), open: func(p vfs.Path, f vfs.File) vfs.File {
		if p.Base()[0] == '0' {
			return &cut{f, 1, func() error { <-release; return io.EOF }}
		}
		return f
	}}
	var mu sync.Mutex
	done := 0
	o := mirror.Options{Parallel: 2, Progress: func(s mirror.Step, err error) {
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			if done++; done == len(small) {
				close(release)
			}
		}
	}}
	rep, _ := apply(t, from, memfs.New(), o)
	if rep.Copied != len(small) || rep.Failed != 2 {
		t.Errorf("%+v", rep)
	}
}

// All files together keep to the bound.
func TestBytesPerSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := memfs.From(map[string]string{"a": strings.Repeat("x", 300_000), "b": strings.Repeat("y", 300_000)})
		start := time.Now()
		moved := 0
		var mu sync.Mutex
		o := mirror.Options{Parallel: 2, BytesPerSecond: 100_000, Moved: func(_ mirror.Step, n int64) {
			mu.Lock()
			defer mu.Unlock()
			moved += int(n)
		}}
		rep, err := apply(t, from, memfs.New(), o)
		if err != nil || rep.Bytes != 600_000 || moved != 600_000 {
			t.Errorf("%+v, %v, %d", rep, err, moved)
		}
		if took := time.Since(start); took < 5*time.Second || took > 7*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// The plan of a dry run is what the run then does.
func TestDryRun(t *testing.T) {
	from, to := memfs.From(files), memfs.From(map[string]string{"a/x": "older", "old/o": "o"})
	o := mirror.Options{Delete: true, DryRun: true}
	dry, err := apply(t, from, to, o)
	if err != nil || len(tree(t, to)) != 4 {
		t.Fatal(err, tree(t, to))
	}
	o.DryRun = false
	rep, err := apply(t, from, to, o)
	if err != nil || rep.Copied != dry.Copied || rep.Updated != dry.Updated || rep.Made != dry.Made || rep.Deleted != dry.Deleted || rep.Bytes != dry.Bytes {
		t.Errorf("%+v\n%+v\n%v", dry, rep, err)
	}
}

// Nothing of a file is read when it is not needed.
func TestSkipCostsNothing(t *testing.T) {
	from, to := memfs.From(files), memfs.New()
	if _, err := apply(t, from, to, mirror.Options{}); err != nil {
		t.Fatal(err)
	}
	touched := &fake{FS: from, open: func(p vfs.Path, f vfs.File) vfs.File { t.Error(p); return f }, stat: func(p vfs.Path) (vfs.Entry, error) {
		t.Error(p)
		return vfs.Entry{}, errCut
	}}
	if rep, err := apply(t, touched, to, mirror.Options{Delete: true}); err != nil || rep.Equal != 3 {
		t.Errorf("%+v, %v", rep, err)
	}
}

// untimed sets no times but those of uploads.
type untimed struct {
	vfs.FS
	t *testing.T
}

func (f untimed) SetAttr(_ context.Context, p vfs.Path, a vfs.Attr) error {
	f.t.Errorf("SetAttr(%s, %+v)", p, a)
	return nil
}

// Where a time goes with the upload, it is not set again.
func TestTimeWithUpload(t *testing.T) {
	from, to := memfs.From(files), memfs.New()
	for name := range files {
		if !strings.HasSuffix(name, "/") {
			setTime(t, from, name, day)
		}
	}
	if rep, err := apply(t, from, untimed{to, t}, mirror.Options{}); err != nil || rep.Copied != 3 {
		t.Errorf("%+v, %v", rep, err)
	}
	if rep, err := apply(t, from, to, mirror.Options{}); err != nil || rep.Equal != 3 {
		t.Errorf("again: %+v, %v", rep, err)
	}
}
