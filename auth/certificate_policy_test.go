package auth

import (
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"testing"
)

// S-12: what certificate and password are worth, for each mode of an account and by
// each listener. Where the listener requires certificates, one that nobody vouches for
// opens nothing, whatever the mode.
func TestCertificatePolicy(t *testing.T) {
	unknown := errors.New("unknown authority")
	mine := &x509.Certificate{Subject: pkix.Name{CommonName: "anna"}, RawSubjectPublicKeyInfo: []byte("key")}
	bobs := &x509.Certificate{Subject: pkix.Name{CommonName: "bob"}, RawSubjectPublicKeyInfo: []byte("other")}
	sum := sha256.Sum256([]byte("key"))
	pinned := []CertificateRule{{CertificateKey, base64.StdEncoding.EncodeToString(sum[:])}}
	shown := map[string]Credentials{
		"none": {}, "own": {Certificate: mine}, "bob's": {Certificate: bobs},
		"made up": {Certificate: mine, CertificateErr: unknown}, "bob's, made up": {Certificate: bobs, CertificateErr: unknown},
	}
	type want struct{ with, alone string } // reasons; "" lets in
	const (
		none, other, self, only, ask = "no client certificate was shown", "the client certificate is not this account's", "unknown authority", "the account logs in by certificate only", "the password is needed"
	)
	strict := map[string]want{"none": {none, ask}, "own": {"", ask}, "bob's": {other, ask}, "made up": {self, ask}, "bob's, made up": {self, ask}}
	for _, tc := range []struct {
		mode     string
		required bool
		rules    []CertificateRule
		want     map[string]want
	}{
		{"", false, nil, map[string]want{"none": {"", ask}, "own": {"", ask}, "bob's": {"", ask}, "made up": {"", ask}, "bob's, made up": {"", ask}}},
		{CertificateIgnored, false, nil, map[string]want{"none": {"", ask}, "own": {"", ask}, "bob's": {"", ask}, "made up": {"", ask}, "bob's, made up": {"", ask}}},
		{CertificateIgnored, true, nil, map[string]want{"none": {none, ask}, "own": {"", ask}, "bob's": {"", ask}, "made up": {self, ask}, "bob's, made up": {self, ask}}},
		{"", true, nil, strict},
		{CertificateBoth, false, nil, strict},
		{CertificateBoth, true, nil, strict},
		{CertificateBoth, true, pinned, map[string]want{"none": {none, ask}, "own": {"", ask}, "bob's": {other, ask}, "made up": {"", ask}, "bob's, made up": {self, ask}}},
		{CertificateAlone, false, nil, map[string]want{"none": {none, none}, "own": {only, ""}, "bob's": {other, other}, "made up": {self, self}, "bob's, made up": {self, self}}},
		{CertificateAlone, true, pinned, map[string]want{"none": {none, none}, "own": {only, ""}, "bob's": {other, other}, "made up": {only, ""}, "bob's, made up": {self, self}}},
		{CertificateEither, false, nil, map[string]want{"none": {"", none}, "own": {"", ""}, "bob's": {"", other}, "made up": {"", self}, "bob's, made up": {"", self}}},
		{CertificateEither, true, nil, map[string]want{"none": {none, none}, "own": {"", ""}, "bob's": {"", other}, "made up": {self, self}, "bob's, made up": {self, self}}},
		{CertificateEither, true, pinned, map[string]want{"none": {none, none}, "own": {"", ""}, "bob's": {"", other}, "made up": {"", ""}, "bob's, made up": {self, self}}},
	} {
		p := CertificatePolicy{Account: "anna", Mode: tc.mode, Rules: tc.rules}
		for name, c := range shown {
			c.CertificateRequired = tc.required
			want := tc.want[name]
			if err := p.WithPassword(c); !says(err, ErrDenied, want.with) {
				t.Errorf("%q, required %t, pinned %t, %s, with the password: %v, want %q", tc.mode, tc.required, tc.rules != nil, name, err, want.with)
			}
			if err := p.WithoutPassword(c); !says(err, ErrPassword, want.alone) {
				t.Errorf("%q, required %t, pinned %t, %s, alone: %v, want %q", tc.mode, tc.required, tc.rules != nil, name, err, want.alone)
			}
		}
	}
}

// says reports whether err wraps kind, and the reason stands behind it; "" is no error.
func says(err, kind error, reason string) bool {
	switch {
	case reason == "" || err == nil:
		return reason == "" && err == nil
	case reason == kind.Error():
		return err.Error() == reason && errors.Is(err, kind)
	}
	return err.Error() == kind.Error()+": "+reason && errors.Is(err, kind)
}
