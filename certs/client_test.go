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
	"strings"
	"testing"
	"time"
)

// clientOf signs a certificate for clients.
func (by *issuer) clientOf(t *testing.T, template x509.Certificate) *issuer {
	t.Helper()
	if template.ExtKeyUsage == nil {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	return by.issue(t, newKey(t), template)
}

// chainOf is the certificates of issuers.
func chainOf(list ...*issuer) []*x509.Certificate {
	var chain []*x509.Certificate
	for _, i := range list {
		chain = append(chain, i.cert)
	}
	return chain
}

// S-12, V-28: each reason not to believe a client has its own error, which holds no text of
// the certificate.
func TestClientVerifier_S12(t *testing.T) {
	ca, roots := newAuthority(t)
	other, _ := newAuthority(t)
	between := ca.issue(t, newKey(t), x509.Certificate{IsCA: true, KeyUsage: x509.KeyUsageCertSign})
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Skip("no weak key on this machine: ", err)
	}
	good := ca.clientOf(t, x509.Certificate{})
	sha1 := *good.cert
	sha1.SignatureAlgorithm = x509.ECDSAWithSHA1
	weakBetween := *between.cert
	weakBetween.SignatureAlgorithm = x509.SHA1WithRSA
	year := 365 * 24 * time.Hour
	name := pkix.Name{CommonName: "secret\r\n230 name\x00"}
	for _, row := range []struct {
		name  string
		chain []*x509.Certificate
		want  error
	}{
		{"good", chainOf(good), nil},
		{"good, through another", chainOf(between.clientOf(t, x509.Certificate{}), between), nil},
		{"good, with the root", chainOf(good, ca), nil},
		{"for everything", chainOf(ca.clientOf(t, x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})), nil},
		{"none", nil, ErrUnknownAuthority},
		{"of itself", chainOf((*issuer)(nil).clientOf(t, x509.Certificate{Subject: name})), ErrUnknownAuthority},
		{"other authority", chainOf(other.clientOf(t, x509.Certificate{Subject: name}), other), ErrUnknownAuthority},
		{"the one between is missing", chainOf(between.clientOf(t, x509.Certificate{Subject: name})), ErrUnknownAuthority},
		{"signed by one that is no authority", chainOf(good.clientOf(t, x509.Certificate{Subject: name}), good), ErrUnknownAuthority},
		{"expired", chainOf(ca.clientOf(t, x509.Certificate{Subject: name, NotBefore: testNow().Add(-2 * year), NotAfter: testNow().Add(-year)})), ErrExpired},
		{"not yet", chainOf(ca.clientOf(t, x509.Certificate{Subject: name, NotBefore: testNow().Add(year), NotAfter: testNow().Add(2 * year)})), ErrNotYetValid},
		{"for servers", chainOf(ca.clientOf(t, x509.Certificate{Subject: name, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})), ErrNotForClients},
		{"RSA 1024", chainOf(ca.issue(t, weak, x509.Certificate{Subject: name, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})), ErrWeakKey},
		{"SHA-1", []*x509.Certificate{&sha1}, ErrWeakKey},
		{"SHA-1 above it", []*x509.Certificate{between.clientOf(t, x509.Certificate{}).cert, &weakBetween}, ErrUnknownAuthority}, // crypto/x509 does not follow it
	} {
		v := &ClientVerifier{Roots: roots, Now: testNow}
		err := v.Verify(row.chain)
		if !errors.Is(err, row.want) || (err == nil) != (row.want == nil) {
			t.Errorf("%s: %v, want %v", row.name, err, row.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error holds text of the certificate: %q", row.name, err)
		}
	}
	if err := (&ClientVerifier{}).Verify(chainOf(good)); !errors.Is(err, ErrUnknownAuthority) {
		t.Errorf("without authorities: %v", err)
	}
}

// V-97: what a client sends to be gone through is bounded: by the length of the chain, and in a
// chain of that length by the signatures that are tried.
func TestClientVerifierLongChain_V97(t *testing.T) {
	ca, roots := newAuthority(t)
	v := &ClientVerifier{Roots: roots, Now: testNow}
	// Each stands above the next.
	by, chain := ca, []*issuer(nil)
	for range maxChain - 1 {
		by = by.issue(t, newKey(t), x509.Certificate{IsCA: true, KeyUsage: x509.KeyUsageCertSign})
		chain = append([]*issuer{by}, chain...)
	}
	leaf := by.clientOf(t, x509.Certificate{})
	if err := v.Verify(chainOf(append([]*issuer{leaf}, chain...)...)); err != nil {
		t.Errorf("a chain of %d: %v", maxChain, err)
	}
	by = by.issue(t, newKey(t), x509.Certificate{IsCA: true, KeyUsage: x509.KeyUsageCertSign})
	leaf = by.clientOf(t, x509.Certificate{})
	if err := v.Verify(chainOf(append([]*issuer{leaf, by}, chain...)...)); !errors.Is(err, ErrUnknownAuthority) {
		t.Errorf("a chain of %d: %v", maxChain+1, err)
	}

	// Each may stand above each: namesakes with one key, of which none is known.
	key := newKey(t)
	var all []*issuer
	name := pkix.Name{CommonName: "namesake"}
	for range maxChain - 1 {
		signer := &issuer{&x509.Certificate{Subject: name}, key}
		if len(all) > 0 {
			signer = all[0]
		}
		all = append(all, signer.issue(t, key, x509.Certificate{Subject: name, IsCA: true, KeyUsage: x509.KeyUsageCertSign}))
	}
	leaf = all[0].clientOf(t, x509.Certificate{})
	if err := v.Verify(chainOf(append([]*issuer{leaf}, all...)...)); !errors.Is(err, ErrUnknownAuthority) {
		t.Errorf("namesakes: %v", err)
	}
}

// V-19, V-21: a list without entries, one of somebody else and one of a namesake revoke nothing,
// and none of them ends the program; one of the authority counts, also for
// authorities below it.
func TestClientRevoked_V21(t *testing.T) {
	named := func() *issuer {
		return (*issuer)(nil).issue(t, newKey(t), x509.Certificate{
			Subject: pkix.Name{CommonName: "Authority"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		})
	}
	ca, twin := named(), named()
	other, _ := newAuthority(t)
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	between := ca.issue(t, newKey(t), x509.Certificate{IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign})
	leaf := between.clientOf(t, x509.Certificate{})
	list := func(by *issuer, serials ...*big.Int) *x509.RevocationList {
		t.Helper()
		l := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: testNow().AddDate(0, -1, 0), NextUpdate: testNow().AddDate(0, 1, 0)}
		for _, s := range serials {
			l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: s, RevocationTime: testNow().AddDate(0, -2, 0)})
		}
		der, err := x509.CreateRevocationList(rand.Reader, l, by.cert, by.key)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := x509.ParseRevocationList(der)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	leafs, betweens := leaf.cert.SerialNumber, between.cert.SerialNumber
	for name, row := range map[string]struct {
		lists []*x509.RevocationList
		want  error
	}{
		"no list":                  {nil, nil},
		"an empty one":             {[]*x509.RevocationList{list(between)}, nil},
		"of another":               {[]*x509.RevocationList{list(other, leafs, betweens)}, nil},
		"of a namesake":            {[]*x509.RevocationList{list(twin, leafs, betweens)}, nil},
		"of the one above, leaf's": {[]*x509.RevocationList{list(ca, leafs)}, nil},
		"the leaf":                 {[]*x509.RevocationList{list(other), list(between, big.NewInt(5), leafs)}, ErrRevoked},
		"the authority in between": {[]*x509.RevocationList{list(between), list(ca, betweens)}, ErrRevoked},
		"of another serial":        {[]*x509.RevocationList{list(between, big.NewInt(5))}, nil},
	} {
		v := &ClientVerifier{Roots: roots, Now: testNow, Revoked: row.lists}
		if err := v.Verify(chainOf(leaf, between)); !errors.Is(err, row.want) || (err == nil) != (row.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, row.want)
		}
	}
}

// S-15: a file that was cut off anywhere is refused, whatever whole blocks are in it: those
// that are missing may be what matters.
func TestHalfWrittenFiles_S15(t *testing.T) {
	ca, _ := newAuthority(t)
	other, _ := newAuthority(t)
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	crl := func(by *issuer) []byte {
		t.Helper()
		der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: testNow(), NextUpdate: testNow().AddDate(0, 1, 0)}, by.cert, by.key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	dir := t.TempDir()
	for name, f := range map[string]struct {
		whole []byte
		first int // where its first block ends
		load  func(file string) (int, error)
	}{
		"certificates": {
			bytes.Join([][]byte{block("CERTIFICATE", ca.cert.Raw), block("CERTIFICATE", other.cert.Raw)}, nil), len(block("CERTIFICATE", ca.cert.Raw)),
			func(file string) (int, error) { l, err := LoadCertificates(file); return len(l), err },
		},
		"lists": {
			bytes.Join([][]byte{block("X509 CRL", crl(ca)), block("X509 CRL", crl(other))}, nil), -1,
			func(file string) (int, error) { l, err := LoadRevocationLists(file, testNow()); return len(l), err },
		},
		"a list in DER": {crl(ca), 0, func(file string) (int, error) { l, err := LoadRevocationLists(file, testNow()); return len(l), err }},
	} {
		if f.first < 0 {
			f.first = bytes.Index(f.whole, []byte("END X509 CRL-----\n")) + len("END X509 CRL-----\n")
		}
		file := filepath.Join(dir, "file")
		load := func(n int) (int, error) {
			t.Helper()
			if err := os.WriteFile(file, f.whole[:n], 0o600); err != nil {
				t.Fatal(err)
			}
			return f.load(file)
		}
		if n, err := load(len(f.whole)); err != nil || n == 0 {
			t.Errorf("%s, whole: %d, %v", name, n, err)
		}
		for cut := range len(f.whole) - 1 { // without its last line end it is whole
			// At the end of a block nothing tells that there was more; a "-----" or
			// less of the next begins none.
			if f.first > 0 && cut >= f.first-1 && cut < f.first+len("-----BEGIN ") {
				continue
			}
			if _, err := load(cut); !errors.Is(err, ErrBadFile) {
				t.Errorf("%s, cut at %d of %d: %v", name, cut, len(f.whole), err)
			}
		}
	}
}
