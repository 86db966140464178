package daemon

import (
	"os"
	"runtime"
	"sync"
	"time"
)

// calm is how long nothing may have kept a processor busy before procs are lowered.
// Changing their number stops all goroutines for a moment.
const calm = 50 * time.Millisecond

// procs lets twice as many threads run Go code as there are processors while bulk
// transfers or password hashes keep them busy: one is then left to notice at once
// that a control connection has something to say (docs/design/0001-bulk-threads.md).
// At other times more threads only wake each other up: small files then cost a
// sixth more.
type procs struct {
	set func(n int) int // runtime.GOMAXPROCS
	low int

	mu     sync.Mutex
	busy   int
	raised bool
	timer  *time.Timer // lowers
}

// newProcs returns nil, which does nothing, if the environment sets GOMAXPROCS.
func newProcs() *procs {
	if os.Getenv("GOMAXPROCS") != "" {
		return nil
	}
	return &procs{set: runtime.GOMAXPROCS, low: runtime.GOMAXPROCS(0)}
}

// load says that some more work keeps processors busy, or, below 0, some less.
func (p *procs) load(change int) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy += change
	switch {
	case p.busy > 0 && !p.raised:
		p.set(2 * p.low)
		p.raised = true
	case p.busy == 0 && p.raised && p.timer == nil:
		p.timer = time.AfterFunc(calm, p.lower)
	case p.busy == 0 && p.raised:
		p.timer.Reset(calm)
	}
}

func (p *procs) lower() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.busy == 0 && p.raised {
		p.set(p.low)
		p.raised = false
	}
}
