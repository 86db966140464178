package daemon

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// told is a log whose lines can be waited for.
type told chan string

func (c told) Write(line []byte) (int, error) {
	c <- string(line)
	return len(line), nil
}

func newTold() (told, *slog.Logger) {
	c := make(told, 100)
	return c, slog.New(slog.NewTextHandler(c, nil))
}

// next is the next line, which must hold all the words.
func (c told) next(t *testing.T, words ...string) {
	t.Helper()
	line := <-c
	for _, w := range words {
		if !strings.Contains(line, w) {
			t.Fatalf("the log says %q, want %q in it", line, w)
		}
	}
}

func (c told) silent(t *testing.T) {
	t.Helper()
	select {
	case line := <-c:
		t.Errorf("the log says %q", line)
	default:
	}
}

// identity is a certificate, its issuer and its key.
type identity struct {
	cert, issuer *x509.Certificate
	key          *ecdsa.PrivateKey
	signer       crypto.Signer
}

func newIdentity(t *testing.T, serial int64, ends time.Time) identity {
	t.Helper()
	issue := func(serial int64, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: fmt.Sprint(serial)}, DNSNames: []string{"files.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: ends,
			IsCA: parent == nil, BasicConstraintsValid: true}
		if parent == nil {
			parent, signer = template, key
		}
		der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return cert, key
	}
	ca, caKey := issue(1, nil, nil)
	cert, key := issue(serial, ca, caKey)
	return identity{cert, ca, key, caKey}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// save writes the pair, the key first.
func (i identity) save(t *testing.T, dir string) {
	t.Helper()
	i.saveKey(t, dir)
	chain := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.cert.Raw}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.issuer.Raw})...)
	write(t, filepath.Join(dir, "cert"), chain)
}

func (i identity) staple(t *testing.T, status int, ends time.Time) []byte {
	t.Helper()
	der, err := ocsp.CreateResponse(i.issuer, i.issuer, ocsp.Response{Status: status, SerialNumber: i.cert.SerialNumber, ThisUpdate: time.Now().Add(-time.Minute), NextUpdate: ends}, i.signer)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func inAYear() time.Time { return time.Now().Add(365 * 24 * time.Hour) }

// S-15: a pair that cannot be used keeps the old one in its place, and is told of; a good
// one takes effect without a restart.
func TestKeyringReload(t *testing.T) {
	dir := t.TempDir()
	log, logger := newTold()
	first, second := newIdentity(t, 2, inAYear()), newIdentity(t, 3, inAYear())
	first.save(t, dir)
	r := newKeyring(logger)
	s, err := r.add(filepath.Join(dir, "cert"), filepath.Join(dir, "key"), "")
	if err != nil {
		t.Fatal(err)
	}
	is := func(want identity) {
		t.Helper()
		if got := s.pair.Load().Leaf; !got.Equal(want.cert) {
			t.Fatalf("certificate %v in force, want %v", got.SerialNumber, want.cert.SerialNumber)
		}
	}
	r.reload(false)
	log.silent(t)
	for _, spoil := range []func(){
		func() { second.save(t, dir); first.saveKey(t, dir) },
		func() { newIdentity(t, 4, time.Now().Add(-time.Minute)).save(t, dir) },
		func() { write(t, filepath.Join(dir, "cert"), []byte("no PEM")) },
		func() { second.save(t, dir); half(t, filepath.Join(dir, "cert")) },
		func() { second.save(t, dir); half(t, filepath.Join(dir, "key")) },
		func() { second.save(t, dir); write(t, filepath.Join(dir, "key"), nil) },
		func() { write(t, filepath.Join(dir, "cert"), nil) },
		func() { os.Remove(filepath.Join(dir, "cert")) },
	} {
		spoil()
		r.reload(true)
		log.next(t, "level=ERROR", "the one before stays", "refused=")
		r.reload(false) // nothing new: not told of again
		log.silent(t)
		is(first)
	}
	second.save(t, dir)
	r.reload(false)
	log.next(t, "certificate changed")
	is(second)
	r.reload(true)
	log.silent(t)
}

// A pair that clients will not like is used, and told of: at the start, and when it has
// changed.
func TestKeyringJudges(t *testing.T) {
	dir := t.TempDir()
	log, logger := newTold()
	good, bad := newIdentity(t, 2, inAYear()), newIdentity(t, 3, inAYear())
	bad.issuer = newIdentity(t, 4, inAYear()).issuer // of the same name, and another key
	bad.save(t, dir)
	r := newKeyring(logger)
	if _, err := r.add(filepath.Join(dir, "cert"), filepath.Join(dir, "key"), ""); err != nil {
		t.Fatal(err)
	}
	log.next(t, "level=WARN", "clients may turn away", "finding=bad-signature", "hint=")
	good.save(t, dir)
	r.reload(false)
	log.next(t, "certificate changed")
	bad.save(t, dir)
	r.reload(false)
	log.next(t, "finding=bad-signature")
	log.next(t, "certificate changed")
	log.silent(t)
}

// half cuts off the last 30 bytes of a file: of a chain, its second certificate is then none.
func half(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, data[:len(data)-30])
}

func (i identity) saveKey(t *testing.T, dir string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// Changes are seen by themselves, also when a program replaces the files or what a
// link leads to, and on a signal; other files in the folder are no matter.
func TestKeyringWatch(t *testing.T) {
	dir := t.TempDir()
	log, logger := newTold()
	newIdentity(t, 2, inAYear()).save(t, dir)
	r := newKeyring(logger)
	s, err := r.add(filepath.Join(dir, "cert"), filepath.Join(dir, "key"), "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	again, ended := make(chan os.Signal), make(chan struct{})
	go func() { defer close(ended); r.watch(ctx, again) }()
	again <- os.Interrupt // it watches by now
	for serial := int64(3); serial < 6; serial++ {
		write(t, filepath.Join(dir, "beside"), nil)
		next := newIdentity(t, serial, inAYear())
		aside := t.TempDir()
		next.save(t, aside)
		for _, file := range []string{"key", "cert"} {
			if err := os.Rename(filepath.Join(aside, file), filepath.Join(dir, file)); err != nil {
				t.Fatal(err)
			}
		}
		for line := range log {
			if strings.Contains(line, "certificate changed") {
				break // between key and certificate a look may have found a pair that does not match
			}
		}
		if got := s.pair.Load().Leaf; !got.Equal(next.cert) {
			t.Fatalf("certificate %v in force, want %d", got.SerialNumber, serial)
		}
	}
	cancel()
	<-ended
}

// The end of a certificate is told of 30, 14, 7 and 1 days before, once each, and
// when it has come.
func TestKeyringWarnings(t *testing.T) {
	dir := t.TempDir()
	log, logger := newTold()
	end := time.Now().Add(100 * 24 * time.Hour).Truncate(time.Second)
	newIdentity(t, 2, end).save(t, dir)
	r := newKeyring(logger)
	if _, err := r.add(filepath.Join(dir, "cert"), filepath.Join(dir, "key"), ""); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		left time.Duration // before the end
		want string
	}{
		{31 * 24, ""}, {30 * 24, "in 30 days"}, {20 * 24, ""}, {14 * 24, "in 14 days"}, {5 * 24, "in 5 days"}, {2 * 24, ""},
		{24, "in a day"}, {12, ""}, {-1, "has ended"}, {-2, ""},
	} {
		r.now = func() time.Time { return end.Add(-step.left * time.Hour) }
		r.inspect()
		if step.want != "" {
			log.next(t, step.want)
		}
		log.silent(t)
	}
}

// a staple is shown if it is right, and only as long; a wrong one does not harm
// the pair.
func TestKeyringStaple(t *testing.T) {
	dir := t.TempDir()
	log, logger := newTold()
	id, other := newIdentity(t, 2, inAYear()), newIdentity(t, 2, inAYear())
	id.save(t, dir)
	file := filepath.Join(dir, "staple")
	good := id.staple(t, ocsp.Good, time.Now().Add(time.Hour))
	write(t, file, good)
	r := newKeyring(logger)
	s, err := r.add(filepath.Join(dir, "cert"), filepath.Join(dir, "key"), file)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.pair.Load().Certificate.OCSPStaple; !bytes.Equal(got, good) {
		t.Fatalf("staple %x, want %x", got, good)
	}
	r.now = func() time.Time { return time.Now().Add(2 * time.Hour) }
	r.inspect()
	log.next(t, "not shown to clients any more")
	r.now = time.Now
	for _, wrong := range []struct {
		want string
		der  []byte
	}{
		{"revoked on", id.staple(t, ocsp.Revoked, time.Now().Add(time.Hour))},
		{"does not know", id.staple(t, ocsp.Unknown, time.Now().Add(time.Hour))},
		{"its time ended", id.staple(t, ocsp.Good, time.Now().Add(-time.Second))},
		{"not usable", other.staple(t, ocsp.Good, time.Now().Add(time.Hour))},
		{"not usable", []byte("hello")},
		{"not usable", nil},
	} {
		write(t, file, wrong.der)
		r.reload(true)
		log.next(t, "level=WARN", wrong.want)
		if got := s.pair.Load().Certificate.OCSPStaple; got != nil {
			t.Errorf("%s: staple %x is shown", wrong.want, got)
		}
	}
	write(t, file, good)
	r.reload(true)
	log.next(t, "certificate changed", "staple=true")

	// A private authority's root is not sent along: who signed the response is then for
	// the client to say, which has it.
	write(t, filepath.Join(dir, "cert"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: id.cert.Raw}))
	r.reload(true)
	log.next(t, "certificate changed", "staple=true")
}
