package osfs

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealane/sealane/vfs"
)

// An open folder is swept at least every hour, and a closed one no more.
func TestSweepWhileOpen(t *testing.T) {
	dir, real := t.TempDir(), time.Now()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		clock := func(s *settings) { s.now = func() time.Time { return real.Add(time.Since(begin)) } }
		f, err := Open(dir, noSync, clock, KeepFor(3*time.Hour))
		must(t, err)
		must(t, breakOff(t, f, "/f", vfs.Create{}, "x"))
		kept := func() int { return len(onDisk(t, filepath.Join(dir, hiddenName))) }
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if kept() != 1 {
			t.Error("after two hours it is gone")
		}
		time.Sleep(2*time.Hour + time.Minute)
		synctest.Wait()
		if kept() != 0 {
			t.Error("after four hours it is there")
		}
		must(t, f.Close())
	})
}
