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
					if err := s.do(fileID{1, 1}, g.sync); errors.Is(err, failure) {
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
		go s.do(fileID{1, 2}, other.sync)
		synctest.Wait()
		if other.count.Load() != 1 {
			t.Error("another directory waits")
		}
		other.open <- nil
		g.open <- nil
		synctest.Wait()
		wantNow("the first is through", 2, 1)
		start(5)
		wantNow("5 more", 2, 1)
		g.open <- failure
		synctest.Wait()
		wantNow("the second has failed", 3, 21)
		g.open <- nil
		synctest.Wait()
		wantNow("the third", 3, 26)
		if failures.Load() != 20 {
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
