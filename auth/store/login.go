package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/maphash"
	"time"

	"github.com/sealane/sealane/auth"
)

// Passwords verifies and makes hashes, a few at a time; password.Checker is one.
type Passwords interface {
	// Verify costs one hash in every case, also for one that is empty or unusable:
	// that is an error. An error that wraps auth.ErrBusy says that its turn did not
	// come before ctx ended.
	Verify(ctx context.Context, hash, password string) (bool, error)
	Hash(ctx context.Context, password string) (string, error)
	NeedsRehash(hash string) bool
}

// Opener makes the grant of an account that may log in. It may still deny it, by an
// error that wraps auth.ErrDenied.
type Opener func(ctx context.Context, a auth.Account, c auth.Credentials) (*auth.Grant, error)

// Login judges logins over kept accounts. Make one with [NewLogin].
type Login struct {
	accounts  Logins
	passwords Passwords
	open      Opener
	failed    func(account string, err error)
	now       func() time.Time
	seed      maphash.Seed
}

// NewLogin makes a Login. An error of open is the login's. failed is told, for the log,
// what went wrong beside a login that took place all the same: a hash that was not
// renewed, a time that was not kept.
func NewLogin(accounts Logins, passwords Passwords, open Opener, failed func(account string, err error)) *Login {
	return &Login{accounts: accounts, passwords: passwords, open: open, failed: failed, now: time.Now, seed: maphash.MakeSeed()}
}

// Reasons why a login was denied, for the log; the peer sees one answer (S-21).
var (
	errUnknown  = errors.New("no account of this name")
	errPassword = errors.New("wrong password")
	errFactor   = errors.New("wrong or used one-time password")
)

// Login is an [auth.Login]. Every call costs the same look-ups and one hash, of a
// cost that accounts have, whatever it is that denies it (S-22); a disabled or
// expired account, and one that is not for this network, is denied like a wrong
// password (S-21, V-06). Where an account has a second factor, its one-time password
// or a recovery code follows the password directly. A one-time password is good for
// one login: a client that opens more sessions needs a new one for each.
//
// Errors wrap auth.ErrDenied, for Credentials.NoPassword auth.ErrPassword, or
// auth.ErrBusy if the accounts could not be asked, and hold neither the name nor the
// password.
func (l *Login) Login(ctx context.Context, c auth.Credentials) (*auth.Grant, error) {
	if c.NoPassword {
		return l.byCertificate(ctx, c)
	}
	acc, group, hash, err := l.find(ctx, c.User)
	known := err == nil
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", auth.ErrBusy, err)
	}
	password, second := c.Password, factor{}
	if len(acc.SecondFactor) > 0 {
		password, second = splitFactor(c.Password)
	}
	right, err := l.passwords.Verify(ctx, hash, password)
	switch {
	case errors.Is(err, auth.ErrBusy):
		return nil, err
	case !known:
		return nil, denied(errUnknown)
	case err != nil:
		return nil, denied(err)
	case !right || acc.PasswordHash == "":
		return nil, denied(errPassword)
	}
	now := l.now().UTC()
	if err := l.may(acc, group, c, now); err != nil {
		return nil, denied(err)
	}
	if err := acc.certificates(group).WithPassword(c); err != nil {
		return nil, err
	}
	if err := l.second(ctx, acc, second, now); err != nil {
		return nil, err
	}
	grant, err := l.open(ctx, acc.Describe(group), c)
	if err != nil {
		return nil, err
	}
	l.keep(ctx, acc, password, now)
	return grant, nil
}

func denied(why error) error { return fmt.Errorf("%w: %w", auth.ErrDenied, why) }

// Look asks of the store what Login does, and tells nothing: for those who judge
// other accounts beside these, of which a clock must not tell which is which (S-22).
func (l *Login) Look(ctx context.Context, name string) {
	_, _, _, _ = l.find(ctx, name) // it is the time that counts
}

// find gives the account, and the hash to verify: its own, or that of another. Both
// are asked for in every case, so that both cases take the same time.
func (l *Login) find(ctx context.Context, name string) (acc Account, g Group, hash string, err error) {
	decoy, err := l.accounts.Decoy(ctx, maphash.String(l.seed, name))
	if err != nil {
		return acc, g, "", err
	}
	if len(name) > MaxName {
		name = name[:MaxName+1] // none is so long
	}
	acc, g, err = l.accounts.Find(ctx, name)
	if err != nil || acc.PasswordHash == "" {
		return acc, g, decoy, err
	}
	return acc, g, acc.PasswordHash, nil
}

// may says what of an account keeps it from logging in, whatever it shows.
func (l *Login) may(a Account, g Group, c auth.Credentials, now time.Time) error {
	s := a.Or(g.Settings)
	return auth.Admission{
		Disabled: a.Disabled || g.Disabled, Expires: value(s.Expires), Networks: s.Networks,
	}.Check(now, c.Remote.Addr())
}

// certificates is what those of clients mean for the account.
func (a Account) certificates(g Group) auth.CertificatePolicy {
	return auth.CertificatePolicy{Account: a.Name, Mode: value(a.Or(g.Settings).Certificate), Rules: a.Certificates}
}

// byCertificate is a login without a password. Whatever keeps it from being one, the
// client is asked for the password.
func (l *Login) byCertificate(ctx context.Context, c auth.Credentials) (*auth.Grant, error) {
	acc, group, _, err := l.find(ctx, c.User)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", auth.ErrPassword, err)
	}
	if len(acc.SecondFactor) > 0 {
		return nil, auth.ErrPassword
	}
	if err := acc.certificates(group).WithoutPassword(c); err != nil {
		return nil, err
	}
	now := l.now().UTC()
	if err := l.may(acc, group, c, now); err != nil {
		return nil, fmt.Errorf("%w: %w", auth.ErrPassword, err)
	}
	grant, err := l.open(ctx, acc.Describe(group), c)
	if err == nil {
		l.seen(ctx, acc, now)
	}
	return grant, err
}

// within compares addresses as they are meant: an IPv4 address that came over an
// IPv6 socket is one, and a zone says only how it came.

// second uses up the second factor, if the account has one.
func (l *Login) second(ctx context.Context, a Account, f factor, now time.Time) error {
	if len(a.SecondFactor) == 0 {
		return nil
	}
	var fresh bool
	var err error
	if f.recovery {
		fresh, err = l.accounts.UseCode(ctx, a.Name, sha256.Sum256([]byte(f.code)))
	} else if step, ok := stepOf(a.SecondFactor, f.code, now); ok {
		fresh, err = l.accounts.UseStep(ctx, a.Name, step)
	}
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", auth.ErrBusy, err)
	case !fresh:
		return denied(errFactor)
	}
	return nil
}

// keptFor is how old the time of the last login may be: a client that logs in for
// every file must not make the store write for each.
const keptFor = time.Minute

// keep writes down that there was a login, and renews a hash that is not as good as
// a new one. What of it fails does not keep anybody out.
func (l *Login) keep(ctx context.Context, a Account, password string, now time.Time) {
	if l.passwords.NeedsRehash(a.PasswordHash) {
		hash, err := l.passwords.Hash(ctx, password)
		if err == nil {
			err = l.accounts.Rehash(ctx, a.Name, a.PasswordHash, hash)
		}
		if err != nil {
			l.failed(a.Name, fmt.Errorf("the password's hash was not renewed: %w", err))
		}
	}
	l.seen(ctx, a, now)
}

func (l *Login) seen(ctx context.Context, a Account, now time.Time) {
	if d := now.Sub(a.LastLogin); d < 0 || d >= keptFor {
		if err := l.accounts.LoggedIn(ctx, a.Name, now); err != nil {
			l.failed(a.Name, fmt.Errorf("the time of the login was not kept: %w", err))
		}
	}
}
