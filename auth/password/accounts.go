package password

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"runtime"
	"sync/atomic"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/vfs"
)

// Account is one that can log in.
type Account struct {
	Name string   // compared byte for byte: no folding, no trimming, no patterns
	Hash string   // of the password, in PHC form, as [Hash] makes it
	FS   vfs.FS   // what its sessions see; the caller closes it, after the last session
	Home vfs.Path // where they begin; the zero value is the root of FS
}

// Accounts is a list of accounts that does not change: to change it, make
// another and put it in its place. It is safe for use by many sessions at once.
type Accounts struct {
	byName map[string]account
	costs  []encoded // one per account: see decoy
	seed   maphash.Seed
	slots  chan struct{}
	hash   func(e encoded, password string) bool // e.verify; tests count its calls
	turns  atomic.Int64                          // hashes that run or wait
	quiet  func()                                // see WithQuiet
}

type account struct {
	Account
	hash encoded
}

// Option changes how Accounts works.
type Option func(*Accounts)

// WithConcurrency lets n hashes, at least one, run at a time. The default is
// half the processors that Go may use, at least one: the other half serves the
// sessions that are logged in, also when every hash that may run does (S-26).
// Each takes the memory that its hash names, 19 MiB for those of [Hash].
func WithConcurrency(n int) Option {
	return func(a *Accounts) { a.slots = make(chan struct{}, max(1, n)) }
}

// WithQuiet makes Login call f when its hash was the last one: none runs and none
// waits. Each hash leaves as much garbage as it took memory, and a server may want
// to be rid of that. f is called before Login returns, by one goroutine or several,
// and must return at once.
func WithQuiet(f func()) Option {
	return func(a *Accounts) { a.quiet = f }
}

// New checks the accounts, at least one, and makes a list of them. Errors say
// which account is wrong and are for the operator: an empty name, a name twice,
// no FS, or a Hash that cannot be used (wraps ErrHash). Hashes are not in them.
func New(accounts []Account, opts ...Option) (*Accounts, error) {
	if len(accounts) == 0 {
		return nil, errors.New("password: there is no account; give at least one")
	}
	a := &Accounts{
		byName: make(map[string]account, len(accounts)),
		seed:   maphash.MakeSeed(),
		slots:  make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
		hash:   encoded.verify,
		quiet:  func() {},
	}
	for _, acc := range accounts {
		if acc.Name == "" {
			return nil, errors.New("password: an account has no name; give it one")
		}
		if _, twice := a.byName[acc.Name]; twice {
			return nil, fmt.Errorf("password: account %q is there twice; remove one", acc.Name)
		}
		if acc.FS == nil {
			return nil, fmt.Errorf("password: account %q has no file system; give it one", acc.Name)
		}
		e, err := parse(acc.Hash)
		if err != nil {
			return nil, fmt.Errorf("password: account %q: %w; make a new one from its password", acc.Name, err)
		}
		a.byName[acc.Name] = account{acc, e}
		a.costs = append(a.costs, e)
	}
	for _, o := range opts {
		o(a)
	}
	return a, nil
}

// Login is an [auth.Login]. Every call costs one hash, of a cost that accounts
// have, whether or not the name is known and the password can be right (S-22).
// It waits for its turn until ctx ends: then the error wraps auth.ErrBusy and
// ctx's. A hash that has begun is not cut short. Any other error wraps
// auth.ErrDenied and holds neither the name nor the password.
func (a *Accounts) Login(ctx context.Context, c auth.Credentials) (*auth.Grant, error) {
	acc, known := a.byName[c.User]
	cost := acc.hash
	if !known {
		cost = a.decoy(c.User)
	}
	right, err := a.turn(ctx, cost, c.Password)
	switch {
	case err != nil:
		return nil, err
	case !known:
		return nil, fmt.Errorf("%w: no account of this name", auth.ErrDenied)
	case !right:
		return nil, fmt.Errorf("%w: wrong password", auth.ErrDenied)
	}
	return &auth.Grant{Account: acc.Name, FS: acc.FS, Home: acc.Home}, nil
}

// decoy chooses, for a name that does not exist, one of the hashes that do.
// Where their costs differ, unknown names so differ in the same proportion, and
// each keeps the cost that it showed before: a clock learns nothing.
func (a *Accounts) decoy(name string) encoded {
	return a.costs[maphash.String(a.seed, name)%uint64(len(a.costs))]
}

func (a *Accounts) turn(ctx context.Context, e encoded, password string) (bool, error) {
	if err := ctx.Err(); err != nil { // a peer that has left must not cost a hash
		return false, fmt.Errorf("%w: %w", auth.ErrBusy, err)
	}
	a.turns.Add(1)
	defer func() {
		if a.turns.Add(-1) == 0 {
			a.quiet()
		}
	}()
	select {
	case a.slots <- struct{}{}:
		defer func() { <-a.slots }()
		return a.hash(e, password), nil
	case <-ctx.Done():
		return false, fmt.Errorf("%w: too many logins at once: %w", auth.ErrBusy, ctx.Err())
	}
}
