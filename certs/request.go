package certs

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// ErrNoProof means that a request is not signed by the key that it asks for:
// whoever has made it may not have that key.
var ErrNoProof = errors.New("the request does not prove that its sender has the key")

// Request is what a holder of a key asks an authority for (PKCS #10, RFC 2986).
// It is text of a stranger, but for its key, which was proven.
type Request struct {
	CommonName string
	Hosts      []string // DNS names and IP addresses
	Emails     []string
	PublicKey  crypto.PublicKey
	Key        string // the key in words, such as "ECDSA P-256"
	// Ignored lists what else is asked for and never copied into a certificate:
	// object identifiers of extensions, and further parts of the subject.
	Ignored []string
}

// NewRequest makes a request in PEM, signed by the key. Purpose, ValidFor and Now
// of o do not matter: they are for the authority to say. The errors wrap
// ErrRequest or ErrWeakKey.
func NewRequest(o IssueOptions, key crypto.Signer) ([]byte, error) {
	if err := usableKey(key.Public()); err != nil {
		return nil, err
	}
	if len(o.Emails) > 0 {
		o.Purpose = ForClient
	}
	o.ValidFor = time.Hour
	t, err := o.template()
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: t.Subject, DNSNames: t.DNSNames, IPAddresses: t.IPAddresses, EmailAddresses: t.EmailAddresses,
	}, key)
	if err != nil {
		return nil, fmt.Errorf("certs: sign the request: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), nil
}

// ParseRequest reads a request in PEM or DER, of at most 1 MiB, and checks that it
// is signed by the key it holds. The errors wrap ErrBadFile, ErrNoProof or
// ErrWeakKey.
func ParseRequest(data []byte) (*Request, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("%w: it is larger than 1 MiB", ErrBadFile)
	}
	der := data
	if isPEM(data) {
		b, rest := pem.Decode(data)
		for b != nil && !strings.HasSuffix(b.Type, "CERTIFICATE REQUEST") {
			b, rest = pem.Decode(rest) // a key, or what openssl has written about it
		}
		if b == nil {
			return nil, noFileOf("request", data)
		}
		der = b.Bytes
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil && !isPEM(data) {
		return nil, noFileOf("request", data)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the request cannot be parsed%w", ErrBadFile, because{err})
	}
	// Before the signature: it costs what the key's sender wants it to.
	if err := usableKey(csr.PublicKey); err != nil {
		return nil, err
	}
	if why := weakSignature(&x509.Certificate{SignatureAlgorithm: csr.SignatureAlgorithm}); why != "" {
		return nil, fmt.Errorf("%w: %s", ErrNoProof, why)
	}
	if err := csr.CheckSignature(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoProof, err)
	}
	return &Request{
		CommonName: csr.Subject.CommonName,
		Hosts:      hostsOf(csr.DNSNames, csr.IPAddresses),
		Emails:     csr.EmailAddresses,
		PublicKey:  csr.PublicKey,
		Key:        keyText(csr.PublicKey),
		Ignored:    ignored(csr),
	}, nil
}

// LoadRequest reads a file for ParseRequest.
func LoadRequest(name string) (*Request, error) {
	data, err := readFile(name)
	if err != nil {
		return nil, err
	}
	r, err := ParseRequest(data)
	if err != nil {
		return nil, fmt.Errorf("request %s: %w", name, err)
	}
	return r, nil
}

// ignored lists at most 16 things.
func ignored(csr *x509.CertificateRequest) []string {
	var out []string
	add := func(s string) {
		if len(out) < 16 && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for _, n := range csr.Subject.Names {
		if !n.Type.Equal(asn1.ObjectIdentifier{2, 5, 4, 3}) {
			add("subject " + n.Type.String())
		}
	}
	for _, e := range csr.Extensions {
		if !e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 17}) {
			add("extension " + e.Id.String())
		}
	}
	if len(csr.URIs) > 0 {
		add("names of type URI")
	}
	return out
}

func hostsOf(names []string, ips []net.IP) []string {
	hosts := slices.Clone(names)
	for _, ip := range ips {
		hosts = append(hosts, ip.String())
	}
	return hosts
}
