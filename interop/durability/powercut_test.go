//go:build interop && linux

package durability

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestPowerCut: the power fails at random moments while 8 clients upload new and
// old names, make and delete folders, delete and rename files: after it, all that
// was acknowledged is done, and what was not is either done or not, and whole
// (D-02, D-07).
func TestPowerCut(t *testing.T) {
	for _, kind := range []string{"ext4", "xfs", "btrfs"} {
		t.Run(kind, func(t *testing.T) {
			i := newImage(t, kind)
			if kind == "btrfs" {
				probe(t, i)
			}
			rounds, total := powerCuts(t, i, newServer(t, i.served(t)), pick(12, 200))
			t.Logf("D-02, D-07: %s: %d power cuts, %v", kind, rounds, total)
			total.report(t, rounds)
		})
	}
}

// TestPowerCutBites: the same server with an fsync that does nothing loses files
// that it has acknowledged, and it shows. So the power cuts are real ones.
func TestPowerCutBites(t *testing.T) {
	for _, kind := range []string{"ext4", "xfs"} {
		t.Run(kind, func(t *testing.T) {
			needStrace(t)
			i := newImage(t, kind)
			s := newServer(t, i.served(t))
			syncs := "fsync,fdatasync"
			s.within = []string{"strace", "-D", "-f", "-o", "/dev/null", "-e", "trace=" + syncs, "-e", "inject=" + syncs + ":retval=0"}
			rounds, total := powerCuts(t, i, s, 20)
			t.Logf("D-02: %s without fsync: %d power cuts, %v", kind, rounds, total)
			if !total.bad() {
				t.Error("nothing was lost, although nothing was synced")
			}
		})
	}
}

// powerCuts makes so many power cuts, or fewer if one shows a breach, and counts.
func powerCuts(t *testing.T, i *image, s *server, most int) (rounds int, total counts) {
	t.Helper()
	crew := crew(true)
	for rounds < most && !total.bad() && !t.Failed() {
		rounds++
		cutOnce(t, s, i, crew)
		if t.Failed() {
			break
		}
		s.start(t)
		total.add(auditAll(t, s, crew))
		total.add(useless(t, s))
		s.kill()
		if rounds%10 == 0 {
			for _, w := range crew {
				w.forget(t, s.dir)
			}
			syscall.Sync()
		}
	}
	for _, w := range crew {
		total.add(w.counts)
	}
	return rounds, total
}

// served makes the folder to serve.
func (i *image) served(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(i.dir, "served")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	syscall.Sync()
	return dir
}

// cutOnce lets the crew work for a moment, cuts the power, and gives it back.
func cutOnce(t *testing.T, s *server, i *image, crew []*worker) {
	t.Helper()
	s.start(t)
	clients := connectAll(t, s, len(crew))
	power := i.power(t)
	var off atomic.Bool
	var wg sync.WaitGroup
	for n, w := range crew {
		w.off, w.early = &off, i.kind == "xfs"
		wg.Go(func() {
			defer clients[n].close()
			w.run(t, clients[n])
		})
	}
	time.Sleep(time.Duration(rand.Int64N(int64(400 * time.Millisecond))))
	off.Store(true)
	if err := power.off(); err != nil {
		t.Errorf("the power cannot be cut: %v", err)
	}
	wg.Wait() // the first command that the disk fails ends a worker
	s.kill()
	unmount(t, i.dir)
	if err := i.mount(); err != nil {
		t.Errorf("after the power cut: %v", err)
	}
}

// probe skips the test where a file system has no switch.
func probe(t *testing.T, i *image) {
	t.Helper()
	err := i.power(t).off()
	if errors.Is(err, syscall.ENOTTY) || errors.Is(err, syscall.EOPNOTSUPP) {
		t.Skipf("the %s of this kernel cannot be shut down", i.kind)
	}
	if err != nil {
		t.Fatal(err)
	}
	unmount(t, i.dir)
	if err := i.mount(); err != nil {
		t.Fatal(err)
	}
}
