package certs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Why a client turns away from a server, besides ErrExpired, ErrNotYetValid and
// ErrPin. Every TrustError wraps one of them.
var (
	ErrUnknownAuthority = errors.New("no authority that is trusted vouches for it")
	ErrNameMismatch     = errors.New("the certificate is made for another name")
	ErrRevoked          = errors.New("the certificate has been revoked")
	ErrChangedKey       = errors.New("the server's key has changed")
	ErrWeakKey          = errors.New("the certificate is too weak")
	ErrDowngrade        = errors.New("the server has fallen back to an older TLS")
)

// TrustError says why a server is not trusted.
type TrustError struct {
	// Reason is ErrUnknownAuthority, ErrNameMismatch, ErrExpired, ErrNotYetValid,
	// ErrRevoked, ErrChangedKey, ErrWeakKey, ErrDowngrade or ErrPin.
	Reason error
	// State is the connection's, with the certificates that were shown, the
	// server's own first. Nothing in them is proven.
	State tls.ConnectionState
	// Known is what was known of the server, or nil.
	Known *KnownHost

	detail string
	cause  error // of package crypto/x509, or nil
}

// Error names the reason and what is wrong. Text of the certificate is in it.
func (e *TrustError) Error() string {
	if e.detail == "" {
		return e.Reason.Error()
	}
	return e.Reason.Error() + ": " + e.detail
}

// Unwrap gives the reason, and an error of package crypto/x509 if there is one.
func (e *TrustError) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Reason}
	}
	return []error{e.Reason, e.cause}
}

// Leaf is the server's own certificate.
func (e *TrustError) Leaf() *x509.Certificate { return e.State.PeerCertificates[0] }

// Verifier judges the certificate of one server. Its VerifyConnection is meant
// for a [tls.Config] whose InsecureSkipVerify is set, because it does what
// crypto/tls would do, and more: it says which of several things is wrong, and
// knows servers by their keys.
//
// A certificate is trusted when it is valid now, strong (RSA from 2048 bits,
// elliptic curves from 224 bits, no signature with MD5 or SHA-1), not revoked,
// and an authority of Roots vouches for it and for the name (RFC 9525: the
// subject alternative names count, the common name does not). The word of a
// person stands above that of an authority: where Known is a trusted key, that
// key and no other is accepted, whatever its name and authority.
type Verifier struct {
	// Host is the name or address that the user gave, Port the port.
	Host, Port string
	// Roots are the authorities; nil means those of the system.
	Roots *x509.CertPool
	// Pins, if there are any, take the place of everything else but the strength
	// of the key: the certificate must hold one of these keys.
	Pins []Pin
	// Known is what is known of the server, or nil.
	Known *KnownHost
	// Revoked are lists of revoked certificates (RFC 5280 §5). One counts for the
	// certificates of the authority that has signed it.
	Revoked []*x509.RevocationList
	// AllowDowngrade accepts TLS 1.2 from a server that is known to speak 1.3.
	AllowDowngrade bool
	// Now gives the time; nil means time.Now.
	Now func() time.Time
}

// VerifyConnection is for [tls.Config.VerifyConnection]. A connection that
// resumes a session has been judged when that began: then only dates, key and
// version are looked at. Its errors are of type *TrustError, but for a server
// without a certificate.
func (v *Verifier) VerifyConnection(cs tls.ConnectionState) error {
	if len(cs.PeerCertificates) == 0 {
		return fmt.Errorf("%w: it shows no certificate", ErrUnknownAuthority)
	}
	leaf := cs.PeerCertificates[0]
	fail := func(reason error, cause error, format string, args ...any) error {
		return &TrustError{Reason: reason, State: cs, Known: v.Known, detail: fmt.Sprintf(format, args...), cause: cause}
	}
	if why := weakKey(leaf); why != "" {
		return fail(ErrWeakKey, nil, "%s", why)
	}
	if len(v.Pins) > 0 {
		if err := VerifyPin(v.Pins, cs); err != nil {
			return fail(ErrPin, nil, "%s", strings.TrimPrefix(err.Error(), ErrPin.Error()+": "))
		}
		return nil
	}
	known := v.Known != nil && v.Known.Key == PinOf(leaf)
	if v.Known != nil && v.Known.Trusted && !known {
		return fail(ErrChangedKey, nil, "%s", v.changes(leaf))
	}
	if v.Known != nil && v.Known.TLS13 && cs.Version < tls.VersionTLS13 && !v.AllowDowngrade {
		return fail(ErrDowngrade, nil, "it spoke TLS 1.3 before (last seen on %s), and now %s",
			day(v.Known.Last), tls.VersionName(cs.Version))
	}
	now := v.now()
	switch {
	case now.After(leaf.NotAfter):
		return fail(ErrExpired, nil, "on %s", day(leaf.NotAfter))
	case now.Before(leaf.NotBefore):
		return fail(ErrNotYetValid, nil, "it begins on %s", day(leaf.NotBefore))
	case cs.DidResume:
		return nil
	}
	if why := weakSignature(leaf); why != "" {
		return fail(ErrWeakKey, nil, "%s", why)
	}
	chains, chainErr := v.chains(cs, now)
	if when, ok := v.revoked(cs, chains); ok {
		return fail(ErrRevoked, nil, "by its authority, on %s", day(when))
	}
	if v.Known != nil && v.Known.Trusted {
		return nil
	}
	if chainErr != nil {
		detail, reason := chainReason(cs, chainErr)
		if reason == ErrUnknownAuthority && v.Known != nil && !known {
			// One that an authority vouched for is not to become one that a person
			// is asked about, just because somebody stands in between.
			return fail(ErrChangedKey, chainErr, "no authority vouches for the new one; %s", v.changes(leaf))
		}
		return fail(reason, chainErr, "%s", detail)
	}
	if why := weakChain(chains); why != "" {
		return fail(ErrWeakKey, nil, "%s", why)
	}
	if err := leaf.VerifyHostname(v.name()); err != nil {
		return fail(ErrNameMismatch, err, "it is for %s, and not for %s", Names(leaf), v.Host)
	}
	return nil
}

func (v *Verifier) now() time.Time {
	if v.Now == nil {
		return time.Now()
	}
	return v.Now()
}

// name is the host as a certificate can hold it: without the zone of an IPv6
// address and without a final dot.
func (v *Verifier) name() string {
	name, _, _ := strings.Cut(v.Host, "%")
	return strings.TrimSuffix(name, ".")
}

func (v *Verifier) chains(cs tls.ConnectionState, now time.Time) ([][]*x509.Certificate, error) {
	between := x509.NewCertPool()
	for _, c := range cs.PeerCertificates[1:] {
		between.AddCert(c)
	}
	return cs.PeerCertificates[0].Verify(x509.VerifyOptions{
		Roots: v.Roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
}

// chainReason finds what is wrong with certificates that lead to no authority.
func chainReason(cs tls.ConnectionState, err error) (detail string, reason error) {
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		// The leaf was looked at before: it is one of its issuers.
		return "that of its authority, which was sent with it", ErrExpired
	}
	for _, c := range cs.PeerCertificates[1:] {
		why := weakKey(c)
		if why == "" && !selfIssued(c) {
			why = weakSignature(c)
		}
		if why != "" {
			return why, ErrWeakKey
		}
	}
	leaf := cs.PeerCertificates[0]
	if selfIssued(leaf) {
		return "its certificate is signed by itself", ErrUnknownAuthority
	}
	return "its certificate is signed by " + shorten([]string{leaf.Issuer.String()}), ErrUnknownAuthority
}

func selfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawIssuer, c.RawSubject) }

// changes sets the known key beside the one that is shown.
func (v *Verifier) changes(leaf *x509.Certificate) string {
	return fmt.Sprintf("%s was known by %s (first seen on %s, last on %s), and now shows %s (valid from %s)",
		net.JoinHostPort(v.Host, v.Port), v.Known.Key, day(v.Known.First), day(v.Known.Last), PinOf(leaf), day(leaf.NotBefore))
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// Names gives the names and addresses that a certificate is made for, at most
// eight of them. They are text of a stranger.
func Names(cert *x509.Certificate) string {
	names := append([]string(nil), cert.DNSNames...)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "no name"
	}
	return shorten(names)
}
