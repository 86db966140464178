package auth

import (
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"
)

func TestParseCertificateRule(t *testing.T) {
	pin := base64.StdEncoding.EncodeToString(make([]byte, 32))
	for text, good := range map[string]bool{
		"email:anna@example.org": true, "uri:urn:device:7": true, "cn:Anna B. = C/D": true, "sha256/" + pin: true, "cn::": true,
		"": false, "cn:": false, "cn": false, "anna": false, "email": false, "dns:a.example": false, "CN:anna": false, "sha256/" + pin[1:]: false,
		"sha256:" + pin: false, "sha256/": false, "cn:a\x00b": false, "cn:a\nb": false, "cn:" + strings.Repeat("a", 1025): false,
	} {
		r, err := ParseCertificateRule(text)
		if (err == nil) != good || err != nil && !errors.Is(err, ErrCertificateRule) {
			t.Errorf("%.40q: %v", text, err)
		}
		if good && r.String() != text {
			t.Errorf("%q became %q", text, r)
		}
	}
}

func FuzzParseCertificateRule(f *testing.F) {
	for _, s := range []string{"email:a@b", "sha256/AAAA", "cn:x", "uri:", ":"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if r, err := ParseCertificateRule(s); err == nil && r.String() != s {
			t.Errorf("%q became %q", s, r)
		}
	})
}

// S-12, V-28: a rule holds for what is written in the certificate, byte for byte, and only
// if an authority vouches for it; a rule for a key needs no authority.
func TestCertificateRuleMatches(t *testing.T) {
	device, err := url.Parse("urn:device:7")
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{
		Subject: pkix.Name{CommonName: "anna"}, EmailAddresses: []string{"other@example.org", "Anna@Example.ORG"}, URIs: []*url.URL{device},
		RawSubjectPublicKeyInfo: []byte("the key"),
	}
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	key := "sha256/" + base64.StdEncoding.EncodeToString(sum[:])
	for text, want := range map[string]bool{
		"cn:anna": true, "email:Anna@example.org": true, "email:other@EXAMPLE.org": true, "uri:urn:device:7": true, key: true,
		"cn:Anna": false, "cn:ann": false, "cn:annab": false, "email:anna@example.org": false, "email:anna": false, "uri:urn:device:77": false,
		"uri:urn:Device:7": false, "sha256/" + base64.StdEncoding.EncodeToString(make([]byte, 32)): false,
	} {
		r, err := ParseCertificateRule(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Matches(Credentials{Certificate: cert}); got != want {
			t.Errorf("%s: %t", text, got)
		}
		doubtful := Credentials{Certificate: cert, CertificateErr: errors.New("nobody vouches for it")}
		if got := r.Matches(doubtful); got != (text == key) {
			t.Errorf("%s, with nobody to vouch: %t", text, got)
		}
		if r.Matches(Credentials{}) {
			t.Errorf("%s holds without a certificate", text)
		}
	}
}
