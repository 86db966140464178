package osfs

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/sealane/sealane/vfs"
)

// gate lets syncs wait until they are let through, and counts them.
type gate struct {
	count atomic.Int32
	open  chan error
}

func (g *gate) sync() error {
	g.count.Add(1)
	return <-g.open
}

// Who comes while a sync runs waits for the next, which all of them share; those
// of other directories do not wait.
func TestSyncsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s syncs
		g, other := &gate{open: make(chan error)}, &gate{open: make(chan error)}
		var ended atomic.Int32
		failure := errors.New("the disk fails")
		var failures atomic.Int32
		start := func(n int) {
			for range n {
				go func() {
					c := s.begin(fileID{1, 1}, g.sync)
					defer c.end()
					if err := c.sync(); errors.Is(err, failure) {
						failures.Add(1)
					}
					ended.Add(1)
				}()
			}
			synctest.Wait()
		}
		wantNow := func(when string, syncs, end int32) {
			t.Helper()
			if g.count.Load() != syncs || ended.Load() != end {
				t.Errorf("%s: %d syncs, %d done; want %d, %d", when, g.count.Load(), ended.Load(), syncs, end)
			}
		}
		start(1)
		wantNow("one", 1, 0)
		start(20)
		wantNow("20 more while it runs", 1, 0)
		go func() {
			c := s.begin(fileID{1, 2}, other.sync)
			defer c.end()
			c.sync()
		}()
		synctest.Wait()
		if other.count.Load() != 1 {
			t.Error("another directory waits")
		}
		other.open <- nil
		g.open <- nil
		synctest.Wait()
		wantNow("the first is through", 2, 1)
		late := s.begin(fileID{1, 1}, g.sync) // its change is made, and its sync not asked for yet
		start(5)
		wantNow("5 more", 2, 1)
		g.open <- failure
		synctest.Wait()
		wantNow("the second has failed", 2, 26)
		if failures.Load() != 25 {
			t.Errorf("%d were told of the failure", failures.Load())
		}
		start(1)
		wantNow("a change that began after it", 3, 26)
		if err := late.sync(); !errors.Is(err, failure) {
			t.Errorf("a change that began before it: %v", err)
		}
		late.end()
		start(2)
		wantNow("two that wait", 3, 26)
		g.open <- nil
		synctest.Wait()
		wantNow("the third is through", 4, 27)
		g.open <- nil
		synctest.Wait()
		wantNow("and the fourth", 4, 29)
		if failures.Load() != 25 {
			t.Errorf("%d were told of the failure", failures.Load())
		}
		if len(s.dirs) != 0 {
			t.Errorf("%d directories are remembered", len(s.dirs))
		}
	})
}

// Commits into one directory at the same time share its syncs: those that come
// while the first one's runs, together need one more.
func TestGroupCommit(t *testing.T) {
	const uploads = 16
	tree := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan error)}
		f, err := Open(tree, func(s *settings) {
			s.calls.fsync = flush
			s.calls.syncDir = func(*dir) error { return g.sync() }
		})
		must(t, err)
		defer f.Close()
		var ended atomic.Int32
		upload := func(i int) {
			if err := put(t, f, fmt.Sprint("/", i), vfs.Create{}, "x"); err != nil {
				t.Error(err)
			}
			ended.Add(1)
		}
		go upload(0)
		synctest.Wait()
		for i := 1; i < uploads; i++ {
			go upload(i)
		}
		synctest.Wait()
		if n, e := g.count.Load(), ended.Load(); n != 1 || e != 0 {
			t.Errorf("while the first sync runs: %d syncs, %d uploads done", n, e)
		}
		g.open <- nil
		synctest.Wait()
		if n, e := g.count.Load(), ended.Load(); n != 2 || e != 1 {
			t.Errorf("after the first sync: %d syncs, %d uploads done", n, e)
		}
		g.open <- nil
		synctest.Wait()
		if n, e := g.count.Load(), ended.Load(); n != 2 || e != uploads {
			t.Errorf("after the second sync: %d syncs, %d uploads done", n, e)
		}
	})
}

// D-04, F-07: the disk forgets an error with the first report of it. So when the
// sync of a directory fails, the uploads that wait for the next one are refused as
// well: that would succeed, and they might be gone all the same.
func TestGroupCommitFails(t *testing.T) {
	const uploads = 8
	tree := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan error)}
		f, err := Open(tree, func(s *settings) {
			s.calls.fsync = flush
			s.calls.syncDir = func(*dir) error { return g.sync() }
		})
		must(t, err)
		defer f.Close()
		failure := errors.New("the disk fails")
		var refused atomic.Int32
		upload := func(i int) {
			if err := put(t, f, fmt.Sprint("/", i), vfs.Create{}, "x"); errors.Is(err, failure) {
				refused.Add(1)
			}
		}
		for i := range uploads {
			go upload(i)
			synctest.Wait()
		}
		g.open <- failure
		synctest.Wait()
		if n, r := g.count.Load(), refused.Load(); n != 1 || r != uploads {
			t.Errorf("%d syncs, %d uploads of %d refused", n, r, uploads)
		}
		go upload(uploads)
		synctest.Wait()
		g.open <- nil
		synctest.Wait()
		if n, r := g.count.Load(), refused.Load(); n != 2 || r != uploads {
			t.Errorf("a later upload: %d syncs, %d refused", n, r)
		}
	})
}

// No sync is asked of a descriptor that has seen one fail: it would report success
// once it has reported the error.
func TestSyncOnFreshDescriptor(t *testing.T) {
	failed := map[*dir]bool{}
	var failure error
	f := mustOpen(t, t.TempDir(), noSync, func(s *settings) {
		s.calls.syncDir = func(d *dir) error {
			if failed[d] {
				t.Error("a sync on a descriptor that has seen an error")
			}
			failed[d] = failure != nil
			return failure
		}
	})
	for _, failure = range []error{errors.New("the disk fails"), nil} {
		for name, err := range map[string]error{
			"keep":   breakOff(t, f, "/broken", vfs.Create{}, "x"),
			"commit": put(t, f, "/f", vfs.Create{}, "x"),
		} {
			if !errors.Is(err, failure) {
				t.Errorf("%s: %v, want %v", name, err, failure)
			}
		}
	}
	if n := unfinishedSize(t, f, "/broken"); n != 1 {
		t.Errorf("kept after all: %d bytes", n)
	}
}
