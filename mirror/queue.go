package mirror

import (
	"context"
	"sync"
)

// largeSize is from how many bytes on a file may hold up others.
const largeSize = 8 << 20

// queues has the copies done by several goroutines. One of them takes no large file as
// long as there may be small ones.
type queues struct {
	small, large chan Step
	pending      sync.WaitGroup // steps
	workers      sync.WaitGroup
}

// start begins the workers. What is queued when ctx ends is dropped.
func (r *run) start(ctx context.Context) {
	r.small, r.large = make(chan Step, 64), make(chan Step, 1024)
	parallel := max(r.o.Parallel, 1)
	for n := range parallel {
		r.workers.Go(func() {
			if n == 0 && parallel > 1 {
				for s := range r.small {
					r.work(ctx, s)
				}
			}
			for s, ok := r.next(); ok; s, ok = r.next() {
				r.work(ctx, s)
			}
		})
	}
}

// next takes a step of either kind, until there are no more of both.
func (r *run) next() (Step, bool) {
	select {
	case s, ok := <-r.small:
		if ok {
			return s, true
		}
		s, ok = <-r.large
		return s, ok
	case s, ok := <-r.large:
		if ok {
			return s, true
		}
		s, ok = <-r.small
		return s, ok
	}
}

func (r *run) put(s Step) {
	r.pending.Add(1)
	if s.From.Size >= largeSize {
		r.large <- s
	} else {
		r.small <- s
	}
}

func (r *run) work(ctx context.Context, s Step) {
	defer r.pending.Done()
	if ctx.Err() != nil {
		return
	}
	n, err := r.copy(ctx, s)
	r.done(s, n, err)
}

// stop returns when all is done that was queued.
func (r *run) stop() {
	close(r.small)
	close(r.large)
	r.workers.Wait()
}
