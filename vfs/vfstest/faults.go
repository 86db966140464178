package vfstest

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"

	"github.com/sealane/sealane/vfs"
)

// Faults makes one call fail of all that are made to the FS it is put around, and
// to the files and uploads of that. It also knows what was opened and not ended.
//
// Calls are those of all methods that return an error, and each entry of a List.
// One that fails does nothing, with these exceptions: what ends a File or an
// Upload ends it all the same, a Commit by giving the upload up; and a Read or
// Write may be short.
type Faults struct {
	fault Fault
	at    int

	mu    sync.Mutex
	calls int
	begun int
	hit   string
	open  map[int]string
}

// Fault says how a call fails.
type Fault struct {
	Err   error
	Short bool // a Read or Write moves half of its bytes before it fails
}

// NewFaults makes the call fail that is number n, counted from 0.
func NewFaults(n int, fault Fault) *Faults {
	return &Faults{fault: fault, at: n, open: map[int]string{}}
}

// EachFault calls run with the first call that is made failing, then with the
// second one, and so on until there was no call that could fail. What run leaves
// open fails the test.
func EachFault(t *testing.T, fault Fault, run func(t *testing.T, f *Faults)) {
	const tooMany = 10_000
	for n, ended := 0, false; !ended; n++ {
		if n == tooMany {
			t.Fatalf("still calls after %d faults", tooMany)
		}
		t.Run(fmt.Sprint("call", n), func(t *testing.T) {
			f := NewFaults(n, fault)
			run(t, f)
			ended = f.Hit() == ""
			if left := f.Open(); len(left) > 0 {
				t.Errorf("%s failed, and left open are %q", f.Hit(), left)
			}
		})
	}
}

// Hit says which call failed; "" as long as none has.
func (f *Faults) Hit() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.hit
}

// Open lists the files and uploads that were opened and not ended.
func (f *Faults) Open() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var names []string
	for _, name := range f.open {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// call counts a call and gives its error if it is the one that fails.
func (f *Faults) call(what string, p vfs.Path) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.calls
	f.calls++
	if n != f.at {
		return nil
	}
	f.hit = what + " " + p.String()
	return fmt.Errorf("%s: made to fail: %w", f.hit, f.fault.Err)
}

// begin notes something as open, and end as ended.
func (f *Faults) begin(what string, p vfs.Path) (id int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id = f.begun
	f.begun++
	f.open[id] = what + " " + p.String()
	return id
}

func (f *Faults) end(id int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.open, id)
}

// Around puts f around a tree. It may be put around several.
func (f *Faults) Around(inner vfs.FS) vfs.FS { return &faulty{inner, f} }

// faulty is a tree with faults.
type faulty struct {
	inner vfs.FS
	f     *Faults
}

func (y *faulty) Caps() vfs.Caps { return y.inner.Caps() }

func (y *faulty) Stat(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	if err := y.f.call("Stat", p); err != nil {
		return vfs.Entry{}, err
	}
	return y.inner.Stat(ctx, p)
}

func (y *faulty) List(ctx context.Context, p vfs.Path, want vfs.Fields) iter.Seq2[vfs.Entry, error] {
	return func(yield func(vfs.Entry, error) bool) {
		if err := y.f.call("List", p); err != nil {
			yield(vfs.Entry{}, err)
			return
		}
		for e, err := range y.inner.List(ctx, p, want) {
			if err == nil {
				err = y.f.call("entry of List", p)
			}
			if err != nil {
				yield(vfs.Entry{}, err)
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (y *faulty) Open(ctx context.Context, p vfs.Path) (vfs.File, error) {
	if err := y.f.call("Open", p); err != nil {
		return nil, err
	}
	file, err := y.inner.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	return &faultyFile{file, y.f, p, y.f.begin("file", p)}, nil
}

func (y *faulty) Create(ctx context.Context, p vfs.Path, how vfs.Create) (vfs.Upload, error) {
	if err := y.f.call("Create", p); err != nil {
		return nil, err
	}
	up, err := y.inner.Create(ctx, p, how)
	if err != nil {
		return nil, err
	}
	return &faultyUpload{up, y.f, p, y.f.begin("upload", p)}, nil
}

func (y *faulty) Unfinished(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	if err := y.f.call("Unfinished", p); err != nil {
		return vfs.Entry{}, err
	}
	return y.inner.Unfinished(ctx, p)
}

func (y *faulty) Mkdir(ctx context.Context, p vfs.Path) error {
	if err := y.f.call("Mkdir", p); err != nil {
		return err
	}
	return y.inner.Mkdir(ctx, p)
}

func (y *faulty) Symlink(ctx context.Context, target, p vfs.Path) error {
	if err := y.f.call("Symlink", p); err != nil {
		return err
	}
	return y.inner.Symlink(ctx, target, p)
}

func (y *faulty) Remove(ctx context.Context, p vfs.Path) error {
	if err := y.f.call("Remove", p); err != nil {
		return err
	}
	return y.inner.Remove(ctx, p)
}

func (y *faulty) Rmdir(ctx context.Context, p vfs.Path) error {
	if err := y.f.call("Rmdir", p); err != nil {
		return err
	}
	return y.inner.Rmdir(ctx, p)
}

func (y *faulty) Rename(ctx context.Context, from, to vfs.Path, how vfs.Rename) error {
	if err := y.f.call("Rename", from); err != nil {
		return err
	}
	return y.inner.Rename(ctx, from, to, how)
}

func (y *faulty) SetAttr(ctx context.Context, p vfs.Path, a vfs.Attr) error {
	if err := y.f.call("SetAttr", p); err != nil {
		return err
	}
	return y.inner.SetAttr(ctx, p, a)
}

func (y *faulty) Hash(ctx context.Context, p vfs.Path, h vfs.Hash, from, to int64) ([]byte, error) {
	if err := y.f.call("Hash", p); err != nil {
		return nil, err
	}
	return y.inner.Hash(ctx, p, h, from, to)
}

func (y *faulty) Space(ctx context.Context, p vfs.Path) (vfs.Space, error) {
	if err := y.f.call("Space", p); err != nil {
		return vfs.Space{}, err
	}
	return y.inner.Space(ctx, p)
}

// Close closes the inner tree, also if it fails.
func (y *faulty) Close() error {
	err := y.f.call("Close", vfs.Path{})
	if cerr := y.inner.Close(); err == nil {
		err = cerr
	}
	return err
}
