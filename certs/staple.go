package certs

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/ocsp"
)

// ErrStaple says that an OCSP response cannot be shown to clients.
var ErrStaple = errors.New("the OCSP response is not usable")

// WithStaple gives the pair with an OCSP response to staple (RFC 6066 §8), in DER as
// the certificate's authority signed it ("openssl ocsp -respout"), and the time at
// which it ends, which is zero if it does not say. The response must be for this
// certificate, say that it is good, and be of the time now; and where the chain has
// the issuer, its signature must be the issuer's. Else the error wraps ErrStaple.
func (p Pair) WithStaple(der []byte, now time.Time) (Pair, time.Time, error) {
	var issuer *x509.Certificate // nil: it is the client that has it, and looks at the signature
	switch chain := p.Certificate.Certificate; {
	case len(chain) == 1 && string(p.Leaf.RawIssuer) == string(p.Leaf.RawSubject):
		issuer = p.Leaf
	case len(chain) > 1:
		parsed, err := x509.ParseCertificate(chain[1])
		if err != nil {
			return p, time.Time{}, fmt.Errorf("%w: %w", ErrBadFile, err)
		}
		issuer = parsed
	}
	response, err := ocsp.ParseResponseForCert(der, p.Leaf, issuer)
	switch {
	case err != nil:
		return p, time.Time{}, fmt.Errorf("%w: %w", ErrStaple, err)
	case response.Status == ocsp.Revoked:
		return p, time.Time{}, fmt.Errorf("%w: it says that the certificate was revoked on %s", ErrStaple, response.RevokedAt.UTC().Format(time.DateOnly))
	case response.Status != ocsp.Good:
		return p, time.Time{}, fmt.Errorf("%w: it does not know the certificate", ErrStaple)
	case now.Before(response.ThisUpdate):
		return p, time.Time{}, fmt.Errorf("%w: its time has not come", ErrStaple)
	case !response.NextUpdate.IsZero() && now.After(response.NextUpdate):
		return p, time.Time{}, fmt.Errorf("%w: its time ended on %s", ErrStaple, response.NextUpdate.UTC().Format(time.DateTime))
	}
	p.Certificate.OCSPStaple = der
	return p, response.NextUpdate, nil
}
