package certs

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestIssueLifetimes(t *testing.T) {
	ca := authority(t)
	now := time.Now()
	for _, tt := range []struct {
		o    IssueOptions
		want time.Duration
	}{
		{IssueOptions{Hosts: []string{"a.example"}}, ServerValidity},
		{IssueOptions{Purpose: ForClient, CommonName: "anna"}, ClientValidity},
		{IssueOptions{Hosts: []string{"a.example"}, ValidFor: time.Hour}, time.Hour},
	} {
		tt.o.Now = now
		chain, err := ca.Issue(tt.o, ca.Key.Public())
		if err != nil {
			t.Fatal(err)
		}
		if got := chain[0].NotAfter.Sub(now.Truncate(time.Second)); got != tt.want {
			t.Errorf("%+v lasts %v, want %v", tt.o, got, tt.want)
		}
	}
	chain, err := ca.Issue(IssueOptions{Hosts: []string{"a.example"}, ValidFor: 100 * 365 * 24 * time.Hour}, ca.Key.Public())
	if err != nil || !chain[0].NotAfter.Equal(ca.Chain[0].NotAfter) {
		t.Errorf("it outlives its authority: %v", err)
	}
	_, err = ca.Issue(IssueOptions{Hosts: []string{"a.example"}, Now: now.Add(CAValidity + time.Hour)}, ca.Key.Public())
	if !errors.Is(err, ErrExpired) {
		t.Errorf("by an authority that has expired: %v", err)
	}
}

func TestIssueRefuses(t *testing.T) {
	ca := authority(t)
	for name, o := range map[string]IssueOptions{
		"no host":      {},
		"NUL (V-28)":   {Hosts: []string{"a.example\x00.b"}},
		"zone":         {Hosts: []string{"fe80::1%eth0"}},
		"space":        {Hosts: []string{"a b"}},
		"many":         {Hosts: slices.Repeat([]string{"a.example"}, 101)},
		"long cn":      {Hosts: []string{"a.example"}, CommonName: strings.Repeat("a", 65)},
		"cn escape":    {Hosts: []string{"a.example"}, CommonName: "a\x1b[2J"},
		"nobody":       {Purpose: ForClient},
		"mail":         {Purpose: ForClient, CommonName: "a", Emails: []string{"a\x00@b.example"}},
		"server mail":  {Hosts: []string{"a.example"}, Emails: []string{"a@b.example"}},
		"negative age": {Hosts: []string{"a.example"}, ValidFor: -1},
	} {
		if _, err := ca.Issue(o, ca.Key.Public()); !errors.Is(err, ErrRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ca.Issue(IssueOptions{Hosts: []string{"a.example"}}, &small.PublicKey); !errors.Is(err, ErrWeakKey) {
		t.Errorf("RSA 1024 (R-159): %v", err)
	}
}

// A request gets a key and names into a certificate, never to be an authority.
func TestSignTakesOnlyWhatIsAllowed(t *testing.T) {
	ca := authority(t)
	key, _ := GenerateKey("")
	ask, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject:  pkix.Name{CommonName: "a.example", Organization: []string{"Bank"}},
		DNSNames: []string{"a.example"},
		ExtraExtensions: []pkix.Extension{
			{Id: []int{2, 5, 29, 19}, Critical: true, Value: []byte{0x30, 3, 1, 1, 0xff}}, // cA=TRUE
			{Id: []int{2, 5, 29, 14}, Value: append([]byte{4, 20}, ask[:20]...)},
		},
	}, key)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ParseRequest(der)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"subject 2.5.4.10", "extension 2.5.29.19", "extension 2.5.29.14"}; !slices.Equal(r.Ignored, want) {
		t.Errorf("ignored %q, want %q", r.Ignored, want)
	}
	chain, err := ca.Sign(r, IssueOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if c := chain[0]; c.IsCA || len(c.Subject.Organization) > 0 || !slices.Equal(c.DNSNames, []string{"a.example"}) ||
		!slices.Equal(c.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}) {
		t.Errorf("signed %+v", c)
	}
	// Another's key under the same signature.
	der[len(der)-1] ^= 1
	if _, err := ParseRequest(der); !errors.Is(err, ErrNoProof) && !errors.Is(err, ErrBadFile) {
		t.Errorf("a request with a broken signature: %v", err)
	}
}

// V-98: the signature of a huge RSA key is never computed.
func TestRequestHugeKey(t *testing.T) {
	huge := &rsa.PublicKey{N: new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 16384), big.NewInt(1)), E: 65537}
	if err := usableKey(huge); !errors.Is(err, ErrWeakKey) {
		t.Error(err)
	}
}

func TestPKCS12(t *testing.T) {
	ca := authority(t)
	key, _ := GenerateKey(ECDSAP384)
	chain, err := ca.Issue(IssueOptions{Purpose: ForClient, CommonName: "anna"}, key.Public())
	if err != nil {
		t.Fatal(err)
	}
	data, err := EncodePKCS12(key, append(chain, ca.Chain...), "wonderland", false)
	if err != nil {
		t.Fatal(err)
	}
	_, back, err := ParsePKCS12(data, "wonderland")
	if err != nil || len(back) != 2 || !back[0].Equal(chain[0]) || !back[1].Equal(ca.Chain[0]) {
		t.Errorf("came back as %d certificates, %v", len(back), err)
	}
	if _, _, err := ParsePKCS12(data, "wrong"); !errors.Is(err, ErrPassword) {
		t.Errorf("wrong password: %v", err)
	}
	if _, err := EncodePKCS12(key, chain, "", false); !errors.Is(err, ErrRequest) {
		t.Errorf("no password: %v", err)
	}
	// A count of rounds that would take days is refused before it is computed.
	count := []byte{2, 3, 0x09, 0x27, 0xc0} // INTEGER 600000
	if !bytes.Contains(data, count) {
		t.Fatal("the file has no count of 600000")
	}
	if _, _, err := ParsePKCS12(bytes.ReplaceAll(data, count, []byte{2, 3, 0x7f, 0xff, 0xff}), "wonderland"); err == nil {
		t.Error("a changed count opens the file")
	}
	high := []byte{0x30, 12, 4, 4, 1, 2, 3, 4, 2, 4, 0x7f, 0xff, 0xff, 0xff}
	small := []byte{0x30, 10, 4, 4, 1, 2, 3, 4, 2, 2, 0x7f, 0xff}
	for name, der := range map[string][]byte{
		"one count":          high,
		"in an OCTET STRING": append([]byte{4, byte(len(high))}, high...),
		"many counts (V-98)": bytes.Repeat(small, maxIterations/0x7fff+1),
		"nothing":            nil,
	} {
		if got := rounds(der, 0) > maxIterations; got != (der != nil) {
			t.Errorf("%s: too many: %v", name, got)
		}
	}
	if n := rounds(data, 0); n < 600_000 || n > maxIterations {
		t.Errorf("a file of our own asks for %d rounds", n)
	}
	if _, _, err := ParsePKCS12(high, ""); !errors.Is(err, ErrBadFile) {
		t.Error(err)
	}
}

func TestRenewKeepsNames(t *testing.T) {
	ca := authority(t)
	chain, err := ca.Issue(IssueOptions{CommonName: "a", Hosts: []string{"a.example", "192.0.2.1"}, ValidFor: 48 * time.Hour}, ca.Key.Public())
	if err != nil {
		t.Fatal(err)
	}
	o, err := OptionsOf(chain[0])
	if err != nil || o.CommonName != "a" || !slices.Equal(o.Hosts, []string{"a.example", "192.0.2.1"}) || o.ValidFor != 48*time.Hour || o.Purpose != ForServer {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := OptionsOf(ca.Chain[0]); !errors.Is(err, ErrRequest) {
		t.Errorf("an authority: %v", err)
	}
}

func TestWriteFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "k")
	if err := WriteFile(name, []byte("1"), 0o600, false); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(name, []byte("2"), 0o600, false); !errors.Is(err, os.ErrExist) {
		t.Errorf("overwrites: %v", err)
	}
	if err := WriteFile(name, []byte("3"), 0o600, true); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(name)
	info, statErr := os.Stat(name)
	if err != nil || statErr != nil || string(data) != "3" || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("holds %q, %v, %v", data, err, info.Mode())
	}
}

// Whatever a stranger sends as certificate, request or PKCS #12 file ends in an
// answer (V-28, V-97, V-98).
func FuzzParse(f *testing.F) {
	cert, key, err := SelfSigned(Options{Hosts: []string{"files.example"}})
	if err != nil {
		f.Fatal(err)
	}
	b, _ := pem.Decode(cert)
	signer, err := ParseKey(key)
	if err != nil {
		f.Fatal(err)
	}
	csr, err := NewRequest(IssueOptions{Hosts: []string{"files.example"}}, signer)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{cert, key, b.Bytes, csr, []byte("-----BEGIN"), {0x30, 0x80}, {4, 1, 2, 2, 1, 1}} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if chain, err := ParseCertificates(data); err == nil {
			if r := Inspect(chain, InspectOptions{Host: "files.example", Roots: x509.NewCertPool()}); len(r.Certificates) > maxChain {
				t.Error("more certificates than the bound")
			}
		}
		if r, err := ParseRequest(data); err == nil && r.PublicKey == nil {
			t.Error("a request without a key")
		}
		if k, chain, err := ParsePKCS12(data, ""); err == nil && (k == nil || len(chain) == 0) {
			t.Error("an empty PKCS #12 file")
		}
	})
}
