package guard

import (
	"container/list"
	"time"
)

// counter counts failures in a window that slides: those of the window before the
// one that runs count by the part of it that is still in sight.
type counter struct {
	start       time.Time // of the window that runs
	now, before int
	next        time.Time // when the next try may be judged
	queued      int       // tries that have their place, and no result yet
}

// roll brings c to the time t.
func (c *counter) roll(t time.Time, window time.Duration) {
	switch past := t.Sub(c.start); {
	case past < 0: // the clock was put back
		c.start = t
		c.next = earlier(c.next, t)
	case past >= 2*window:
		c.start, c.now, c.before = t, 0, 0
	case past >= window:
		c.start, c.now, c.before = c.start.Add(window), 0, c.now
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// failures is how many count at the time t.
func (c *counter) failures(t time.Time, window time.Duration) int {
	c.roll(t, window)
	left := window - t.Sub(c.start)
	return c.now + int(float64(c.before)*float64(left)/float64(window))
}

// maxCount keeps sums from overflowing where nothing else bounds them.
const maxCount = 1 << 30

func (c *counter) add(t time.Time, window time.Duration) {
	c.roll(t, window)
	c.now = min(c.now+1, maxCount)
}

// table is counters, no more than bound. When it is full, the one whose last failure
// is the longest ago leaves: it is the first that would count nothing.
type table[K comparable] struct {
	bound   int
	of      map[K]*list.Element // of row[K]
	order   *list.List          // the last failure first
	evicted int
}

type row[K comparable] struct {
	key K
	counter
}

func newTable[K comparable](bound int) *table[K] {
	return &table[K]{bound: bound, of: map[K]*list.Element{}, order: list.New()}
}

// get gives the counter of k; nil: nothing has failed.
func (t *table[K]) get(k K) *counter {
	if e := t.of[k]; e != nil {
		return &e.Value.(*row[K]).counter
	}
	return nil
}

// fail counts one failure.
func (t *table[K]) fail(k K, at time.Time, window time.Duration) *counter {
	e := t.of[k]
	if e == nil {
		if len(t.of) >= t.bound {
			t.forget(t.order.Back().Value.(*row[K]).key)
			t.evicted++
		}
		e = t.order.PushFront(&row[K]{key: k, counter: counter{start: at}})
		t.of[k] = e
	}
	t.order.MoveToFront(e)
	c := &e.Value.(*row[K]).counter
	c.add(at, window)
	return c
}

func (t *table[K]) forget(k K) {
	if e := t.of[k]; e != nil {
		t.order.Remove(e)
		delete(t.of, k)
	}
}
