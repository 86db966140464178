package password

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/sealane/sealane/auth"
)

// Checker runs hashes, a few at a time (S-26). It is safe for use by many sessions
// at once.
type Checker struct {
	slots chan struct{}
	hash  func(v verifier, password string) bool // v.verify; tests count its calls
	turn  Turns                                  // in place of slots; nil: those count
	turns atomic.Int64                           // hashes that run or wait
	quiet func()                                 // see WithQuiet
}

// Option changes how a Checker works, and Accounts, which has one.
type Option func(*Checker)

// WithConcurrency lets n hashes, at least one, run at a time. The default is
// half the processors that Go may use, at least one: the other half serves the
// sessions that are logged in, also when every hash that may run does (S-26).
// Each takes the memory that its hash names, 19 MiB for those of [Hash].
func WithConcurrency(n int) Option {
	return func(c *Checker) { c.slots = make(chan struct{}, max(1, n)) }
}

// Turns gives a hash its turn, or the error that the login gets in its place, which
// wraps auth.ErrBusy or auth.ErrDenied. done is called once, when the hash has ended;
// right is false if it was that of a wrong password.
type Turns func(ctx context.Context) (done func(right bool), err error)

// WithTurns lets f bound the hashes in place of WithConcurrency: it may know better
// whose turn it is, and may serve several Checkers. ctx is that of the login.
func WithTurns(f Turns) Option {
	return func(c *Checker) { c.turn = f }
}

// WithQuiet makes the Checker call f when its hash was the last one: none runs and
// none waits. Each hash leaves as much garbage as it took memory, and a server may
// want to be rid of that. f is called before the call that hashed returns, by one
// goroutine or several, and must return at once.
func WithQuiet(f func()) Option {
	return func(c *Checker) { c.quiet = f }
}

// NewChecker makes a Checker.
func NewChecker(opts ...Option) *Checker {
	c := &Checker{
		slots: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
		hash:  verifier.verify,
		quiet: func() {},
	}
	for _, o := range opts {
		o(c)
	}
	return c
}

// Verify is [Verify] in its turn. It waits for that until ctx ends: then the error
// wraps auth.ErrBusy and ctx's. A hash that has begun is not cut short. An unusable
// hash, also an empty one, costs as much as one of [Hash] and is no password's; the
// error then wraps ErrHash.
func (c *Checker) Verify(ctx context.Context, hash, password string) (bool, error) {
	v, unusable := read(hash)
	if unusable != nil {
		v = blank()
	}
	right, err := c.verify(ctx, v, password)
	if err != nil {
		return false, err
	}
	return right && unusable == nil, unusable
}

// Hash is [Hash] in its turn; for errors of waiting see Verify.
func (c *Checker) Hash(ctx context.Context, password string) (hash string, err error) {
	wait := c.inTurn(ctx, func() bool {
		hash, err = Hash(password)
		return true
	})
	if wait != nil {
		return "", wait
	}
	return hash, err
}

// NeedsRehash is [NeedsRehash], so that a Checker is all that a store of accounts
// needs to know of hashes.
func (c *Checker) NeedsRehash(hash string) bool { return NeedsRehash(hash) }

// blank is a hash that no password has, of the cost of new ones.
func blank() verifier {
	return encoded{Params: DefaultParams(), salt: make([]byte, saltLen), sum: make([]byte, sumLen)}
}

func (c *Checker) verify(ctx context.Context, v verifier, password string) (right bool, err error) {
	err = c.inTurn(ctx, func() bool {
		right = c.hash(v, password)
		return right
	})
	return right, err
}

// inTurn does the work, which tells whether the password was right.
func (c *Checker) inTurn(ctx context.Context, work func() bool) error {
	if err := ctx.Err(); err != nil { // a peer that has left must not cost a hash
		return fmt.Errorf("%w: %w", auth.ErrBusy, err)
	}
	c.turns.Add(1)
	defer func() {
		if c.turns.Add(-1) == 0 {
			c.quiet()
		}
	}()
	if c.turn != nil {
		done, err := c.turn(ctx)
		if err != nil {
			return err
		}
		right := false
		defer func() { done(right) }()
		right = work()
		return nil
	}
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
		work()
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: too many logins at once: %w", auth.ErrBusy, ctx.Err())
	}
}
