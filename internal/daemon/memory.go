package daemon

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"
)

// How much garbage may gather before it is collected (docs/design/0005-memory.md).
const (
	// leastSlack lets a server with few sessions move small files without a
	// collection every few of them.
	leastSlack = 8 << 20 // bytes
	// slackPercent is for servers with many sessions: of what is live.
	slackPercent = 25
	// reclaimRest bounds what reclaiming costs: after it, it rests for this many
	// times as long as it took.
	reclaimRest = 10
)

// memoryIsOurs says that the operator has not set how Go collects garbage.
func memoryIsOurs() bool { return os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" }

// paceMemory makes the garbage that may gather depend on what is live, once per
// process, unless the environment says how to collect.
var paceMemory = sync.OnceFunc(func() {
	if memoryIsOurs() {
		newPacer().set()
	}
})

// pacer sets the garbage collector's percentage anew after each collection.
type pacer struct {
	samples [3]metrics.Sample // live heap, and what else the percentage is of
	percent int
}

func newPacer() *pacer {
	p := &pacer{percent: 100}
	p.samples[0].Name = "/gc/heap/live:bytes"
	p.samples[1].Name = "/gc/scan/stack:bytes"
	p.samples[2].Name = "/gc/scan/globals:bytes"
	return p
}

// sentinel is not kept by anybody, so each collection finds it and the runtime
// calls its finalizer. It holds a pointer because tiny objects without share a block.
type sentinel struct{ *pacer }

func (p *pacer) set() {
	metrics.Read(p.samples[:])
	live := p.samples[0].Value.Uint64()
	percent := gcPercent(live, p.samples[1].Value.Uint64()+p.samples[2].Value.Uint64())
	// To set it stops the world for some microseconds, so not for nothing.
	if diff := percent - p.percent; diff > p.percent/8 || diff < -p.percent/8 {
		debug.SetGCPercent(percent)
		p.percent = percent
	}
	runtime.SetFinalizer(&sentinel{p}, func(s *sentinel) { s.set() })
}

// gcPercent gives the percentage by which the heap grows from live to live and its
// slack. It is of all that a collection scans: the live heap and the roots.
func gcPercent(live, roots uint64) int {
	slack := max(leastSlack, live/100*slackPercent)
	return int(min(slack*100/max(live+roots, 1), math.MaxInt32))
}

// reclaimer collects garbage when it is told that there is much, and returns at
// once.
type reclaimer struct {
	collect func()
	running atomic.Bool
	asked   atomic.Bool
}

// reclaim asks for a collection that begins after now.
func (r *reclaimer) reclaim() {
	r.asked.Store(true)
	if r.running.CompareAndSwap(false, true) {
		go r.run()
	}
}

func (r *reclaimer) run() {
	for r.asked.Swap(false) {
		began := time.Now()
		r.collect()
		time.Sleep(reclaimRest * time.Since(began))
	}
	r.running.Store(false)
	if r.asked.Load() && r.running.CompareAndSwap(false, true) {
		r.run() // asked in between
	}
}

// newReclaimer gives what reclaims the memory of password hashes: nothing, if the
// environment says how to collect.
func newReclaimer() *reclaimer {
	if !memoryIsOurs() {
		return &reclaimer{collect: func() {}}
	}
	return &reclaimer{collect: runtime.GC}
}
