package daemon

import (
	"testing"
	"testing/synctest"
	"time"
)

// F-14: the garbage that may gather is some MiB, and for many sessions a part of
// what is live.
func TestGCPercent(t *testing.T) {
	const mib = 1 << 20
	for _, test := range []struct {
		name        string
		live, roots uint64
		slack       uint64
	}{
		{"nothing live", 0, 0, leastSlack},
		{"a small server", 2 * mib, mib / 2, leastSlack},
		{"the end of the least", leastSlack * 100 / slackPercent, 0, leastSlack},
		{"10,000 sessions", 100 * mib, 8 * mib, 25 * mib},
		{"a huge heap", 1 << 50, 1 << 40, 1 << 48},
	} {
		// What the runtime makes of it.
		slack := float64(test.live+test.roots) * float64(gcPercent(test.live, test.roots)) / 100
		if want := float64(test.slack); test.live > 0 && (slack > want*1.01 || slack < want*0.9) {
			t.Errorf("%s: slack of %.0f bytes, want %.0f", test.name, slack, want)
		}
		if gcPercent(test.live, test.roots) < 1 {
			t.Errorf("%s: the collector would never rest", test.name)
		}
	}
}

// One collection follows each request, none of them at the same time as another,
// and it rests in between.
func TestReclaimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const takes = 10 * time.Millisecond
		var began []time.Duration
		start, running := time.Now(), false
		r := &reclaimer{collect: func() {
			if running {
				t.Error("two collections at once")
			}
			running = true
			began = append(began, time.Since(start))
			time.Sleep(takes)
			running = false
		}}
		for range 100 { // for 100 ms
			r.reclaim()
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		const round = takes + reclaimRest*takes
		if len(began) != 2 || began[0] != 0 || began[1] != round {
			t.Errorf("collections at %v, want at 0 and %v", began, round)
		}
		r.reclaim()
		synctest.Wait()
		if len(began) != 3 {
			t.Errorf("a request after rest led to %d collections in all", len(began))
		}
		time.Sleep(time.Minute) // nothing is left running
	})
}

// What the operator sets in the environment is left alone.
func TestMemoryIsTheOperators(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	if !memoryIsOurs() {
		t.Error("nothing is set, and memory is not ours")
	}
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "200")
			if memoryIsOurs() {
				t.Errorf("%s is set, and memory is ours", name)
			}
		})
	}
}
