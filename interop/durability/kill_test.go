//go:build interop && linux

package durability

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// TestKill: the server is killed at random moments while 8 uploads of new and of
// old names run, and started again: every file is whole, every version that was
// acknowledged is there or a later one, and nothing is left behind that nobody can
// use (D-01, F-03).
func TestKill(t *testing.T) {
	s := newServer(t, t.TempDir())
	crew := crew(false)
	var total counts
	rounds := pick(25, 1000)
	s.start(t)
	for round := range rounds {
		killOnce(t, s, crew)
		s.start(t)
		c := auditAll(t, s, crew)
		c.add(useless(t, s))
		if round%10 == 9 {
			for _, w := range crew {
				w.forget(t, s.dir)
			}
		}
		total.add(c)
		if t.Failed() || total.bad() {
			rounds = round + 1
			break
		}
	}
	for _, w := range crew {
		total.add(w.counts)
	}
	t.Logf("D-01: %d kills, %v; %d files in the server's own folder", rounds, total, len(leftovers(t, s.dir)))
	total.report(t, rounds)
	s.stop(t)
}

// killOnce lets the crew work for a moment and kills the server.
func killOnce(t *testing.T, s *server, crew []*worker) {
	t.Helper()
	clients := connectAll(t, s, len(crew))
	var wg sync.WaitGroup
	for i, w := range crew {
		wg.Go(func() {
			defer clients[i].close()
			w.run(t, clients[i])
		})
	}
	time.Sleep(time.Duration(rand.Int64N(int64(300 * time.Millisecond))))
	s.kill()
	wg.Wait()
}
