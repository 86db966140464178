package store

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/auth"
)

var _ auth.Login = (*Login)(nil).Login

// kept is a Logins in memory, for one login at a time.
type kept struct {
	accounts map[string]Account
	groups   map[string]Group
	asked    []string // what was asked for, in order
	broken   error
	step     int64
}

func (k *kept) Find(_ context.Context, name string) (Account, Group, error) {
	k.asked = append(k.asked, "find")
	a, ok := k.accounts[name]
	if k.broken != nil || !ok {
		return Account{}, Group{}, errors.Join(k.broken, ErrNotFound)
	}
	return a, k.groups[a.Group], nil
}

func (k *kept) Decoy(context.Context, uint64) (string, error) {
	k.asked = append(k.asked, "decoy")
	return "=decoy", nil
}

func (k *kept) Rehash(_ context.Context, name, old, hash string) error {
	k.asked = append(k.asked, "rehash")
	a := k.accounts[name]
	if a.PasswordHash != old {
		return errors.New("another hash")
	}
	a.PasswordHash = hash
	k.accounts[name] = a
	return k.broken
}

func (k *kept) UseStep(_ context.Context, _ string, step int64) (bool, error) {
	fresh := step > k.step
	k.step = max(k.step, step)
	return fresh, nil
}

func (k *kept) UseCode(_ context.Context, name string, sum [sha256.Size]byte) (bool, error) {
	a := k.accounts[name]
	i := slices.Index(a.RecoveryCodes, sum)
	if i < 0 {
		return false, nil
	}
	a.RecoveryCodes = slices.Delete(slices.Clone(a.RecoveryCodes), i, i+1)
	k.accounts[name] = a
	return true, nil
}

func (k *kept) LoggedIn(_ context.Context, name string, at time.Time) error {
	k.asked = append(k.asked, "logged in")
	a := k.accounts[name]
	a.LastLogin = at
	k.accounts[name] = a
	return nil
}

// plain is Passwords whose hash of "pw" is "=pw"; those that begin with "-" are old.
type plain struct{ hashes []string }

func (p *plain) Verify(ctx context.Context, hash, password string) (bool, error) {
	p.hashes = append(p.hashes, hash)
	switch {
	case ctx.Err() != nil:
		return false, auth.ErrBusy
	case hash == "":
		return false, errors.New("no hash")
	}
	return hash[1:] == password, nil
}

func (p *plain) Hash(_ context.Context, password string) (string, error) { return "=" + password, nil }

func (p *plain) NeedsRehash(hash string) bool { return hash[0] == '-' }

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func newTestLogin(t *testing.T, accounts ...Account) (*Login, *kept, *plain) {
	k := &kept{accounts: make(map[string]Account), groups: map[string]Group{
		"off":  {Name: "off", Disabled: true},
		"past": {Name: "past", Settings: Settings{Expires: new(noon)}},
	}}
	for _, a := range accounts {
		if err := a.Check(); err != nil {
			t.Fatal(err)
		}
		k.accounts[a.Name] = a
	}
	p := &plain{}
	l := NewLogin(k, p, func(_ context.Context, a auth.Account, _ auth.Credentials) (*auth.Grant, error) {
		return &auth.Grant{Account: a.Name}, nil
	},
		func(account string, err error) { t.Errorf("%s: %v", account, err) })
	l.now = func() time.Time { return noon }
	return l, k, p
}

var inside = netip.MustParseAddrPort("[::ffff:10.1.2.3]:5000")

// TestLoginDenies is S-21, S-22 and V-06: whatever keeps an account out, the error is
// auth.ErrDenied and the cost one look-up, one decoy and one hash.
func TestLoginDenies(t *testing.T) {
	l, k, p := newTestLogin(t,
		Account{Name: "anna", PasswordHash: "=pw"},
		Account{Name: "disabled", PasswordHash: "=pw", Disabled: true},
		Account{Name: "group", PasswordHash: "=pw", Group: "off"},
		Account{Name: "expired", PasswordHash: "=pw", Settings: Settings{Expires: new(noon)}},
		Account{Name: "inherited", PasswordHash: "=pw", Group: "past"},
		Account{Name: "elsewhere", PasswordHash: "=pw", Settings: Settings{Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}},
		Account{Name: "nowhere", PasswordHash: "=pw", Settings: Settings{Networks: []netip.Prefix{}}},
		Account{Name: "certificate", PasswordHash: "=pw", Settings: Settings{Certificate: new(CertificateBoth)}},
		Account{Name: "alone", PasswordHash: "=pw", Settings: Settings{Certificate: new(CertificateAlone)}},
		Account{Name: "nopassword"},
		Account{Name: "factor", PasswordHash: "=pw", SecondFactor: []byte("12345678901234567890")},
	)
	deny := func(user, shown string) {
		t.Helper()
		k.asked, p.hashes = nil, nil
		g, err := l.Login(t.Context(), auth.Credentials{User: user, Password: shown, Remote: inside})
		if g != nil || !errors.Is(err, auth.ErrDenied) || errors.Is(err, auth.ErrBusy) {
			t.Errorf("%.20q, %.20q: %v, %v", user, shown, g, err)
		}
		if !slices.Equal(k.asked, []string{"decoy", "find"}) || len(p.hashes) != 1 {
			t.Errorf("%.20q, %.20q: asked for %v, hashes %v", user, shown, k.asked, p.hashes)
		}
	}
	for name := range k.accounts {
		deny(name, "wrong")
		deny(name, "")
		if name != "anna" {
			deny(name, "pw")
		}
	}
	for _, name := range append(hostileNames, "Anna", "none", "anna\x00") {
		deny(name, "pw")
		deny(name, "decoy") // which is right for the decoy
	}
	deny("nopassword", "decoy")
	deny("factor", "pw000000")
	deny("factor", "pwabcd-2222-2222-2222")
}

func TestLoginGrants(t *testing.T) {
	l, k, p := newTestLogin(t,
		Account{Name: "anna", PasswordHash: "=pw"},
		Account{Name: "later", PasswordHash: "=pw", Group: "past", Settings: Settings{Expires: new(noon.Add(time.Second))}},
		Account{Name: "never", PasswordHash: "=pw", Group: "past", Settings: Settings{Expires: new(time.Time{})}},
		Account{Name: "here", PasswordHash: "=pw", Settings: Settings{Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}},
	)
	for name := range k.accounts {
		g, err := l.Login(t.Context(), auth.Credentials{User: name, Password: "pw", Remote: inside})
		if err != nil || g.Account != name || !k.accounts[name].LastLogin.Equal(noon) {
			t.Errorf("%s: %+v, %v", name, g, err)
		}
	}
	k.asked = nil
	if _, err := l.Login(t.Context(), auth.Credentials{User: "anna", Password: "pw"}); err != nil || slices.Contains(k.asked, "logged in") {
		t.Errorf("a second login in the same minute: %v, %v", k.asked, err)
	}
	k.broken = errors.New("disk")
	k.accounts = nil
	if _, err := l.Login(t.Context(), auth.Credentials{User: "anna", Password: "pw"}); err == nil {
		t.Error("logged in without an account")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Login(gone, auth.Credentials{User: "anna"}); !errors.Is(err, auth.ErrBusy) || len(p.hashes) == 0 {
		t.Errorf("a peer that has left: %v", err)
	}
}

// broke fails in a way that says nothing about accounts.
type broke struct{ Logins }

func (broke) Decoy(context.Context, uint64) (string, error) { return "", errors.New("disk") }

func TestLoginBusy(t *testing.T) {
	l, k, _ := newTestLogin(t)
	l.accounts = broke{k}
	if _, err := l.Login(t.Context(), auth.Credentials{User: "anna"}); !errors.Is(err, auth.ErrBusy) || errors.Is(err, auth.ErrDenied) {
		t.Error(err)
	}
}

// A password's hash is renewed when the password is seen, and only what is to be
// hashed is: not the second factor.
func TestLoginRehashes(t *testing.T) {
	secret := []byte("12345678901234567890")
	l, k, _ := newTestLogin(t, Account{Name: "anna", PasswordHash: "-pw", SecondFactor: secret})
	if _, err := l.Login(t.Context(), auth.Credentials{User: "anna", Password: "wrong" + oneTime(secret, noon.Unix()/30)}); err == nil || k.accounts["anna"].PasswordHash != "-pw" {
		t.Error(err, k.accounts)
	}
	if _, err := l.Login(t.Context(), auth.Credentials{User: "anna", Password: "pw" + oneTime(secret, noon.Unix()/30)}); err != nil || k.accounts["anna"].PasswordHash != "=pw" {
		t.Error(err, k.accounts)
	}
	// What cannot be kept keeps nobody out.
	a := k.accounts["anna"]
	a.PasswordHash = "-pw"
	k.accounts["anna"] = a
	var told []string
	l.failed = func(account string, err error) { told = append(told, account+": "+err.Error()) }
	l.accounts = noRehash{k}
	if _, err := l.Login(t.Context(), auth.Credentials{User: "anna", Password: "pw" + oneTime(secret, noon.Unix()/30+1)}); err != nil || len(told) != 1 || !strings.HasPrefix(told[0], "anna: ") {
		t.Error(err, told)
	}
}

type noRehash struct{ Logins }

func (noRehash) Rehash(context.Context, string, string, string) error { return errors.New("disk") }

// One-time passwords and recovery codes work once, and only behind the password.
func TestLoginSecondFactor(t *testing.T) {
	secret := []byte("12345678901234567890")
	codes, sums := NewRecoveryCodes(2)
	l, k, _ := newTestLogin(t, Account{Name: "anna", PasswordHash: "=pw", SecondFactor: secret, RecoveryCodes: sums})
	step := noon.Unix() / 30
	try := func(shown string, want bool) {
		t.Helper()
		_, err := l.Login(t.Context(), auth.Credentials{User: "anna", Password: shown})
		if (err == nil) != want || err != nil && !errors.Is(err, auth.ErrDenied) {
			t.Errorf("%s: %v", shown, err)
		}
	}
	try("pw", false)
	try(oneTime(secret, step), false)
	try("pw"+oneTime(secret, step-2), false)
	try("pw"+oneTime(secret, step+2), false)
	try("wrong"+oneTime(secret, step), false) // uses nothing up
	try("pw"+oneTime(secret, step), true)
	try("pw"+oneTime(secret, step), false)   // a replay
	try("pw"+oneTime(secret, step-1), false) // one before it
	try("pw"+oneTime(secret, step+1), true)
	try("wrong"+codes[0], false)
	try("pw"+codes[0], true)
	try("pw"+codes[0], false)
	try("pw"+strings.ToUpper(codes[1]), false)
	try("pw"+codes[1], true)
	if n := len(k.accounts["anna"].RecoveryCodes); n != 0 {
		t.Errorf("%d codes are left", n)
	}
}

// What a certificate of the account, one of somebody else, and none are good for.
func TestLoginCertificate(t *testing.T) {
	mine := &x509.Certificate{Subject: pkix.Name{CommonName: "anna"}, EmailAddresses: []string{"a@b"}}
	other := &x509.Certificate{Subject: pkix.Name{CommonName: "bob"}}
	secret := []byte("12345678901234567890")
	for _, tc := range []struct {
		mode                   string
		rules                  []auth.CertificateRule
		cert                   *x509.Certificate
		untrusted              error
		second, disabled       bool
		byPassword, byItsAlone bool
	}{
		{mode: CertificateIgnored, cert: mine, byPassword: true},
		{mode: CertificateBoth, cert: mine, byPassword: true},
		{mode: CertificateBoth, cert: other},
		{mode: CertificateBoth},
		{mode: CertificateBoth, cert: mine, untrusted: errors.New("unknown authority")},
		{mode: CertificateBoth, cert: mine, rules: []auth.CertificateRule{{Kind: auth.CertificateEmail, Value: "a@B"}}, byPassword: true},
		{mode: CertificateBoth, cert: mine, rules: []auth.CertificateRule{{Kind: auth.CertificateEmail, Value: "A@b"}}},
		{mode: CertificateAlone, cert: mine, byItsAlone: true},
		{mode: CertificateAlone, cert: mine, disabled: true},
		{mode: CertificateAlone, cert: other},
		{mode: CertificateAlone},
		{mode: CertificateEither, cert: mine, byPassword: true, byItsAlone: true},
		{mode: CertificateEither, byPassword: true},
		{mode: CertificateEither, cert: mine, untrusted: errors.New("expired"), byPassword: true},
		{mode: CertificateEither, cert: mine, second: true, byPassword: true},
	} {
		a := Account{Name: "anna", PasswordHash: "=pw", Certificates: tc.rules, Disabled: tc.disabled, Settings: Settings{Certificate: &tc.mode}}
		c := auth.Credentials{User: "anna", Password: "pw", Certificate: tc.cert, CertificateErr: tc.untrusted}
		if tc.second {
			a.SecondFactor, c.Password = secret, "pw"+oneTime(secret, noon.Unix()/30)
		}
		l, _, p := newTestLogin(t, a)
		if _, err := l.Login(t.Context(), c); (err == nil) != tc.byPassword || err != nil && !errors.Is(err, auth.ErrDenied) {
			t.Errorf("%+v, with the password: %v", tc, err)
		}
		p.hashes, c.Password, c.NoPassword = nil, "", true
		if _, err := l.Login(t.Context(), c); (err == nil) != tc.byItsAlone || err != nil && !errors.Is(err, auth.ErrPassword) || p.hashes != nil {
			t.Errorf("%+v, without one: %v", tc, err)
		}
		c.User = "bob"
		if _, err := l.Login(t.Context(), c); !errors.Is(err, auth.ErrPassword) {
			t.Errorf("%+v, an unknown name: %v", tc, err)
		}
	}
}

// TestLook is S-22: it asks for what Login asks for.
func TestLook(t *testing.T) {
	l, k, p := newTestLogin(t)
	l.Look(t.Context(), "anna")
	if !slices.Equal(k.asked, []string{"decoy", "find"}) || p.hashes != nil {
		t.Error(k.asked, p.hashes)
	}
}
