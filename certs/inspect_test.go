package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"
)

func authority(t *testing.T) *CA {
	t.Helper()
	key, err := GenerateKey("")
	if err != nil {
		t.Fatal(err)
	}
	ca, err := NewCA(CAOptions{Name: "test authority"}, key)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func rootsOf(ca *CA) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.Chain[0])
	return pool
}

// make509 signs what NewCA and Issue would refuse to.
func make509(t *testing.T, template, parent *x509.Certificate, public, key any) *x509.Certificate {
	t.Helper()
	if template.SerialNumber == nil {
		template.SerialNumber = big.NewInt(7)
	}
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(90*24*time.Hour)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// R-159 (no RSA below 2048 bits), R-160 and C-07 (subject alternative names only),
// V-28 (no NUL in a name), V-98 (no work with huge RSA keys), V-97 (a chain without
// end costs little).
func TestInspectFinds(t *testing.T) {
	ca := authority(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	huge := &rsa.PublicKey{N: new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 16384), big.NewInt(1)), E: 65537}
	server := []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	sign := func(template x509.Certificate, public any) *x509.Certificate {
		return make509(t, &template, ca.Chain[0], public, ca.Key)
	}
	host := []string{"files.example"}
	good := sign(x509.Certificate{DNSNames: host, ExtKeyUsage: server}, key.Public())
	many := make([]*x509.Certificate, 500)
	for i := range many {
		many[i] = good
	}
	for _, tt := range []struct {
		want  FindingID
		chain []*x509.Certificate
	}{
		{"", []*x509.Certificate{good}},
		{NoCertificate, nil},
		{WeakKey, []*x509.Certificate{sign(x509.Certificate{DNSNames: host, ExtKeyUsage: server}, &small.PublicKey)}},
		{HugeKey, []*x509.Certificate{sign(x509.Certificate{DNSNames: host, ExtKeyUsage: server}, huge)}},
		{NoName, []*x509.Certificate{sign(x509.Certificate{Subject: pkix.Name{CommonName: "files.example"}, ExtKeyUsage: server}, key.Public())}},
		{BadName, []*x509.Certificate{sign(x509.Certificate{DNSNames: []string{"files.example", "files.example\x00.evil"}, ExtKeyUsage: server}, key.Public())}},
		{BadName, []*x509.Certificate{sign(x509.Certificate{Subject: pkix.Name{CommonName: "a\x1b[2J"}, DNSNames: host, ExtKeyUsage: server}, key.Public())}},
		{WrongName, []*x509.Certificate{sign(x509.Certificate{DNSNames: []string{"other.example"}, ExtKeyUsage: server}, key.Public())}},
		{WrongUse, []*x509.Certificate{sign(x509.Certificate{DNSNames: host, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, key.Public())}},
		{Expired, []*x509.Certificate{sign(x509.Certificate{DNSNames: host, NotBefore: time.Unix(1, 0), NotAfter: time.Unix(9, 0)}, key.Public())}},
		{NotYetValid, []*x509.Certificate{sign(x509.Certificate{DNSNames: host, NotBefore: time.Now().Add(time.Hour), NotAfter: time.Now().Add(2 * time.Hour)}, key.Public())}},
		{ChainTooLong, many},
		{ChainOrder, []*x509.Certificate{good, good}},
		{LeafIsAuthority, ca.Chain},
		{BadSignature, []*x509.Certificate{make509(t, &x509.Certificate{DNSNames: host}, &x509.Certificate{Subject: ca.Chain[0].Subject}, key.Public(), key), ca.Chain[0]}},
	} {
		t.Run(string(tt.want), func(t *testing.T) {
			r := Inspect(tt.chain, InspectOptions{Host: "files.example", Roots: rootsOf(ca)})
			if r.Problems() != (tt.want != "") || tt.want != "" && !r.Has(tt.want) {
				t.Errorf("found %+v, want %q", r.Findings, tt.want)
			}
		})
	}
}

// A common name never stands for the name of a host, and a wildcard only for its
// left-most label.
func TestInspectNames(t *testing.T) {
	ca := authority(t)
	chain, err := ca.Issue(IssueOptions{CommonName: "cn.example", Hosts: []string{"*.files.example", "192.0.2.1", "2001:db8::1"}}, ca.Key.Public())
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]bool{
		"a.files.example": true, "files.example": false, "a.b.files.example": false, "cn.example": false,
		"192.0.2.1": true, "192.0.2.2": false, "2001:db8::1": true, "A.FILES.example.": true,
	} {
		if got := !Inspect(chain, InspectOptions{Host: host, Roots: rootsOf(ca)}).Problems(); got != want {
			t.Errorf("%s: accepted %v, want %v", host, got, want)
		}
	}
}

func TestInspectIncomplete(t *testing.T) {
	root, other := authority(t), authority(t)
	chain, err := root.Issue(IssueOptions{Hosts: []string{"files.example"}}, other.Key.Public())
	if err != nil {
		t.Fatal(err)
	}
	if r := Inspect(chain, InspectOptions{Roots: x509.NewCertPool()}); !r.Has(ChainIncomplete) || !r.Problems() {
		t.Errorf("without the issuer: %+v", r.Findings)
	}
	if r := Inspect(append(chain, root.Chain...), InspectOptions{Roots: x509.NewCertPool()}); !r.Has(UnknownAuthority) || !r.Problems() {
		t.Errorf("with a root that is not trusted: %+v", r.Findings)
	}
}
