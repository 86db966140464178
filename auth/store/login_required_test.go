package store

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"testing"

	"github.com/sealane/sealane/auth"
)

// S-12: an account that says nothing of certificates needs one of its own where the listener
// requires certificates, and none elsewhere; one that ignores them needs one that
// somebody vouches for.
func TestLoginWhereCertificatesAreRequired(t *testing.T) {
	mine := &x509.Certificate{Subject: pkix.Name{CommonName: "anna"}}
	other := &x509.Certificate{Subject: pkix.Name{CommonName: "bob"}}
	unknown := errors.New("unknown authority")
	ignored := CertificateIgnored
	for _, tc := range []struct {
		name              string
		mode              *string
		cert              *x509.Certificate
		err               error
		asked, demandedIn bool
	}{
		{"unset, own", nil, mine, nil, true, true},
		{"unset, another's", nil, other, nil, true, false},
		{"unset, made up", nil, mine, unknown, true, false},
		{"unset, none", nil, nil, nil, true, false},
		{"ignored, another's", &ignored, other, nil, true, true},
		{"ignored, made up", &ignored, mine, unknown, true, false},
		{"ignored, none", &ignored, nil, nil, true, false},
	} {
		for required, want := range map[bool]bool{false: tc.asked, true: tc.demandedIn} {
			l, _, _ := newTestLogin(t, Account{Name: "anna", PasswordHash: "=pw", Settings: Settings{Certificate: tc.mode}})
			_, err := l.Login(t.Context(), auth.Credentials{User: "anna", Password: "pw", Certificate: tc.cert, CertificateErr: tc.err, CertificateRequired: required})
			if (err == nil) != want || err != nil && !errors.Is(err, auth.ErrDenied) {
				t.Errorf("%s, required %t: %v", tc.name, required, err)
			}
		}
	}
}
