package guard

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// turnPatience is how long a login may wait for its hash.
const turnPatience = 20 * time.Second

var (
	errQueueFull = errors.New("too many logins wait for their turn")
	errTurnLate  = errors.New("the turn did not come in time")
)

// turns gives out a few places to many. Whoever waits is served in turn by address,
// so that many of one address do not keep waiting those of another (S-26), and
// trusted and strange ones by turns, so that neither keeps the other waiting.
type turns struct {
	mu            sync.Mutex
	places, bound int
	running       int
	rings         [2]ring // strangers, trusted
	last          int     // the ring that was served last
	most          int     // that waited at a time
	refused       uint64
}

// ring is lines of waiting ones, one for each address, in the order in which they
// are served.
type ring struct {
	order   []*line
	of      map[netip.Prefix]*line
	waiting int
}

type line struct {
	key     netip.Prefix
	waiting []*waiter
}

// waiter is told once: nil for its place, or why it gets none.
type waiter struct{ told chan error }

func newTurns(places, bound int) *turns {
	t := &turns{places: places, bound: bound}
	for i := range t.rings {
		t.rings[i].of = map[netip.Prefix]*line{}
	}
	return t
}

// change sets the bounds for those to come, and lets in those who now may.
func (t *turns) change(places, bound int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.places, t.bound = places, bound
	t.serve()
}

// take waits for a place, which leave gives back.
func (t *turns) take(ctx context.Context, key netip.Prefix, trusted bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := &t.rings[0]
	if trusted {
		r = &t.rings[1]
	}
	w, err := t.enter(r, key)
	if w == nil {
		return err
	}
	patience := time.NewTimer(turnPatience)
	defer patience.Stop()
	select {
	case err := <-w.told:
		return err
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-patience.C:
		err = errTurnLate
	}
	t.withdraw(r, key, w)
	return err
}

// enter gives a place at once, or one in the ring.
func (t *turns) enter(r *ring, key netip.Prefix) (*waiter, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running < t.places { // then nobody waits
		t.running++
		return nil, nil
	}
	if r.waiting >= t.bound {
		t.refused++
		if !r.yield(key) {
			return nil, errQueueFull
		}
	}
	w := &waiter{told: make(chan error, 1)}
	l := r.of[key]
	if l == nil {
		l = &line{key: key}
		r.of[key] = l
		r.order = append(r.order, l)
	}
	l.waiting = append(l.waiting, w)
	r.waiting++
	t.most = max(t.most, t.rings[0].waiting+t.rings[1].waiting)
	return w, nil
}

// yield makes room in a full ring for one of key, at the cost of the address that has
// the most in it, if that has more than key would.
func (r *ring) yield(key netip.Prefix) bool {
	own := 1
	if l := r.of[key]; l != nil {
		own += len(l.waiting)
	}
	var longest *line
	for _, l := range r.order {
		if longest == nil || len(l.waiting) > len(longest.waiting) {
			longest = l
		}
	}
	if longest == nil || len(longest.waiting) <= own {
		return false
	}
	last := len(longest.waiting) - 1
	longest.waiting[last].told <- errQueueFull
	longest.waiting = longest.waiting[:last]
	r.waiting--
	return true
}

// leave gives a place back.
func (t *turns) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running--
	t.serve()
}

// serve lets in whose turn it is.
func (t *turns) serve() {
	for t.running < t.places {
		next := 1 - t.last
		if t.rings[next].waiting == 0 {
			next = t.last
		}
		if t.rings[next].waiting == 0 {
			return
		}
		t.last = next
		t.running++
		t.rings[next].next().told <- nil
	}
}

// next takes out the first of the line whose turn it is.
func (r *ring) next() *waiter {
	l := r.order[0]
	w := l.waiting[0]
	l.waiting = l.waiting[1:]
	r.waiting--
	r.order = r.order[1:]
	if len(l.waiting) > 0 {
		r.order = append(r.order, l)
	} else {
		delete(r.of, l.key)
	}
	return w
}

// withdraw takes out one that waits no more, or gives back the place that it was
// given in the meantime.
func (t *turns) withdraw(r *ring, key netip.Prefix, w *waiter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l := r.of[key]; l != nil {
		if i := slices.Index(l.waiting, w); i >= 0 {
			l.waiting = slices.Delete(l.waiting, i, i+1)
			r.waiting--
			if len(l.waiting) == 0 {
				delete(r.of, key)
				r.order = slices.DeleteFunc(r.order, func(o *line) bool { return o == l })
			}
			return
		}
	}
	if err := <-w.told; err == nil { // it has been told, under the lock
		t.running--
		t.serve()
	}
}
