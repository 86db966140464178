package certs

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// ErrPin is what VerifyPin returns, wrapped, when the server's key is not one
// of the pinned ones.
var ErrPin = errors.New("the server's key is not the pinned one")

// Fingerprint gives the SHA-256 of the whole certificate as upper-case hex with
// colons: what "openssl x509 -fingerprint -sha256" prints and FileZilla shows.
func Fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}

// Pin is the SHA-256 of a certificate's SubjectPublicKeyInfo (RFC 7469 §2.4).
// It names the key, so it outlives a renewal of the certificate with the same
// key.
type Pin [sha256.Size]byte

// PinOf gives the pin of the certificate's key.
func PinOf(cert *x509.Certificate) Pin { return sha256.Sum256(cert.RawSubjectPublicKeyInfo) }

// String gives the pin as sha256/BASE64, the form that Sealane prints.
func (p Pin) String() string { return "sha256/" + base64.StdEncoding.EncodeToString(p[:]) }

// Curl gives the pin as sha256//BASE64, the form of curl's --pinnedpubkey.
func (p Pin) Curl() string { return "sha256//" + base64.StdEncoding.EncodeToString(p[:]) }

// PinSPKI is PinOf(cert).String().
func PinSPKI(cert *x509.Certificate) string { return PinOf(cert).String() }

// ParsePin reads a pin in either form, sha256/BASE64 or sha256//BASE64. The
// error says what is wrong with s and holds s itself.
func ParsePin(s string) (Pin, error) {
	text, ok := strings.CutPrefix(s, "sha256/")
	if !ok {
		return Pin{}, fmt.Errorf("certs: pin %q does not begin with sha256/; copy it as the server printed it", s)
	}
	// A digest of 32 bytes ends in "=", so that its BASE64 has 44 characters: the
	// second slash of curl's form is told apart from one of BASE64 by length.
	if len(text) == base64.StdEncoding.EncodedLen(sha256.Size)+1 {
		text = strings.TrimPrefix(text, "/")
	}
	var p Pin
	sum, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(sum) != len(p) || strings.ContainsAny(text, "\r\n") {
		return Pin{}, fmt.Errorf("certs: pin %q is not the BASE64 of a SHA-256 digest (44 characters after sha256/); copy it whole", s)
	}
	copy(p[:], sum)
	return p, nil
}

// VerifyPin checks that the peer's own certificate, never one further up its
// chain, has one of the pinned keys. It is meant for
// [tls.Config.VerifyConnection], which also runs when a session is resumed. The
// error wraps ErrPin and names the key that was shown. No pins at all is an
// error too, so that a forgotten list does not trust everybody.
func VerifyPin(pins []Pin, cs tls.ConnectionState) error {
	if len(cs.PeerCertificates) == 0 {
		return fmt.Errorf("%w: it showed no certificate", ErrPin)
	}
	shown := PinOf(cs.PeerCertificates[0])
	found := 0
	for _, p := range pins {
		found |= subtle.ConstantTimeCompare(p[:], shown[:])
	}
	if found == 0 {
		return fmt.Errorf("%w: it shows %s; ask the server's owner whether the key was changed", ErrPin, shown)
	}
	return nil
}
