package layer

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sealane/sealane/vfs"
)

// Usage is how much is stored, or may be.
type Usage struct {
	Bytes int64
	Files int64 // names: files, links and directories, without the root
}

func (u Usage) plus(v Usage) Usage { return Usage{u.Bytes + v.Bytes, u.Files + v.Files} }

func (u Usage) minus(v Usage) Usage { return Usage{u.Bytes - v.Bytes, u.Files - v.Files} }

// more is the part of u that is above zero.
func (u Usage) more() Usage { return Usage{max(0, u.Bytes), max(0, u.Files)} }

// Store keeps the usage of a budget. It is safe for use by many goroutines, and
// quick: it is asked at every Write of an upload.
type Store interface {
	// Add changes the usage by delta in one step. If a part of delta that is above
	// zero would lead over that part of limit, it changes nothing and returns
	// false; a limit of 0 is none. A store that cannot tell returns false.
	Add(delta, limit Usage) bool
	// Usage is what is used now.
	Usage() Usage
}

// Counter is a Store in memory.
type Counter struct {
	mu   sync.Mutex
	used Usage
}

// NewCounter makes a Counter that starts with what Count found.
func NewCounter(start Usage) *Counter { return &Counter{used: start} }

// Add implements Store.
func (c *Counter) Add(delta, limit Usage) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if over(c.used.Bytes, delta.Bytes, limit.Bytes) || over(c.used.Files, delta.Files, limit.Files) {
		return false
	}
	c.used = c.used.plus(delta)
	return true
}

// over is written so that no sum can overflow.
func over(used, delta, limit int64) bool {
	return delta > 0 && limit > 0 && delta > limit-used
}

// Usage implements Store.
func (c *Counter) Usage() Usage {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.used
}

// Count adds up what is in a tree; uploads that broke off cannot be seen by it,
// and are counted when somebody comes back to them. A link counts as a name
// without bytes, and what it leads to is counted where it is. It is for the start, before anybody changes the tree.
func Count(ctx context.Context, fsys vfs.FS) (Usage, error) {
	root, err := fsys.Stat(ctx, vfs.Path{})
	if err != nil {
		return Usage{}, err
	}
	c := counting{ctx: ctx, fs: fsys, seen: map[string]bool{root.Unique: true}}
	err = c.add(vfs.Path{})
	return c.sum, err
}

type counting struct {
	ctx  context.Context
	fs   vfs.FS
	sum  Usage
	seen map[string]bool // directories, by Unique: links may lead in circles
}

func (c *counting) add(dir vfs.Path) error {
	for e, err := range c.fs.List(c.ctx, dir, vfs.WantKind|vfs.WantInfo|vfs.WantUnique) {
		if err != nil {
			if errors.Is(err, vfs.ErrNotExist) && !dir.IsRoot() {
				return nil // it vanished
			}
			return err
		}
		c.sum = c.sum.plus(usage(e))
		if !e.IsDir() || e.Link {
			continue
		}
		p, err := dir.Join(e.Name)
		if err != nil || e.Unique != "" && c.seen[e.Unique] {
			continue // no path leads there, or it was counted
		}
		c.seen[e.Unique] = true
		if err := c.add(p); err != nil {
			return err
		}
	}
	return nil
}

// Budget is what several views of one or more storages may hold together. It is
// safe for use by many goroutines.
type Budget struct {
	*ledger
	limit atomic.Pointer[Usage]
}

// ledger is what is booked, and who is about to book.
type ledger struct {
	store Store

	// moves is held for reading while a name is looked at and then replaced, and for
	// writing while a directory moves or goes, so that both mean the same file.
	moves sync.RWMutex
	names nameLocks

	mu    sync.Mutex
	kept  map[keptUpload]int64 // bytes of uploads that broke off, as counted
	blind int                  // uploads that a move of their directory would lose
	busy  map[string]bool      // names with an upload that writes in place
}

// keptUpload is the place of an upload that broke off. Uploads belong to an
// account, hence the view.
type keptUpload struct {
	view string
	path vfs.Path
}

// NewBudget makes a budget whose usage is in store; a limit of 0 is none.
func NewBudget(store Store, limit Usage) *Budget {
	b := &Budget{ledger: &ledger{
		store: store,
		names: nameLocks{held: map[string]*nameLock{}},
		kept:  map[keptUpload]int64{},
		busy:  map[string]bool{},
	}}
	b.SetLimit(limit)
	return b
}

// With gives the same budget under another limit: what is stored by either counts for
// both, and a view of either knows of what the views of the other are doing.
func (b *Budget) With(limit Usage) *Budget {
	other := &Budget{ledger: b.ledger}
	other.SetLimit(limit)
	return other
}

// SetLimit changes the limit. What is there already stays, also if it is more.
func (b *Budget) SetLimit(limit Usage) { b.limit.Store(&limit) }

// Limit is the limit.
func (b *Budget) Limit() Usage { return *b.limit.Load() }

// Usage is what is used now: all names, the uploads in progress and those that
// broke off and are kept.
func (b *Budget) Usage() Usage { return b.store.Usage() }

// reserve books what is about to be stored.
func (b *Budget) reserve(u Usage) error {
	if u != (Usage{}) && !b.store.Add(u, b.Limit()) {
		return vfs.ErrQuota
	}
	return nil
}

// adjust books what has happened already.
func (b *Budget) adjust(delta Usage) {
	if delta != (Usage{}) {
		b.store.Add(delta, Usage{})
	}
}

// nameLocks is a lock for each name that somebody uses right now.
type nameLocks struct {
	mu   sync.Mutex
	held map[string]*nameLock
}

type nameLock struct {
	mu    sync.Mutex
	users int
}

// lock takes the locks of all names, always in the same order.
func (l *nameLocks) lock(names ...string) (unlock func()) {
	slices.Sort(names)
	names = slices.Compact(names)
	locks := make([]*nameLock, len(names))
	l.mu.Lock()
	for i, name := range names {
		n := l.held[name]
		if n == nil {
			n = &nameLock{}
			l.held[name] = n
		}
		n.users++
		locks[i] = n
	}
	l.mu.Unlock()
	for _, n := range locks {
		n.mu.Lock()
	}
	return func() { l.unlock(names, locks) }
}

// tryLock takes the lock of a name if nobody has it or waits for it.
func (l *nameLocks) tryLock(name string) (unlock func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[name] != nil {
		return nil, false
	}
	n := &nameLock{users: 1}
	n.mu.Lock()
	l.held[name] = n
	return func() { l.unlock([]string{name}, []*nameLock{n}) }, true
}

func (l *nameLocks) unlock(names []string, locks []*nameLock) {
	for _, n := range locks {
		n.mu.Unlock()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, n := range locks {
		if n.users--; n.users == 0 {
			delete(l.held, names[i])
		}
	}
}

// nameKey names the entry base of the directory whose Entry is dir. It is the same
// for every path to it, through links and in whatever case; that some other names
// share it does no harm. Such keys are before those of kept uploads in the order of
// locking.
func nameKey(dir vfs.Entry, base string) string {
	for i := range len(base) {
		if base[i] >= 0x80 {
			base = ""
			break
		}
	}
	return "a" + dir.Unique + "/" + strings.ToLower(base)
}
