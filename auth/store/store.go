package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"
)

// What those who keep accounts return, wrapped.
var (
	ErrNotFound = errors.New("no such account or group")
	ErrExists   = errors.New("there is one of this name already")
	ErrInUse    = errors.New("accounts are in the group")
	ErrInvalid  = errors.New("not usable in an account")
)

// Accounts keeps accounts and groups, for those who manage them. All methods may be
// called by many goroutines at once. Names are compared byte for byte.
type Accounts interface {
	// Get gives an account as it was put: what it has of its group is not in it.
	// The error wraps ErrNotFound if there is none.
	Get(ctx context.Context, name string) (Account, error)
	// List gives all, in the order of the bytes of their names.
	List(ctx context.Context) ([]Account, error)
	// Add takes a new account. Errors wrap ErrExists, ErrInvalid, or ErrNotFound if
	// its group is missing.
	Add(ctx context.Context, a Account) error
	// Update lets change alter an account; nothing else alters it meanwhile. It
	// keeps its name, and the times that the store keeps. An error of change is
	// returned as it is, and nothing was altered.
	Update(ctx context.Context, name string, change func(*Account) error) error
	// Delete removes an account.
	Delete(ctx context.Context, name string) error

	Group(ctx context.Context, name string) (Group, error)
	Groups(ctx context.Context) ([]Group, error)
	// PutGroup adds a group or replaces it.
	PutGroup(ctx context.Context, g Group) error
	// DeleteGroup removes a group without accounts; else the error wraps ErrInUse.
	DeleteGroup(ctx context.Context, name string) error
}

// Logins is what a login needs of those who keep accounts. All methods may be
// called by many goroutines at once.
type Logins interface {
	// Find gives the account of this name and its group, which is the zero value if
	// it has none; the error wraps ErrNotFound if there is none of the name.
	Find(ctx context.Context, name string) (Account, Group, error)
	// Decoy gives the hash of an account that n chooses, always the same as long as
	// the accounts are the same; empty if none has one.
	Decoy(ctx context.Context, n uint64) (hash string, err error)
	// Rehash replaces the hash of an account, if it still is old.
	Rehash(ctx context.Context, name, old, hash string) error
	// UseStep reports whether a step of a second factor is later than every one that
	// was used, and uses it. Of calls at the same time one is told so.
	UseStep(ctx context.Context, name string, step int64) (bool, error)
	// UseCode reports whether there is a recovery code with this sum, and removes it.
	// Of calls at the same time one is told so.
	UseCode(ctx context.Context, name string, sum [sha256.Size]byte) (bool, error)
	// LoggedIn keeps the time of a login.
	LoggedIn(ctx context.Context, name string, at time.Time) error
}
