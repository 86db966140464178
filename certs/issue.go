package certs

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// How long certificates of a private authority are valid by default.
const (
	// ServerValidity is what public authorities have kept to since 2020, and what
	// Apple's clients refuse to exceed from them: 398 days.
	ServerValidity = 398 * 24 * time.Hour
	// ClientValidity is one year.
	ClientValidity = 365 * 24 * time.Hour
	// CAValidity is ten years: every client has to be told when it ends.
	CAValidity = 10 * 365 * 24 * time.Hour
)

// Purpose is what a certificate may be used for (RFC 5280 §4.2.1.12).
type Purpose int

// The purposes. A certificate has one: a server's must not log in as a client.
const (
	ForServer Purpose = iota
	ForClient
)

// String is "server" or "client".
func (p Purpose) String() string {
	if p == ForClient {
		return "client"
	}
	return "server"
}

func (p Purpose) usage() x509.ExtKeyUsage {
	if p == ForClient {
		return x509.ExtKeyUsageClientAuth
	}
	return x509.ExtKeyUsageServerAuth
}

// IssueOptions says what a certificate is to hold.
type IssueOptions struct {
	Purpose Purpose
	// CommonName is the name of the subject, at most 64 characters: of a client,
	// the account. Empty is the first of Hosts, where it fits.
	CommonName string
	// Hosts are DNS names and IP addresses as in Options.Hosts. A server needs at
	// least one, because clients look at nothing else (RFC 9525 §2).
	Hosts []string
	// Emails are addresses of a client. A server has none.
	Emails []string
	// ValidFor is the time until the certificate ends; zero is ServerValidity or
	// ClientValidity, and DefaultValidity for one signed by itself.
	ValidFor time.Duration
	// Now is the time of issue; zero is the present.
	Now time.Time
}

// maxSubjects bounds the names of one certificate: it has to fit into a
// handshake, and clients compare them all.
const maxSubjects = 100

// ErrRequest is wrapped by errors about what a certificate is asked to hold.
var ErrRequest = errors.New("this certificate cannot be made")

// leafTemplate is a certificate that has no names yet. now may be zero: the present.
func leafTemplate(now time.Time, validFor time.Duration, purpose Purpose) (*x509.Certificate, error) {
	if now.IsZero() {
		now = time.Now()
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	return &x509.Certificate{
		SerialNumber: serial,
		NotBefore:    now.Add(-clockSkew),
		NotAfter:     now.Add(validFor),
		// RFC 5280 §4.2.1.3: all that the suites of TLS 1.3 and (EC)DHE use.
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{purpose.usage()},
		BasicConstraintsValid: true, // RFC 5280 §4.2.1.9: says cA=FALSE
	}, nil
}

func (o IssueOptions) template() (*x509.Certificate, error) {
	t, err := leafTemplate(o.Now, o.ValidFor, o.Purpose)
	if err != nil {
		return nil, err
	}
	if err := o.names(t); err != nil {
		return nil, err
	}
	switch {
	case o.ValidFor <= 0:
		return nil, fmt.Errorf("%w: its validity is not positive; give the time until it is to end", ErrRequest)
	case o.Purpose == ForServer && len(o.Hosts) == 0:
		return nil, fmt.Errorf("%w: a server needs a host name or IP address; clients do not look at the common name", ErrRequest)
	case o.Purpose == ForClient && t.Subject.CommonName == "":
		return nil, fmt.Errorf("%w: a client needs a name; give that of its account", ErrRequest)
	}
	return t, nil
}

func (o IssueOptions) names(t *x509.Certificate) error {
	if len(o.Hosts)+len(o.Emails) > maxSubjects {
		return fmt.Errorf("%w: it has more than %d names", ErrRequest, maxSubjects)
	}
	for _, h := range o.Hosts {
		if ip, err := netip.ParseAddr(h); err == nil {
			if ip.Zone() != "" {
				return fmt.Errorf("%w: it cannot hold the address %q; leave its zone out", ErrRequest, h)
			}
			t.IPAddresses = append(t.IPAddresses, net.IP(ip.Unmap().AsSlice()))
			continue
		}
		name := strings.TrimSuffix(h, ".")
		if !validName(name) {
			return fmt.Errorf("%w: %q is neither a host name nor an IP address; write it as server.example.com or 192.0.2.1, international names in their xn-- form", ErrRequest, h)
		}
		t.DNSNames = append(t.DNSNames, name)
	}
	for _, e := range o.Emails {
		user, domain, ok := strings.Cut(e, "@")
		if !ok || !validName(domain) || !validText(user, 64) || strings.ContainsAny(user, " @<>\"") || !isASCII(user) {
			return fmt.Errorf("%w: %q is not an e-mail address", ErrRequest, e)
		}
		t.EmailAddresses = append(t.EmailAddresses, e)
	}
	if o.Purpose == ForServer && len(o.Emails) > 0 {
		return fmt.Errorf("%w: a server has no e-mail address", ErrRequest)
	}
	cn := o.CommonName
	if cn == "" && len(o.Hosts) > 0 {
		cn = commonName(o.Hosts[0])
	}
	if cn != "" && !validText(cn, 64) {
		return fmt.Errorf("%w: the common name %q is longer than 64 characters, or holds one that cannot be seen", ErrRequest, cn)
	}
	t.Subject = pkix.Name{CommonName: cn}
	return nil
}

// validText is text that a person can read: no control character, no NUL behind
// which a program in C stops reading (CVE-2009-3639), no invisible mark.
func validText(s string, most int) bool {
	if s == "" || !utf8.ValidString(s) || utf8.RuneCountInString(s) > most {
		return false
	}
	return strings.IndexFunc(s, unreadable) < 0
}

func unreadable(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Cs, unicode.Co)
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// SignSelf makes a certificate that is signed by its own key. Like SelfSigned it
// is no authority. The errors wrap ErrRequest, ErrWeakKey or are of the system.
func SignSelf(o IssueOptions, key crypto.Signer) (*x509.Certificate, error) {
	if o.ValidFor == 0 {
		o.ValidFor = DefaultValidity
	}
	t, err := o.template()
	if err != nil {
		return nil, err
	}
	if err := usableKey(key.Public()); err != nil {
		return nil, err
	}
	return create509(t, t, key.Public(), key)
}

// usableKey refuses what no client should accept (RFC 9325 §4.5).
func usableKey(public crypto.PublicKey) error {
	why := weakKey(&x509.Certificate{PublicKey: public})
	if why == "" {
		why = hugeKey(public)
	}
	if why != "" {
		return fmt.Errorf("%w: %s", ErrWeakKey, why)
	}
	return nil
}

func create509(t, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, t, parent, public, key)
	if err != nil {
		return nil, fmt.Errorf("certs: sign the certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}
