package certs

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
)

// fixed is a certificate whose fingerprint and pin were computed by OpenSSL 3:
//
//	openssl x509 -in fixed.pem -noout -fingerprint -sha256
//	openssl x509 -in fixed.pem -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64
const fixed = `-----BEGIN CERTIFICATE-----
MIIBhjCCAS2gAwIBAgIUFabpCBxVrRYV1HFGkE1U5WdXAMswCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNZml4ZWQuZXhhbXBsZTAgFw0yNjExMjEwMjQ1NDNaGA8yMTI2
MTAyODAyNDU0M1owGDEWMBQGA1UEAwwNZml4ZWQuZXhhbXBsZTBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABOUMCGSHooHRlLOxzPynF3EJaliwHVDeI9oIRSq4qH11
xZCovCJwj01DPb5WZcVSWkQjSXg5bDIWjF4BxHgYS7ujUzBRMB0GA1UdDgQWBBQW
pvCQoopZA9Y1wohLrqlpLp3raTAfBgNVHSMEGDAWgBQWpvCQoopZA9Y1wohLrqlp
Lp3raTAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIB8US54mZjGt
ruDw4BD/RNaQ2aGJC/T4MlZPdXPS5F9JAiAs/aU4zeEuVa2kutRR216AFAX/x/5x
6mwxQpp+zBE9dg==
-----END CERTIFICATE-----
`

const (
	fixedFingerprint = "37:17:5F:2C:C3:FB:1C:EB:73:08:30:CF:F3:98:EA:7C:83:72:AC:8D:2B:5E:91:25:86:2B:5F:19:88:04:BD:FF"
	fixedPin         = "sXNiSKgLzXzsusMwt/JlbaIWAfV5mhIrypZBJIl0oBY="
)

func fixedCert(t *testing.T) *x509.Certificate {
	t.Helper()
	b, _ := pem.Decode([]byte(fixed))
	c, err := x509.ParseCertificate(b.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFingerprintAndPinAsOpenSSL(t *testing.T) {
	c := fixedCert(t)
	if got := Fingerprint(c); got != fixedFingerprint {
		t.Errorf("fingerprint %s", got)
	}
	if got := PinSPKI(c); got != "sha256/"+fixedPin {
		t.Errorf("pin %s", got)
	}
	if got := PinOf(c).Curl(); got != "sha256//"+fixedPin {
		t.Errorf("curl's pin %s", got)
	}
}

func TestParsePin(t *testing.T) {
	want := PinOf(fixedCert(t))
	slash := "/" + strings.Repeat("A", 42) + "=" // a digest whose BASE64 begins with a slash itself
	for _, s := range []string{"sha256/" + fixedPin, "sha256//" + fixedPin} {
		if got, err := ParsePin(s); err != nil || got != want {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"sha256/" + slash, "sha256//" + slash} {
		if got, err := ParsePin(s); err != nil || got.String() != "sha256/"+slash {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", fixedPin, "sha256/", "sha1/" + fixedPin, "SHA256/" + fixedPin, "sha256///" + fixedPin,
		"sha256/" + fixedPin[:43], "sha256/" + fixedPin + "\n", "sha256/\n" + fixedPin, "sha256/" + strings.Repeat("A", 44),
		"sha256/" + fixedPin[:42] + "@=", "sha256/" + strings.Repeat("A", 42) + "B=", "sha256/" + fixedFingerprint} {
		if got, err := ParsePin(s); err == nil {
			t.Errorf("%q was taken as %v", s, got)
		}
	}
}

func TestVerifyPin(t *testing.T) {
	leaf := fixedCert(t)
	other, _ := pairPEM(t)
	issuer := parse(t, other)
	shown := func(c ...*x509.Certificate) tls.ConnectionState { return tls.ConnectionState{PeerCertificates: c} }
	right, wrong := PinOf(leaf), PinOf(issuer)
	for _, tc := range []struct {
		name string
		pins []Pin
		cs   tls.ConnectionState
		ok   bool
	}{
		{"right", []Pin{right}, shown(leaf), true},
		{"one of several", []Pin{wrong, right, wrong}, shown(leaf, issuer), true},
		{"wrong", []Pin{wrong}, shown(leaf), false},
		{"only the issuer", []Pin{wrong}, shown(leaf, issuer), false},
		{"no pins", nil, shown(leaf), false},
		{"no certificate", []Pin{right, {}}, shown(), false},
	} {
		err := VerifyPin(tc.pins, tc.cs)
		if tc.ok != (err == nil) || (err != nil && !errors.Is(err, ErrPin)) {
			t.Errorf("%s: error %v, want success %v", tc.name, err, tc.ok)
		}
		if len(tc.cs.PeerCertificates) > 0 && err != nil && !strings.Contains(err.Error(), right.String()) {
			t.Errorf("%s: error %q does not show the key", tc.name, err)
		}
	}
}
