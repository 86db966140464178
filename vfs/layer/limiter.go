package layer

import (
	"sync"
	"time"
)

const (
	// stepTime is how much of its rate a limiter gives in one round, divided by its
	// transfers: a slow transfer is cut into pieces of that.
	stepTime = 50 * time.Millisecond
	// spareTime is how much of the time that nobody used may be caught up on.
	spareTime = 2 * stepTime
	// maxStep bounds the pieces of a fast transfer: so much goes without a look at
	// the limiters. minStep keeps those of many slow ones from becoming dust.
	maxStep = 256 << 10
	minStep = 512
	// napTime is the shortest sleep. Timers are not much better than that, and what
	// was not slept is owed, so that the rate comes out right.
	napTime = time.Millisecond
)

// Limiter is a rate that any number of transfers share: each gets its turn in the
// order of asking, in pieces of the same size, and so an equal part. It is safe
// for use by many goroutines.
//
// It has its own bucket rather than that of golang.org/x/time/rate since a piece
// that was granted and not used goes back, which that cannot do.
type Limiter struct {
	mu    sync.Mutex
	rate  int64     // bytes per second; 0: no limit
	paid  time.Time // up to when the time is spent
	users int64     // transfers
}

// NewLimiter makes a limiter of so many bytes per second; 0 is no limit.
func NewLimiter(bytesPerSecond int64) *Limiter {
	return &Limiter{rate: max(0, bytesPerSecond)}
}

// SetRate changes the rate, also for transfers that are running: from their next
// piece on.
func (l *Limiter) SetRate(bytesPerSecond int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rate = max(0, bytesPerSecond)
}

// join and leave tell of a transfer that begins and ends.
func (l *Limiter) join() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.users++
}

func (l *Limiter) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.users--
}

// step is how many bytes may be asked for at once.
func (l *Limiter) step() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rate == 0 {
		return maxStep
	}
	round := max(1, l.rate/int64(time.Second/stepTime))
	return min(maxStep, max(round/max(1, l.users), min(round, minStep)))
}

// take books n bytes, at most maxStep, and says how long to wait for them.
func (l *Limiter) take(n int64) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rate == 0 {
		return 0
	}
	now := time.Now()
	if spare := now.Add(-spareTime); l.paid.Before(spare) {
		l.paid = spare
	}
	l.paid = l.paid.Add(l.price(n))
	return l.paid.Sub(now)
}

// giveBack returns bytes that were taken and not used.
func (l *Limiter) giveBack(n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rate > 0 {
		l.paid = l.paid.Add(-l.price(n))
	}
}

func (l *Limiter) price(n int64) time.Duration {
	return time.Duration(n) * time.Second / time.Duration(l.rate)
}
