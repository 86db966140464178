package auth

import (
	"errors"
	"fmt"
	"slices"
)

// The values of CertificatePolicy.Mode.
const (
	CertificateIgnored = "ignored" // the password logs in
	CertificateAlone   = "alone"   // the certificate logs in, and no password does
	CertificateBoth    = "both"    // both are needed
	CertificateEither  = "either"  // each of them is enough
)

// Reasons why a certificate does not log in, for the log; the peer sees one answer
// (S-12).
var (
	ErrNoCertificate    = errors.New("no client certificate was shown")
	ErrWrongCertificate = errors.New("the client certificate is not this account's")

	errPasswordOff = errors.New("the account logs in by certificate only")
)

// CertificatePolicy is what the certificates of clients mean for the login of one
// account.
//
// Where the listener requires certificates (Credentials.CertificateRequired), no login
// goes without one that an authority vouches for, or whose key is among the Rules,
// whatever the Mode: a certificate that anybody can make would require nothing.
type CertificatePolicy struct {
	// Account is whose it is.
	Account string
	// Mode is one of the values above; empty: CertificateBoth where the listener
	// requires certificates, else CertificateIgnored.
	Mode string
	// Rules say which certificates are the account's; none: those whose common name
	// is Account.
	Rules []CertificateRule
}

// Shown reports, by nil, that the client has shown a certificate of the account. Else the
// error says why not: ErrNoCertificate, ErrWrongCertificate, or why nobody vouches for it.
func (p CertificatePolicy) Shown(c Credentials) error {
	rules := p.Rules
	if len(rules) == 0 {
		rules = []CertificateRule{{Kind: CertificateCN, Value: p.Account}}
	}
	switch {
	case c.Certificate == nil:
		return ErrNoCertificate
	case slices.ContainsFunc(rules, func(r CertificateRule) bool { return r.Matches(c) }):
		return nil
	case c.CertificateErr != nil:
		return c.CertificateErr
	}
	return ErrWrongCertificate
}

// WithPassword judges a login whose password is right, or of no meaning for the Mode. The
// error wraps ErrDenied.
func (p CertificatePolicy) WithPassword(c Credentials) error {
	var err error
	switch p.mode(c) {
	case CertificateAlone:
		if err = p.Shown(c); err == nil {
			err = errPasswordOff
		}
	case CertificateBoth:
		err = p.Shown(c)
	default:
		if vouched := c.Certificate != nil && c.CertificateErr == nil; c.CertificateRequired && !vouched {
			err = p.Shown(c)
		}
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDenied, err)
	}
	return nil
}

// WithoutPassword judges a login by the certificate alone (Credentials.NoPassword). The
// error wraps ErrPassword.
func (p CertificatePolicy) WithoutPassword(c Credentials) error {
	if mode := p.mode(c); mode != CertificateAlone && mode != CertificateEither {
		return ErrPassword
	}
	if err := p.Shown(c); err != nil {
		return fmt.Errorf("%w: %w", ErrPassword, err)
	}
	return nil
}

func (p CertificatePolicy) mode(c Credentials) string {
	switch {
	case p.Mode != "":
		return p.Mode
	case c.CertificateRequired:
		return CertificateBoth
	}
	return CertificateIgnored
}
