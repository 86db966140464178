package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"time"
)

// DefaultValidity is how long a self-signed certificate is valid: ten years.
//
// Nobody renews such a certificate unasked, and on the day it ends every client
// stops, so a short life only moves an outage forward; it protects nothing,
// because whoever trusts it trusts this one key and no authority. Clients on
// Apple's trust store refuse more than 825 days even for certificates that the
// user has added: set Options.ValidFor where those have to connect.
const DefaultValidity = 10 * 365 * 24 * time.Hour

// clockSkew is how far NotBefore lies in the past, for clients whose clock is
// slow.
const clockSkew = time.Hour

// Options says what a self-signed certificate is for.
type Options struct {
	// Hosts are the DNS names and IP addresses of the server, at least one. The
	// first is also the common name, which is only for people to read. A name
	// must be ASCII (write international names in their xn-- form) and may begin
	// with "*."; an IP address must not have a zone.
	Hosts []string
	// ValidFor is the time until the certificate ends; zero is DefaultValidity.
	ValidFor time.Duration
	// Now is the time of issue; zero is the present.
	Now time.Time
}

// SelfSigned makes an ECDSA P-256 key (PKCS #8, RFC 5958) and a certificate
// that is signed by it, for a TLS server only. Both come as PEM (RFC 7468). The
// certificate is no authority: it can be a trust anchor for itself, but whoever
// trusts it trusts nothing else with it. The errors are about o and name the
// wrong field.
func SelfSigned(o Options) (certPEM, keyPEM []byte, err error) {
	template, err := o.template()
	if err != nil {
		return nil, nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("certs: make a key: %w", err)
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, fmt.Errorf("certs: sign the certificate: %w", err)
	}
	if keyPEM, err = EncodeKey(key); err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), keyPEM, nil
}

func (o Options) template() (*x509.Certificate, error) {
	if len(o.Hosts) == 0 {
		return nil, errors.New("certs: Options.Hosts is empty; name at least one host name or IP address of the server")
	}
	if o.ValidFor < 0 {
		return nil, errors.New("certs: Options.ValidFor is negative; give the time until the certificate is to end")
	}
	if o.ValidFor == 0 {
		o.ValidFor = DefaultValidity
	}
	t, err := leafTemplate(o.Now, o.ValidFor, ForServer)
	if err != nil {
		return nil, err
	}
	t.Subject = pkix.Name{CommonName: commonName(o.Hosts[0])}
	for _, h := range o.Hosts {
		if ip, err := netip.ParseAddr(h); err == nil {
			if ip.Zone() != "" {
				return nil, fmt.Errorf("certs: a certificate cannot hold the address %q; leave its zone out", h)
			}
			t.IPAddresses = append(t.IPAddresses, net.IP(ip.Unmap().AsSlice()))
			continue
		}
		name := strings.TrimSuffix(h, ".")
		if !validName(name) {
			return nil, fmt.Errorf("certs: %q is neither a host name nor an IP address; give it as server.example.com or 192.0.2.1", h)
		}
		t.DNSNames = append(t.DNSNames, name)
	}
	return t, nil
}

// newSerial gives 127 random bits below a leading one: RFC 5280 §4.1.2.2 wants
// a positive number of at most 20 octets that no other certificate has.
func newSerial() (*big.Int, error) {
	top := new(big.Int).Lsh(big.NewInt(1), 127)
	n, err := rand.Int(rand.Reader, top)
	if err != nil {
		return nil, fmt.Errorf("certs: make a serial number: %w", err)
	}
	return n.Add(n, top), nil
}

// commonName is host, or nothing where it would not fit: RFC 5280 Appendix A,
// ub-common-name, is 64 characters.
func commonName(host string) string {
	if len(host) > 64 {
		return ""
	}
	return host
}

// validName holds what clients can match: labels of letters, digits, "-" and
// "_" (RFC 1123 §2.1; the underscore is seen on Windows networks).
func validName(name string) bool {
	name = strings.TrimPrefix(name, "*.")
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			c := label[i]
			letter := 'a' <= c|0x20 && c|0x20 <= 'z'
			if !letter && !('0' <= c && c <= '9') && c != '-' && c != '_' {
				return false
			}
		}
	}
	return true
}
