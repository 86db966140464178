package auth

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// CertificateRule names one client certificate, or many, by what is in it.
type CertificateRule struct {
	Kind  CertificateKind `json:"kind"`
	Value string          `json:"value"`
}

// CertificateKind says what of a certificate a rule is about.
type CertificateKind string

// The kinds of rules. All but CertificateKey ask for a certificate that an authority
// vouches for: anybody can write any name into one of their own.
const (
	CertificateEmail CertificateKind = "email"  // an address in its SAN; byte for byte, the domain in any case
	CertificateURI   CertificateKind = "uri"    // a URI in its SAN, byte for byte
	CertificateCN    CertificateKind = "cn"     // the common name of its subject, byte for byte
	CertificateKey   CertificateKind = "sha256" // its key: base64 of the SHA-256 of its SubjectPublicKeyInfo (RFC 7469 §2.4)
)

// maxRule bounds the value of a rule, in bytes.
const maxRule = 1024

// ErrCertificateRule is wrapped by the errors of ParseCertificateRule.
var ErrCertificateRule = errors.New("not a rule for certificates")

// ParseCertificateRule reads "email:anna@example.org", "uri:urn:device:7", "cn:anna" or
// "sha256/BASE64", as pins are written everywhere. The error is for whoever wrote it.
func ParseCertificateRule(text string) (CertificateRule, error) {
	if pin, ok := strings.CutPrefix(text, string(CertificateKey)+"/"); ok {
		raw, err := base64.StdEncoding.DecodeString(pin)
		if err != nil || len(raw) != sha256.Size {
			return CertificateRule{}, fmt.Errorf("%w: %.60q is not the SHA-256 of a key in base64", ErrCertificateRule, text)
		}
		return CertificateRule{CertificateKey, pin}, nil
	}
	kind, value, _ := strings.Cut(text, ":")
	r := CertificateRule{CertificateKind(kind), value}
	switch r.Kind {
	case CertificateEmail, CertificateURI, CertificateCN:
	default:
		return CertificateRule{}, fmt.Errorf("%w: %.60q; write email:ADDRESS, uri:URI, cn:NAME or sha256/BASE64", ErrCertificateRule, text)
	}
	if value == "" || len(value) > maxRule || strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return CertificateRule{}, fmt.Errorf("%w: what stands behind %s: is empty, too long, or not text", ErrCertificateRule, kind)
	}
	return r, nil
}

// String writes the rule as ParseCertificateRule reads it.
func (r CertificateRule) String() string {
	if r.Kind == CertificateKey {
		return string(r.Kind) + "/" + r.Value
	}
	return string(r.Kind) + ":" + r.Value
}

// Matches reports whether the client has shown a certificate that r is about.
func (r CertificateRule) Matches(c Credentials) bool {
	switch {
	case c.Certificate == nil:
		return false
	case r.Kind == CertificateKey: // the handshake has proven the key
		sum := sha256.Sum256(c.Certificate.RawSubjectPublicKeyInfo)
		return base64.StdEncoding.EncodeToString(sum[:]) == r.Value
	}
	return c.CertificateErr == nil && r.names(c.Certificate)
}

func (r CertificateRule) names(c *x509.Certificate) bool {
	switch r.Kind {
	case CertificateEmail:
		return slices.ContainsFunc(c.EmailAddresses, func(s string) bool { return mailbox(s) == mailbox(r.Value) })
	case CertificateURI:
		for _, u := range c.URIs {
			if u.String() == r.Value {
				return true
			}
		}
	case CertificateCN:
		return c.Subject.CommonName == r.Value
	}
	return false
}

// mailbox folds the domain of an address, which is all that RFC 5280 §4.2.1.6 folds.
func mailbox(s string) string {
	at := strings.LastIndexByte(s, '@')
	return s[:at+1] + strings.ToLower(s[at+1:])
}
