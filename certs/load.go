package certs

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// What Load and Pair.Check can find; the errors that they return wrap one of
// these, or an error of package os when a file cannot be read.
var (
	ErrExpired     = errors.New("the certificate has expired")
	ErrNotYetValid = errors.New("the certificate is not valid yet")
	ErrWrongKey    = errors.New("the key does not belong to the certificate")
	ErrBadFile     = errors.New("the file does not hold what it should")
)

// maxFile bounds what is read: a wrong path may name something endless.
const maxFile = 1 << 20

// Pair is a certificate, with its chain, and its key.
type Pair struct {
	Certificate tls.Certificate
	Leaf        *x509.Certificate // the server's own certificate, the first of the chain
}

// Check reports whether the certificate is valid at the time now: nil, or an
// error that wraps ErrExpired or ErrNotYetValid.
func (p Pair) Check(now time.Time) error {
	const layout = "2006-01-02 15:04 MST"
	switch {
	case now.After(p.Leaf.NotAfter):
		return fmt.Errorf("%w (on %s); renew it, or delete certificate and key to have new ones made",
			ErrExpired, p.Leaf.NotAfter.UTC().Format(layout))
	case now.Before(p.Leaf.NotBefore):
		return fmt.Errorf("%w (it begins on %s); check the clock of this machine",
			ErrNotYetValid, p.Leaf.NotBefore.UTC().Format(layout))
	}
	return nil
}

// Load reads a file with a certificate, the server's own first and then those of
// its issuers, and a file with its key, which may be the same. They are PEM, or
// DER, which holds one certificate or one key.
// It refuses a pair with which no client could connect: one that cannot be read
// or understood (ErrBadFile), whose key is another's (ErrWrongKey), or whose
// time has passed or not come (ErrExpired, ErrNotYetValid). Errors are for the
// operator; they name files.
func Load(certFile, keyFile string) (Pair, error) {
	return load(certFile, keyFile, time.Now())
}

func load(certFile, keyFile string, now time.Time) (Pair, error) {
	certPEM, err := readFile(certFile)
	if err != nil {
		return Pair{}, fmt.Errorf("certificate: %w", err)
	}
	keyPEM, err := readFile(keyFile)
	if err != nil {
		return Pair{}, fmt.Errorf("key: %w", err)
	}
	chain, err := parseChain(certPEM)
	if err != nil {
		return Pair{}, fmt.Errorf("certificate %s: %w", certFile, err)
	}
	key, err := parseKey(keyPEM)
	if err != nil {
		return Pair{}, fmt.Errorf("key %s: %w", keyFile, err)
	}
	if err := match(chain, key); err != nil {
		return Pair{}, fmt.Errorf("certificate %s, key %s: %w", certFile, keyFile, err)
	}
	p := Pair{Leaf: chain[0], Certificate: tls.Certificate{PrivateKey: key, Leaf: chain[0]}}
	for _, c := range chain {
		p.Certificate.Certificate = append(p.Certificate.Certificate, c.Raw)
	}
	if err := p.Check(now); err != nil {
		return Pair{}, fmt.Errorf("certificate %s: %w", certFile, err)
	}
	return p, nil
}

func readFile(name string) ([]byte, error) { return readUpTo(name, maxFile) }

// readUpTo reads a file of at most max bytes, which is some MiB.
func readUpTo(name string, max int) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, int64(max)+1))
	if err != nil {
		return nil, err
	}
	if len(data) > max {
		return nil, fmt.Errorf("%s: %w: it is larger than %d MiB; check the path", name, ErrBadFile, max>>20)
	}
	// Windows' editors put a mark before UTF-8, and its PowerShell writes UTF-16. No DER begins so.
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil, fmt.Errorf("%s: %w: it is in UTF-16; save it as UTF-8 or ASCII", name, ErrBadFile)
	}
	return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), nil
}

// pemBlocks gives the blocks of a PEM text. One that has begun and is none makes an
// error, where package pem would pass it over: the file is still being written, or has
// been cut off, and what is missing may be what matters.
func pemBlocks(data []byte) ([]*pem.Block, error) {
	begun := bytes.Count(data, []byte("-----BEGIN "))
	var blocks []*pem.Block
	for b, rest := pem.Decode(data); b != nil; b, rest = pem.Decode(rest) {
		blocks = append(blocks, b)
	}
	if len(blocks) != begun {
		return nil, fmt.Errorf("%w: it has %d beginnings of PEM blocks and %d whole ones; is it being written?", ErrBadFile, begun, len(blocks))
	}
	return blocks, nil
}

func parseChain(data []byte) ([]*x509.Certificate, error) {
	if !isPEM(data) {
		c, err := x509.ParseCertificate(data)
		if err != nil {
			return nil, noFileOf("certificate", data)
		}
		return []*x509.Certificate{c}, nil
	}
	blocks, err := pemBlocks(data)
	if err != nil {
		return nil, err
	}
	var chain []*x509.Certificate
	for _, b := range blocks {
		if b.Type != "CERTIFICATE" {
			continue // a file may hold the key, too
		}
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%w: certificate %d in it cannot be parsed%w", ErrBadFile, len(chain)+1, because{err})
		}
		chain = append(chain, c)
	}
	if len(chain) == 0 {
		return nil, noFileOf("certificate", data)
	}
	return chain, nil
}

// parseKey takes the first private key of a PEM text, or one in DER.
func parseKey(data []byte) (crypto.Signer, error) {
	if !isPEM(data) {
		if key, ok := keyOf(data); ok {
			return signer(key)
		}
		return nil, noFileOf(privateKey, data)
	}
	for rest := data; ; {
		var b *pem.Block
		if b, rest = pem.Decode(rest); b == nil {
			return nil, noFileOf(privateKey, data)
		}
		switch {
		case b.Type == "ENCRYPTED PRIVATE KEY" || b.Headers["DEK-Info"] != "":
			return nil, noFileOf(privateKey, data)
		case b.Type != "PRIVATE KEY" && b.Type != "EC PRIVATE KEY" && b.Type != "RSA PRIVATE KEY":
			continue // certificates, EC PARAMETERS
		}
		key, ok := keyOf(b.Bytes)
		if !ok {
			return nil, fmt.Errorf("%w: the key cannot be parsed; it is damaged, or neither ECDSA nor RSA nor Ed25519", ErrBadFile)
		}
		return signer(key)
	}
}

// keyOf reads PKCS #8, PKCS #1 and SEC 1, whatever the file says that it is: labels are
// wrong now and then. What is wrong is not told, for it is in the words of package x509.
func keyOf(der []byte) (any, bool) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return key, true
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, true
	}
	key, err := x509.ParseECPrivateKey(der)
	return key, err == nil
}

func signer(key any) (crypto.Signer, error) {
	if s, ok := key.(crypto.Signer); ok {
		return s, nil
	}
	return nil, fmt.Errorf("%w: the key is of a kind that cannot sign; use ECDSA, RSA or Ed25519", ErrBadFile)
}

func match(chain []*x509.Certificate, key crypto.Signer) error {
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return fmt.Errorf("%w: the kind of key is not supported: %w", ErrBadFile, err)
	}
	for i, c := range chain {
		// The RSA parameters field may be absent instead of NULL in foreign
		// certificates, so the parsed keys are compared where bytes differ.
		same, ok := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
		if !bytes.Equal(public, c.RawSubjectPublicKeyInfo) && (!ok || !same.Equal(key.Public())) {
			continue
		}
		if i > 0 {
			return fmt.Errorf("%w: it belongs to certificate %d of the file; put the server's own certificate first", ErrWrongKey, i+1)
		}
		return nil
	}
	return fmt.Errorf("%w; give the two files that were made together", ErrWrongKey)
}
