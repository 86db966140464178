package daemon

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// More threads run Go code as long as something keeps processors busy, and for a
// moment after it; not a change more.
func TestProcs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var set []int
		p := &procs{low: 2, set: func(n int) int { set = append(set, n); return 0 }}
		want := func(what string, values ...int) {
			t.Helper()
			p.mu.Lock()
			defer p.mu.Unlock()
			if !slices.Equal(set, values) {
				t.Errorf("%s: set %v, want %v", what, set, values)
			}
		}
		p.load(1)
		want("at once", 4)
		p.load(1)
		p.load(-1)
		time.Sleep(2 * calm)
		want("one goes on", 4)
		p.load(-1)
		time.Sleep(calm / 2)
		p.load(1) // the next one
		p.load(-1)
		time.Sleep(calm / 2)
		synctest.Wait()
		want("not calm for long enough", 4)
		time.Sleep(calm)
		synctest.Wait()
		want("calm", 4, 2)
		p.load(1)
		want("again", 4, 2, 4)
		p.load(-1)
		time.Sleep(2 * calm)
		synctest.Wait()
		want("and again", 4, 2, 4, 2)
	})
	var none *procs
	none.load(1) // the environment has set the number
	t.Setenv("GOMAXPROCS", "3")
	if newProcs() != nil {
		t.Error("the environment was not heeded")
	}
}
