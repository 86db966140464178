package certs

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io/fs"

	"github.com/sealane/sealane/internal/atomicfile"
)

// maxChain bounds the certificates of one chain that are looked at. Real chains
// have two to five.
const maxChain = 16

// ParseCertificates reads the certificates of a PEM text, or one in DER, in their
// order. Other blocks are skipped. The error wraps ErrBadFile.
func ParseCertificates(data []byte) ([]*x509.Certificate, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("%w: it is larger than 1 MiB", ErrBadFile)
	}
	return parseChain(data)
}

// LoadCertificates reads a file for ParseCertificates, at most 1 MiB.
func LoadCertificates(name string) ([]*x509.Certificate, error) {
	data, err := readFile(name)
	if err != nil {
		return nil, err
	}
	chain, err := ParseCertificates(data)
	if err != nil {
		return nil, fmt.Errorf("certificate %s: %w", name, err)
	}
	return chain, nil
}

// ParseKey reads the first private key of a PEM text, or one in DER: PKCS #8, PKCS #1
// or SEC 1, without a passphrase. The error wraps ErrBadFile and holds nothing of the key.
func ParseKey(data []byte) (crypto.Signer, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("%w: it is larger than 1 MiB", ErrBadFile)
	}
	return parseKey(data)
}

// LoadKey reads a file for ParseKey, at most 1 MiB.
func LoadKey(name string) (crypto.Signer, error) {
	data, err := readFile(name)
	if err != nil {
		return nil, err
	}
	key, err := parseKey(data)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	return key, nil
}

// EncodeCertificates gives certificates as PEM (RFC 7468 §5), in their order.
func EncodeCertificates(chain ...*x509.Certificate) []byte {
	var b bytes.Buffer
	for _, c := range chain {
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}) // to memory: cannot fail
	}
	return b.Bytes()
}

// EncodeKey gives a key as PEM, PKCS #8 (RFC 7468 §10), without a passphrase.
func EncodeKey(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("certs: encode the key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// WriteFile puts data under name in one step, on disk before it returns, with the
// rights of mode (0600 for what holds a key). It fails with fs.ErrExist when name
// is there, unless replace is set: then readers see the old file or the new one
// and nothing in between.
func WriteFile(name string, data []byte, mode fs.FileMode, replace bool) error {
	return atomicfile.Write(name, data, atomicfile.Options{Mode: mode, New: !replace})
}
