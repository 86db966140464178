package password

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/vfs"
)

// Account is one that can log in.
type Account struct {
	Name string   // compared byte for byte: no folding, no trimming, no patterns
	Hash string   // of the password, as [Hash] makes it or [Verify] takes it
	FS   vfs.FS   // what its sessions see; the caller closes it, after the last session
	Home vfs.Path // where they begin; the zero value is the root of FS
}

// Accounts is a list of accounts that does not change: to change it, make
// another and put it in its place. It is safe for use by many sessions at once.
type Accounts struct {
	byName map[string]account
	costs  []verifier // one per account: see decoy
	seed   maphash.Seed
	check  *Checker
}

type account struct {
	Account
	hash verifier
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
		check:  NewChecker(opts...),
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
		e, err := read(acc.Hash)
		if err != nil {
			return nil, fmt.Errorf("password: account %q: %w; make a new one from its password", acc.Name, err)
		}
		a.byName[acc.Name] = account{acc, e}
		a.costs = append(a.costs, e)
	}
	return a, nil
}

// Checker gives what runs the hashes of a, so that others who judge logins can
// share its bound.
func (a *Accounts) Checker() *Checker { return a.check }

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
	right, err := a.check.verify(ctx, cost, c.Password)
	switch {
	case err != nil:
		return nil, err
	case !known:
		return nil, fmt.Errorf("%w: no account of this name", auth.ErrDenied)
	case !right:
		return nil, fmt.Errorf("%w: wrong password", auth.ErrDenied)
	}
	return acc.grant(), nil
}

func (a Account) grant() *auth.Grant { return &auth.Grant{Account: a.Name, FS: a.FS, Home: a.Home} }

// Grant gives what the account of this name gets, for who has proven otherwise than by
// a password to be its owner. The error wraps auth.ErrDenied: there is none.
func (a *Accounts) Grant(name string) (*auth.Grant, error) {
	acc, known := a.byName[name]
	if !known {
		return nil, fmt.Errorf("%w: no account of this name", auth.ErrDenied)
	}
	return acc.grant(), nil
}

// decoy chooses, for a name that does not exist, one of the hashes that do.
// Where their costs differ, unknown names so differ in the same proportion, and
// each keeps the cost that it showed before: a clock learns nothing.
func (a *Accounts) decoy(name string) verifier {
	return a.costs[maphash.String(a.seed, name)%uint64(len(a.costs))]
}
