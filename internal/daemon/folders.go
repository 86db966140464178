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
	mu      sync.Mutex
	open    map[string]*sharedFolder
	budgets map[counted]*sharedBudget
}

type sharedFolder struct {
	fs    *osfs.FS
	users int // trees
}

// counted is what a quota counts: the folder of an account.
type counted struct{ account, dir string }

type sharedBudget struct {
	budget *layer.Budget
	users  int // trees
}

func newFolders() *folders {
	return &folders{open: map[string]*sharedFolder{}, budgets: map[counted]*sharedBudget{}}
}

// take opens a folder, or finds it open; leave gives it back.
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

// budget gives what counts for a quota, made by count if nobody counts yet; drop gives
// it back. Of two that come at the same time, one may count in vain. One budget for all
// is more than one count: an upload that broke off before a change of settings is known
// to who continues it after that.
func (f *folders) budget(of counted, limit layer.Usage, count func() (layer.Usage, error)) (*layer.Budget, error) {
	if b := f.counting(of); b != nil {
		return b.With(limit), nil
	}
	used, err := count()
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.budgets[of] == nil {
		f.budgets[of] = &sharedBudget{budget: layer.NewBudget(layer.NewCounter(used), limit)}
	}
	f.budgets[of].users++
	return f.budgets[of].budget.With(limit), nil
}

func (f *folders) counting(of counted) *layer.Budget {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.budgets[of]
	if b == nil {
		return nil
	}
	b.users++
	return b.budget
}

func (f *folders) drop(of counted) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if b := f.budgets[of]; b.users > 1 {
		b.users--
	} else {
		delete(f.budgets, of)
	}
}

// taken is what one trees has of folders.
type taken struct {
	folders *folders

	mu      sync.Mutex // kept accounts open theirs while the server runs
	open    map[string]*osfs.FS
	budgets []counted
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

// budget gives what counts for the quota of an account in a folder.
func (t *taken) budget(account, dir string, limit layer.Usage, count func() (layer.Usage, error)) (*layer.Budget, error) {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	of := counted{account, real}
	b, err := t.folders.budget(of, limit, count)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.budgets = append(t.budgets, of)
	return b, nil
}

// keepFor says how long uploads that break off are kept in all of the folders.
func (t *taken) keepFor(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.open {
		f.SetKeepFor(d)
	}
}

// Close gives all of it back.
func (t *taken) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var errs []error
	for real := range t.open {
		errs = append(errs, t.folders.leave(real))
	}
	for _, of := range t.budgets {
		t.folders.drop(of)
	}
	t.open, t.budgets = nil, nil
	return errors.Join(errs...)
}
