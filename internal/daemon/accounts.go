package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/auth/password"
	"github.com/sealane/sealane/internal/atomicfile"
	"github.com/sealane/sealane/internal/config"
)

// accountsFile holds the account that the first start made, in the form of the
// configuration file.
const accountsFile = "accounts.toml"

// firstAccount is the name of the account that the first start makes.
const firstAccount = "sealane"

// accounts gives the accounts of the configuration or, if it has none, the one
// of the state folder, which the first start makes unless others are kept there.
// fresh is its password if it was made just now.
func accounts(c config.Config, state string, others bool) (list []config.Account, fresh string, err error) {
	if len(c.Accounts) > 0 {
		return c.Accounts, "", nil
	}
	name := filepath.Join(state, accountsFile)
	kept, err := config.Load(name)
	if err == nil && len(kept.Accounts) > 0 {
		return kept.Accounts, "", nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, "", startError(err, "mend it, or delete it: the next start then makes a new account", "cannot read %s", name)
	}
	if others {
		return nil, "", nil
	}
	fresh = password.Random()
	hash, err := password.Hash(fresh)
	if err != nil {
		return nil, "", err
	}
	text := "# Made by the first start of \"sealane serve\". Delete this file for a new account.\n" +
		"[[account]]\nname = " + strconv.Quote(firstAccount) + "\npassword_hash = " + strconv.Quote(hash) + "\n"
	if err := atomicfile.Write(name, []byte(text), atomicfile.Options{New: true}); err != nil {
		return nil, "", startError(err, "make the state folder writable for this user", "cannot write %s", name)
	}
	return []config.Account{{Name: firstAccount, PasswordHash: hash}}, fresh, nil
}

// book makes the accounts known to the password login, each with its tree; nil if
// there are none.
func book(ctx context.Context, list []config.Account, t *trees, hashing ...password.Option) (*password.Accounts, error) {
	if len(list) == 0 {
		return nil, nil
	}
	var out []password.Account
	for _, a := range list {
		hash, err := hashOf(a)
		if err != nil {
			return nil, err
		}
		tree, err := t.account(ctx, a)
		if err != nil {
			return nil, startError(err, hintFor(err), "cannot make the tree of account %s", a.Name)
		}
		out = append(out, password.Account{Name: a.Name, Hash: hash, FS: tree})
	}
	return password.New(out, hashing...)
}

// checker gives what runs the hashes, of all accounts (S-26).
func (d *daemon) checker() *password.Checker {
	if d.book != nil {
		return d.book.Checker()
	}
	return password.NewChecker(d.warden.hashing()...)
}

var errNoAccounts = errors.New("there are no accounts in the configuration")

// locked is a hash that no password has: nothing is known that hashes to zeros.
const locked = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func hashOf(a config.Account) (string, error) {
	if a.Certificate == config.CertificateAlone {
		return locked, nil
	}
	secret, hash, err := a.Secret()
	if err != nil || hash != "" {
		return hash, err
	}
	return password.Hash(secret)
}

// policy is what each session of an account is given, beside its tree.
type policy struct {
	data        auth.DataPolicy
	certificate auth.CertificatePolicy
	host        string // the one at which it may log in; "": every one
	admission   auth.Admission
	sessions    int   // at once; 0: no bound of its own
	up, down    int64 // bytes per second of one session; 0: no bound
}

// policies is in what the accounts are treated otherwise than the server treats all.
func policies(list []config.Account) map[string]policy {
	out := make(map[string]policy)
	for _, a := range list {
		out[a.Name] = policy{
			data: auth.DataPolicy{
				Resumption: map[string]auth.Resumption{
					config.ResumptionAuto: auth.ResumptionAuto, config.ResumptionRequire: auth.ResumptionRequire,
					config.ResumptionOff: auth.ResumptionOff,
				}[a.Resumption],
				LegacyEOF: a.LegacyEOF,
			},
			certificate: auth.CertificatePolicy{Account: a.Name, Mode: a.Certificate, Rules: a.Certificates},
			host:        a.Host,
			admission:   a.Admission,
			sessions:    a.Sessions,
			up:          a.Storage.SessionUp, down: a.Storage.SessionDown,
		}
	}
	return out
}

// judge asks for password and certificate.
func (d *daemon) judge(ctx context.Context, c auth.Credentials) (*auth.Grant, error) {
	if d.book == nil { // and nothing that is kept either: the file has gone
		return nil, fmt.Errorf("%w: %w", auth.ErrDenied, errNoAccounts)
	}
	if c.NoPassword {
		return d.byCertificate(c)
	}
	d.procs.load(1) // a password hash, for tens of milliseconds
	defer d.procs.load(-1)
	grant, err := d.book.Login(ctx, c)
	if p := d.policies[c.User].certificate; p.Mode == auth.CertificateAlone && errors.Is(err, auth.ErrDenied) {
		return nil, p.WithPassword(c) // what is wrong with the certificate, for the log
	}
	if err != nil {
		return nil, err
	}
	return grant, d.policies[grant.Account].certificate.WithPassword(c)
}

// login is the Login of the server: passwords, certificates, and what the account may do.
func (d *daemon) login(ctx context.Context, c auth.Credentials) (*auth.Grant, error) {
	if grant, known, err := d.judgeKept(ctx, c); known {
		return grant, err
	}
	grant, err := d.judge(ctx, c)
	if err != nil {
		return nil, err
	}
	own := *grant
	p := d.policies[own.Account]
	if err := d.elsewhere(p.host, c.Host); err != nil {
		return nil, err
	}
	if err := errors.Join(p.admission.Check(time.Now(), c.Remote.Addr()), d.stillThere(own.Account)); err != nil {
		return nil, fmt.Errorf("%w: %w", auth.ErrDenied, err)
	}
	own.Data, own.FS = p.data, withRates(own.FS, p.up, p.down)
	return d.seats.take(&own, p.sessions)
}

// stillThere denies a login by a connection from before a reload to an account that is not
// as it was then: it may be gone, or have another password (V-06).
func (d *daemon) stillThere(account string) error {
	now := d.now.Load()
	if now == nil || now == d {
		return nil
	}
	named := func(a config.Account) bool { return a.Name == account }
	then, today := slices.IndexFunc(d.accounts, named), slices.IndexFunc(now.accounts, named)
	if then < 0 || today < 0 || !reflect.DeepEqual(d.accounts[then], now.accounts[today]) {
		return errChanged
	}
	return nil
}

var errChanged = errors.New("the account has changed since the connection was made")
