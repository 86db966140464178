package certs

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func pairPEM(t *testing.T) (certPEM, keyPEM []byte) {
	t.Helper()
	certPEM, keyPEM, err := SelfSigned(Options{Hosts: []string{"a"}, ValidFor: time.Hour, Now: issued})
	if err != nil {
		t.Fatal(err)
	}
	return certPEM, keyPEM
}

// TestLoadRefuses is S-15: a certificate that is expired, of another key or not
// to be read stops the start with one clear line.
func TestLoadRefuses(t *testing.T) {
	cert, key := pairPEM(t)
	otherCert, otherKey := pairPEM(t)
	block := func(kind string, b []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}) }
	der := func(text []byte) []byte {
		b, _ := pem.Decode(text)
		return b.Bytes
	}
	signer, err := ParseKey(key)
	if err != nil {
		t.Fatal(err)
	}
	chain, err := ParseCertificates(cert)
	if err != nil {
		t.Fatal(err)
	}
	pfx, err := EncodePKCS12(signer, chain, "secret", false)
	if err != nil {
		t.Fatal(err)
	}
	request, err := NewRequest(IssueOptions{Hosts: []string{"a"}}, signer)
	if err != nil {
		t.Fatal(err)
	}
	public := block("PUBLIC KEY", chain[0].RawSubjectPublicKeyInfo)
	for _, tc := range []struct {
		name      string
		cert, key []byte
		now       time.Time
		is        error
		text      string
	}{
		{"good", cert, key, issued, nil, ""},
		{"good to the last second", cert, key, issued.Add(time.Hour), nil, ""},
		{"expired", cert, key, issued.Add(time.Hour + time.Second), ErrExpired, "has expired (on 2026-11-21 13:00 UTC); renew it"},
		{"slow clock", cert, key, issued.Add(-clockSkew), nil, ""},
		{"not yet", cert, key, issued.Add(-clockSkew - time.Second), ErrNotYetValid, "not valid yet (it begins on 2026-11-21 11:00 UTC); check the clock"},
		{"wrong key", cert, otherKey, issued, ErrWrongKey, "made together"},
		{"order", append(append([]byte{}, otherCert...), cert...), key, issued, ErrWrongKey, "belongs to certificate 2 of the file"},
		{"chain", append(append([]byte{}, cert...), otherCert...), key, issued, nil, ""},
		{"one file", append(append([]byte{}, key...), cert...), append(append([]byte{}, cert...), key...), issued, nil, ""},
		{"swapped", key, cert, issued, ErrBadFile, "it is a private key, and no certificate is in it"},
		{"cert as key", cert, cert, issued, ErrBadFile, "it is a certificate, and no private key is in it"},
		{"empty", nil, key, issued, ErrBadFile, "it is empty, and no certificate is in it"},
		{"noise", []byte("\x00\x01"), key, issued, ErrBadFile, "it is neither PEM nor DER"},
		{"DER", der(cert), der(key), issued, nil, ""},
		{"DER and PEM", der(cert), key, issued, nil, ""},
		{"DER swapped", der(key), der(cert), issued, ErrBadFile, "it is a private key, and no certificate is in it"},
		{"DER cut off", der(cert)[:90], key, issued, ErrBadFile, "it is neither PEM nor DER"},
		{"DER key cut off", cert, der(key)[:40], issued, ErrBadFile, "it is neither PEM nor DER"},
		{"PKCS #12", pfx, pfx, issued, ErrBadFile, "it is a PKCS #12 file, and no certificate is in it; sealane cert import"},
		{"DER request", der(request), key, issued, ErrBadFile, "it is a request, and no certificate is in it"},
		{"public key", cert, public, issued, ErrBadFile, "it is a public key, and no private key is in it"},
		{"wrong label", cert, block("RSA PRIVATE KEY", der(key)), issued, nil, ""},
		{"request", block("CERTIFICATE REQUEST", []byte("x")), key, issued, ErrBadFile, "it is a request"},
		{"DER garbage", block("CERTIFICATE", []byte("x")), key, issued, ErrBadFile, "certificate 1 in it cannot be parsed"},
		{"key garbage", cert, block("PRIVATE KEY", []byte("x")), issued, ErrBadFile, "the key cannot be parsed"},
		{"passphrase", cert, block("ENCRYPTED PRIVATE KEY", []byte("x")), issued, ErrBadFile, "locked by a passphrase"},
		{"too large", make([]byte, maxFile+1), key, issued, ErrBadFile, "larger than 1 MiB"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			certFile, keyFile := write(t, "c.pem", tc.cert), write(t, "k.pem", tc.key)
			p, err := load(certFile, keyFile, tc.now)
			if !errors.Is(err, tc.is) {
				t.Fatalf("error %v, want %v", err, tc.is)
			}
			if err == nil {
				if p.Leaf == nil || p.Certificate.Leaf != p.Leaf || len(p.Certificate.Certificate) == 0 || p.Certificate.PrivateKey == nil {
					t.Errorf("incomplete pair %+v", p)
				}
				return
			}
			if !strings.Contains(err.Error(), tc.text) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), ".pem") {
				t.Errorf("error %q, want one line with a file name and %q", err, tc.text)
			}
		})
	}
}

func TestLoadRSA(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: issued, NotAfter: issued.Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certFile := write(t, "c.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	keyFile := write(t, "k.pem", pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	if _, err := load(certFile, keyFile, issued); err != nil {
		t.Error(err)
	}
}

func TestLoadMissing(t *testing.T) {
	cert, key := pairPEM(t)
	none := filepath.Join(t.TempDir(), "none")
	if _, err := Load(none, write(t, "k", key)); !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "certificate: ") {
		t.Error(err)
	}
	if _, err := Load(write(t, "c", cert), none); !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "key: ") {
		t.Error(err)
	}
}

func TestLoadOrCreate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "tls")
	first, created, err := LoadOrCreate(dir, []string{"a"})
	if err != nil || !created {
		t.Fatalf("created %v, error %v", created, err)
	}
	again, created, err := LoadOrCreate(dir, []string{"b"})
	if err != nil || created || !again.Leaf.Equal(first.Leaf) {
		t.Fatalf("second time: created %v, error %v, certificate for %v", created, err, again.Leaf.DNSNames)
	}
	if runtime.GOOS != "windows" {
		got := map[string]fs.FileMode{}
		for _, n := range []string{"", CertFile, KeyFile} {
			st, err := os.Stat(filepath.Join(dir, n))
			if err != nil {
				t.Fatal(err)
			}
			got[n] = st.Mode().Perm()
		}
		if d := cmp.Diff(map[string]fs.FileMode{"": 0o700, CertFile: 0o644, KeyFile: 0o600}, got); d != "" {
			t.Errorf("modes (-want +got):\n%s", d)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("%d files in the folder, error %v; want 2", len(entries), err)
	}
}

// TestLoadOrCreateExpired keeps an expired pair, which somebody may have pinned,
// instead of replacing it (S-15).
func TestLoadOrCreateExpired(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := loadOrCreate(dir, []string{"a"}, issued); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(filepath.Join(dir, KeyFile))
	_, created, err := loadOrCreate(dir, []string{"a"}, issued.Add(DefaultValidity+time.Second))
	if !errors.Is(err, ErrExpired) || created {
		t.Errorf("created %v, error %v", created, err)
	}
	if after, _ := os.ReadFile(filepath.Join(dir, KeyFile)); string(after) != string(before) {
		t.Error("the key was replaced")
	}
}

func TestLoadOrCreateHalfPair(t *testing.T) {
	for have, miss := range map[string]string{CertFile: KeyFile, KeyFile: CertFile} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, have), []byte("kept"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, created, err := LoadOrCreate(dir, []string{"a"})
		want := filepath.Join(dir, have) + " is there but " + filepath.Join(dir, miss) + " is not: "
		if created || !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("created %v, error %v", created, err)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("%v was added", entries)
		}
		if data, _ := os.ReadFile(filepath.Join(dir, have)); string(data) != "kept" {
			t.Errorf("%s was changed to %q", have, data)
		}
	}
}

// TestLoadOrCreateTogether has several processes start at once: who succeeds
// has the pair that is on disk.
func TestLoadOrCreateTogether(t *testing.T) {
	dir := t.TempDir()
	pairs := make(chan Pair, 8)
	for range cap(pairs) {
		go func() {
			p, _, _ := LoadOrCreate(dir, []string{"a"}) // a loser's error is expected
			pairs <- p
		}()
	}
	var got []Pair
	for range cap(pairs) {
		if p := <-pairs; p.Leaf != nil {
			got = append(got, p)
		}
	}
	kept, created, err := LoadOrCreate(dir, []string{"a"})
	if err != nil || created || len(got) == 0 {
		t.Fatalf("%d winners; afterwards created %v, error %v", len(got), created, err)
	}
	for _, p := range got {
		if !p.Leaf.Equal(kept.Leaf) {
			t.Error("two processes hold different certificates")
		}
	}
}

func TestWriteFileKeeps(t *testing.T) {
	name := write(t, "f", []byte("old"))
	if err := WriteFile(name, []byte("new"), 0o600, false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("error %v, want fs.ErrExist", err)
	}
	if data, _ := os.ReadFile(name); string(data) != "old" {
		t.Errorf("file is %q", data)
	}
}

// Files that have been through a Windows editor are read: with its line ends, and its mark
// before UTF-8. Of UTF-16 it is said what it is.
func TestLoadFromWindows(t *testing.T) {
	certPEM, keyPEM, err := SelfSigned(Options{Hosts: []string{"files.example"}})
	if err != nil {
		t.Fatal(err)
	}
	wide := []byte("\xff\xfe")
	for _, b := range certPEM {
		wide = append(wide, b, 0)
	}
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	crlf := func(data []byte) []byte {
		return append([]byte("\xef\xbb\xbf"), bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))...)
	}
	certFile, keyFile := write("crt", crlf(certPEM)), write("key", crlf(keyPEM))
	if _, err := Load(certFile, keyFile); err != nil {
		t.Error(err)
	}
	if chain, err := LoadCertificates(certFile); err != nil || len(chain) != 1 {
		t.Errorf("%d certificates, %v", len(chain), err)
	}
	if _, err := LoadKey(keyFile); err != nil {
		t.Error(err)
	}
	if _, err := LoadCertificates(write("wide", wide)); !errors.Is(err, ErrBadFile) || !strings.Contains(err.Error(), "UTF-16") {
		t.Errorf("UTF-16: %v", err)
	}
}
