package daemon

import (
	"errors"
	"path/filepath"
	"sync"
	"time"

	"github.com/sealane/sealane/vfs/layer"
	"github.com/sealane/sealane/vfs/osfs"
)

// folders is what trees of before and after a change of settings have in common: a
// folder that several accounts see is opened once, so that they know of each other's
// uploads, and what an account has stored is counted once.
type folders struct {
	mu       sync.Mutex
	open     map[string]*sharedFolder
	counters map[counted]*sharedCounter
}

type sharedFolder struct {
	fs    *osfs.FS
	users int // trees
}

// counted is what a quota counts: the folder of an account.
type counted struct{ account, dir string }

type sharedCounter struct {
	counter *layer.Counter
	users   int // trees
}

func newFolders() *folders {
	return &folders{open: map[string]*sharedFolder{}, counters: map[counted]*sharedCounter{}}
}

// take opens a folder, or finds it open; leave gives it back. Uploads that break off are kept as
// long as the last one who takes it says.
func (f *folders) take(real string, keep time.Duration) (*osfs.FS, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.open[real]
	if o == nil {
		opened, err := osfs.Open(real, osfs.KeepFor(keep))
		if err != nil {
			return nil, err
		}
		o = &sharedFolder{fs: opened}
		f.open[real] = o
	}
	o.fs.SetKeepFor(keep)
	o.users++
	return o.fs, nil
}

func (f *folders) leave(real string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.open[real]
	if o.users--; o.users > 0 {
		return nil
	}
	delete(f.open, real)
	return o.fs.Close()
}

// counter gives what counts for a quota, made by count if nobody counts yet; drop gives
// it back. Of two that come at the same time, one may count in vain.
func (f *folders) counter(of counted, count func() (layer.Usage, error)) (*layer.Counter, error) {
	if c := f.counting(of); c != nil {
		return c, nil
	}
	used, err := count()
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.counters[of] == nil {
		f.counters[of] = &sharedCounter{counter: layer.NewCounter(used)}
	}
	f.counters[of].users++
	return f.counters[of].counter, nil
}

func (f *folders) counting(of counted) *layer.Counter {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.counters[of]
	if c == nil {
		return nil
	}
	c.users++
	return c.counter
}

func (f *folders) drop(of counted) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c := f.counters[of]; c.users > 1 {
		c.users--
	} else {
		delete(f.counters, of)
	}
}

// taken is what one trees has of folders.
type taken struct {
	folders *folders

	mu       sync.Mutex // kept accounts open theirs while the server runs
	open     map[string]*osfs.FS
	counters []counted
}

func (t *taken) folder(dir string, keep time.Duration) (*osfs.FS, error) {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if f := t.open[real]; f != nil {
		return f, nil
	}
	f, err := t.folders.take(real, keep)
	if err != nil {
		return nil, err
	}
	if t.open == nil {
		t.open = map[string]*osfs.FS{}
	}
	t.open[real] = f
	return f, nil
}

func (t *taken) counter(of counted, count func() (layer.Usage, error)) (*layer.Counter, error) {
	c, err := t.folders.counter(of, count)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counters = append(t.counters, of)
	return c, nil
}

// Close gives all of it back.
func (t *taken) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var errs []error
	for real := range t.open {
		errs = append(errs, t.folders.leave(real))
	}
	for _, of := range t.counters {
		t.folders.drop(of)
	}
	t.open, t.counters = nil, nil
	return errors.Join(errs...)
}
