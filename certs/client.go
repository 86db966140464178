package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// ErrNotForClients says that a certificate was made for another use.
var ErrNotForClients = errors.New("the certificate is not made for clients")

// ClientVerifier judges certificates that clients show to a server. The zero value
// trusts nobody. It does not change once it is in use.
type ClientVerifier struct {
	// Roots are the authorities that may vouch for clients. Those of the system are
	// never asked: they vouch for web servers of all the world.
	Roots *x509.CertPool
	// Revoked are lists of revoked certificates (RFC 5280 §5). One counts for the
	// certificates of the authority that has signed it.
	Revoked []*x509.RevocationList
	// Now gives the time; nil means time.Now.
	Now func() time.Time
}

// Verify reports whether an authority vouches for chain[0], by way of the others, which
// the client has sent along: nil, or an error that wraps ErrUnknownAuthority, ErrExpired,
// ErrNotYetValid, ErrNotForClients, ErrRevoked or ErrWeakKey, and is for the log: text of
// the certificate is not in it. The work is bounded: a chain has 16 certificates at most,
// crypto/x509 tries 100 signatures, and crypto/tls takes no RSA key above 8192 bits.
func (v *ClientVerifier) Verify(chain []*x509.Certificate) error {
	if len(chain) == 0 || v.Roots == nil {
		return ErrUnknownAuthority
	}
	if len(chain) > maxChain { // each may stand above each other: the ways to an authority grow faster than they do
		return fmt.Errorf("%w: it came in a chain of %d certificates, where %d are the most", ErrUnknownAuthority, len(chain), maxChain)
	}
	now := time.Now()
	if v.Now != nil {
		now = v.Now()
	}
	leaf := chain[0]
	switch why := weakKey(leaf); {
	case why != "":
		return fmt.Errorf("%w: %s", ErrWeakKey, why)
	case now.After(leaf.NotAfter):
		return fmt.Errorf("%w on %s", ErrExpired, day(leaf.NotAfter))
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("%w: it begins on %s", ErrNotYetValid, day(leaf.NotBefore))
	}
	if why := weakSignature(leaf); why != "" {
		return fmt.Errorf("%w: %s", ErrWeakKey, why)
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	chains, err := leaf.Verify(x509.VerifyOptions{Roots: v.Roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	if err != nil {
		return clientReason(err)
	}
	if why := weakChain(chains); why != "" {
		return fmt.Errorf("%w: %s", ErrWeakKey, why)
	}
	lists := Verifier{Revoked: v.Revoked}
	if when, ok := lists.revoked(tls.ConnectionState{PeerCertificates: chain}, chains); ok {
		return fmt.Errorf("%w on %s", ErrRevoked, day(when))
	}
	return nil
}

// clientReason tells the reasons of crypto/x509 apart.
func clientReason(err error) error {
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) {
		switch invalid.Reason {
		case x509.IncompatibleUsage:
			return ErrNotForClients
		case x509.Expired:
			return fmt.Errorf("%w: that of its authority", ErrExpired)
		}
	}
	return ErrUnknownAuthority
}
