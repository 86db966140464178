package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// testNow is the time of these tests.
func testNow() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }

type issuer struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func newKey(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// issue signs template, for a year around testNow unless it says otherwise.
func (by *issuer) issue(t *testing.T, key crypto.Signer, template x509.Certificate) *issuer {
	t.Helper()
	serial, err := newSerial()
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = serial
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = testNow().AddDate(0, -6, 0), testNow().AddDate(0, 6, 0)
	}
	if template.Subject.CommonName == "" {
		template.Subject.CommonName = serial.String()
	}
	template.BasicConstraintsValid = true
	if by == nil {
		by = &issuer{&template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, by.cert, key.Public(), by.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &issuer{cert, key}
}

func newAuthority(t *testing.T) (*issuer, *x509.CertPool) {
	t.Helper()
	ca := (*issuer)(nil).issue(t, newKey(t), x509.Certificate{IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign})
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	return ca, roots
}

func shown(version uint16, chain ...*issuer) tls.ConnectionState {
	cs := tls.ConnectionState{Version: version, HandshakeComplete: true}
	for _, c := range chain {
		cs.PeerCertificates = append(cs.PeerCertificates, c.cert)
	}
	return cs
}

// C-07, R-160, V-28: each reason to turn away has an error of its own. Names count
// by the subject alternative name alone; the wildcard is the left-most label; a
// NUL does not end a name.
func TestVerifier_C07_R160_V28(t *testing.T) {
	ca, roots := newAuthority(t)
	other, _ := newAuthority(t)
	between := ca.issue(t, newKey(t), x509.Certificate{IsCA: true, KeyUsage: x509.KeyUsageCertSign})
	year := 365 * 24 * time.Hour
	dns := func(names ...string) *issuer { return ca.issue(t, newKey(t), x509.Certificate{DNSNames: names}) }
	good := dns("files.example")
	self := (*issuer)(nil).issue(t, newKey(t), x509.Certificate{DNSNames: []string{"files.example"}})
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	ip := ca.issue(t, newKey(t), x509.Certificate{IPAddresses: []net.IP{net.ParseIP("192.0.2.1"), net.ParseIP("fe80::1")}})
	expired := x509.Certificate{DNSNames: []string{"files.example"}, NotBefore: testNow().Add(-2 * year), NotAfter: testNow().Add(-year)}
	early := x509.Certificate{DNSNames: []string{"files.example"}, NotBefore: testNow().Add(year), NotAfter: testNow().Add(2 * year)}
	oldBetween := ca.issue(t, newKey(t), x509.Certificate{IsCA: true, KeyUsage: x509.KeyUsageCertSign, NotBefore: expired.NotBefore, NotAfter: expired.NotAfter})
	tests := []struct {
		name, host string
		chain      []*issuer
		want       error
	}{
		{"good", "files.example", []*issuer{good}, nil},
		{"good, final dot", "files.example.", []*issuer{good}, nil},
		{"good, upper case", "FILES.example", []*issuer{good}, nil},
		{"good, through another", "files.example", []*issuer{between.issue(t, newKey(t), x509.Certificate{DNSNames: []string{"files.example"}}), between}, nil},
		{"the one between is missing", "files.example", []*issuer{between.issue(t, newKey(t), x509.Certificate{DNSNames: []string{"files.example"}})}, ErrUnknownAuthority},
		{"signed by itself", "files.example", []*issuer{self}, ErrUnknownAuthority},
		{"other authority", "files.example", []*issuer{other.issue(t, newKey(t), x509.Certificate{DNSNames: []string{"files.example"}}), other}, ErrUnknownAuthority},
		{"other name", "mail.example", []*issuer{good}, ErrNameMismatch},
		{"common name only", "files.example", []*issuer{ca.issue(t, newKey(t), x509.Certificate{Subject: pkix.Name{CommonName: "files.example"}})}, ErrNameMismatch},
		{"wildcard", "files.example", []*issuer{dns("*.example")}, nil},
		{"wildcard, two labels", "a.files.example", []*issuer{dns("*.example")}, ErrNameMismatch},
		{"wildcard inside", "files.example", []*issuer{dns("f*.example")}, ErrNameMismatch},
		{"wildcard not left-most", "files.example", []*issuer{dns("files.*")}, ErrNameMismatch},
		{"address", "192.0.2.1", []*issuer{ip}, nil},
		{"address with zone", "fe80::1%eth0", []*issuer{ip}, nil},
		{"other address", "192.0.2.2", []*issuer{ip}, ErrNameMismatch},
		{"address as a name", "192.0.2.3", []*issuer{dns("192.0.2.3")}, ErrNameMismatch},
		{"NUL in the name", "files.example", []*issuer{dns("files.example\x00.evil.example")}, ErrNameMismatch},
		{"expired", "files.example", []*issuer{ca.issue(t, newKey(t), expired)}, ErrExpired},
		{"not yet valid", "files.example", []*issuer{ca.issue(t, newKey(t), early)}, ErrNotYetValid},
		{"authority expired", "files.example", []*issuer{oldBetween.issue(t, newKey(t), x509.Certificate{DNSNames: []string{"files.example"}}), oldBetween}, ErrExpired},
		{"for clients", "files.example", []*issuer{ca.issue(t, newKey(t), x509.Certificate{DNSNames: []string{"files.example"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})}, ErrUnknownAuthority},
		{"RSA 1024", "files.example", []*issuer{ca.issue(t, small, x509.Certificate{DNSNames: []string{"files.example"}})}, ErrWeakKey},
		{"nothing", "files.example", nil, ErrUnknownAuthority},
	}
	for _, tt := range tests {
		v := &Verifier{Host: tt.host, Port: "21", Roots: roots, Now: testNow}
		err := v.VerifyConnection(shown(tls.VersionTLS13, tt.chain...))
		if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// C-07, R-159: what is weak is refused although an authority vouches for it, and a
// pinned key too.
func TestWeak_C07_R159(t *testing.T) {
	small := &x509.Certificate{PublicKey: &ecdsa.PublicKey{Curve: &elliptic.CurveParams{BitSize: 192}}}
	if weakKey(small) == "" || weakKey(&x509.Certificate{PublicKey: "?"}) == "" {
		t.Error("a curve of 192 bits, or a key of unknown kind, is taken")
	}
	for _, bits := range []int{1024, 2047, 2048} {
		n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
		if weak := weakKey(&x509.Certificate{PublicKey: &rsa.PublicKey{N: n}}) != ""; weak != (bits < 2048) {
			t.Errorf("RSA %d: weak %v", bits, weak)
		}
	}
	ca, roots := newAuthority(t)
	leaf := ca.issue(t, newKey(t), x509.Certificate{DNSNames: []string{"files.example"}})
	sha1 := *leaf.cert
	sha1.SignatureAlgorithm = x509.ECDSAWithSHA1
	cs := shown(tls.VersionTLS13, &issuer{cert: &sha1})
	for _, known := range []*KnownHost{nil, {Key: PinOf(&sha1), Trusted: true}} {
		v := &Verifier{Host: "files.example", Port: "21", Roots: roots, Now: testNow, Known: known}
		if err := v.VerifyConnection(cs); !errors.Is(err, ErrWeakKey) {
			t.Errorf("SHA-1, known %v: %v", known != nil, err)
		}
	}
	weakBetween := *ca.cert
	weakBetween.RawIssuer, weakBetween.SignatureAlgorithm = []byte("other"), x509.SHA1WithRSA
	v := &Verifier{Host: "files.example", Port: "21", Roots: x509.NewCertPool(), Now: testNow}
	if err := v.VerifyConnection(shown(tls.VersionTLS13, leaf, &issuer{cert: &weakBetween})); !errors.Is(err, ErrWeakKey) {
		t.Errorf("SHA-1 under an issuer: %v", err)
	}
}

// C-07: a key that a person trusts stands above authorities, and one that an
// authority vouched for does not become one that is asked about.
func TestVerifierKnown_C07(t *testing.T) {
	ca, roots := newAuthority(t)
	leaf := ca.issue(t, newKey(t), x509.Certificate{DNSNames: []string{"files.example"}})
	self := (*issuer)(nil).issue(t, newKey(t), x509.Certificate{DNSNames: []string{"elsewhere.example"}})
	old := (*issuer)(nil).issue(t, newKey(t), x509.Certificate{NotBefore: testNow().AddDate(-2, 0, 0), NotAfter: testNow().AddDate(-1, 0, 0)})
	known := func(c *issuer, trusted bool) *KnownHost {
		return &KnownHost{Address: "files.example:21", Key: PinOf(c.cert), Trusted: trusted, First: testNow().AddDate(0, -2, 0), Last: testNow().AddDate(0, -1, 0), TLS13: true}
	}
	tests := []struct {
		name    string
		known   *KnownHost
		shown   *issuer
		version uint16
		allow   bool
		want    error
	}{
		{"trusted, whatever the name", known(self, true), self, tls.VersionTLS13, false, nil},
		{"trusted, changed", known(self, true), old, tls.VersionTLS13, false, ErrChangedKey},
		{"trusted, changed to one with an authority", known(self, true), leaf, tls.VersionTLS13, false, ErrChangedKey},
		{"trusted, expired", known(old, true), old, tls.VersionTLS13, false, ErrExpired},
		{"verified, same", known(leaf, false), leaf, tls.VersionTLS13, false, nil},
		{"verified, new key, still vouched for", known(self, false), leaf, tls.VersionTLS13, false, nil},
		{"verified, new key, no authority", known(leaf, false), self, tls.VersionTLS13, false, ErrChangedKey},
		{"verified, same key, no authority any more", known(self, false), self, tls.VersionTLS13, false, ErrUnknownAuthority},
		{"fallen back", known(leaf, false), leaf, tls.VersionTLS12, false, ErrDowngrade},
		{"fallen back, trusted", known(self, true), self, tls.VersionTLS12, false, ErrDowngrade},
		{"fallen back, allowed", known(leaf, false), leaf, tls.VersionTLS12, true, nil},
	}
	for _, tt := range tests {
		v := &Verifier{Host: "files.example", Port: "21", Roots: roots, Now: testNow, Known: tt.known, AllowDowngrade: tt.allow}
		err := v.VerifyConnection(shown(tt.version, tt.shown))
		if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if tt.want == ErrChangedKey {
			for _, part := range []string{tt.known.Key.String(), PinOf(tt.shown.cert).String(), "2026-04-01", "2026-05-01"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%s: %q does not name %s", tt.name, err, part)
				}
			}
		}
		var typed *TrustError
		if err != nil && (!errors.As(err, &typed) || typed.Reason != tt.want || typed.Leaf() != tt.shown.cert) {
			t.Errorf("%s: not typed: %#v", tt.name, err)
		}
	}
	pins := &Verifier{Pins: []Pin{PinOf(old.cert)}, Now: testNow}
	if err := pins.VerifyConnection(shown(tls.VersionTLS12, old)); err != nil {
		t.Errorf("a pinned key, expired: %v", err)
	}
	if err := pins.VerifyConnection(shown(tls.VersionTLS12, leaf)); !errors.Is(err, ErrPin) {
		t.Errorf("another key than the pinned: %v", err)
	}
	cs := shown(tls.VersionTLS13, leaf)
	cs.DidResume = true
	if err := (&Verifier{Host: "files.example", Roots: x509.NewCertPool(), Now: testNow}).VerifyConnection(cs); err != nil {
		t.Errorf("a resumed session is judged anew: %v", err)
	}
}

// V-21: a list counts if the issuer has signed it, and an empty one, or one of
// another issuer with the same name, revokes nothing.
func TestRevoked_V21(t *testing.T) {
	named := func() *issuer {
		return (*issuer)(nil).issue(t, newKey(t), x509.Certificate{
			Subject: pkix.Name{CommonName: "Authority"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		})
	}
	ca, twin := named(), named()
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	leaf := ca.issue(t, newKey(t), x509.Certificate{DNSNames: []string{"files.example"}})
	file := filepath.Join(t.TempDir(), "crl")
	list := func(by *issuer, asPEM bool, until time.Time, serials ...*big.Int) ([]*x509.RevocationList, error) {
		t.Helper()
		l := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: testNow().AddDate(0, -1, 0), NextUpdate: until}
		for _, s := range serials {
			l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: s, RevocationTime: testNow().AddDate(0, -2, 0)})
		}
		der, err := x509.CreateRevocationList(rand.Reader, l, by.cert, by.key)
		if err != nil {
			t.Fatal(err)
		}
		if asPEM {
			der = pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})
		}
		if err := os.WriteFile(file, der, 0o600); err != nil {
			t.Fatal(err)
		}
		return LoadRevocationLists(file, testNow())
	}
	soon := testNow().AddDate(0, 1, 0)
	for name, tt := range map[string]struct {
		by      *issuer
		pem     bool
		serials []*big.Int
		want    error
	}{
		"PEM":            {ca, true, []*big.Int{big.NewInt(5), leaf.cert.SerialNumber}, ErrRevoked},
		"DER":            {ca, false, []*big.Int{leaf.cert.SerialNumber}, ErrRevoked},
		"another serial": {ca, true, []*big.Int{big.NewInt(5)}, nil},
		"empty":          {ca, true, nil, nil},
		"of a namesake":  {twin, true, []*big.Int{leaf.cert.SerialNumber}, nil},
	} {
		lists, err := list(tt.by, tt.pem, soon, tt.serials...)
		if err != nil {
			t.Fatal(err)
		}
		v := &Verifier{Host: "files.example", Port: "21", Roots: roots, Now: testNow, Revoked: lists}
		if err := v.VerifyConnection(shown(tls.VersionTLS13, leaf)); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if _, err := list(ca, true, testNow().Add(-time.Minute)); !errors.Is(err, ErrStale) {
		t.Errorf("out of date: %v", err)
	}
	if err := os.WriteFile(file, []byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadRevocationLists(file, testNow()); !errors.Is(err, ErrBadFile) {
		t.Errorf("no list: %v", err)
	}

	// an OCSP response that is sent along counts as well, if the issuer's.
	for name, tt := range map[string]struct {
		by     *issuer
		status int
		want   error
	}{
		"OCSP revoked": {ca, ocsp.Revoked, ErrRevoked}, "OCSP good": {ca, ocsp.Good, nil}, "OCSP of a namesake": {twin, ocsp.Revoked, nil},
	} {
		raw, err := ocsp.CreateResponse(tt.by.cert, tt.by.cert, ocsp.Response{
			Status: tt.status, SerialNumber: leaf.cert.SerialNumber, ThisUpdate: testNow(), NextUpdate: soon, RevokedAt: testNow(),
		}, tt.by.key)
		if err != nil {
			t.Fatal(err)
		}
		cs := shown(tls.VersionTLS13, leaf)
		cs.OCSPResponse = raw
		v := &Verifier{Host: "files.example", Port: "21", Roots: roots, Now: testNow}
		if err := v.VerifyConnection(cs); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}
