package certs

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"time"
)

// ErrNotCA is wrapped by the error about a certificate that must not sign others.
var ErrNotCA = errors.New("the certificate is not that of an authority")

// CA is a private authority: who trusts its certificate trusts what it signs. It
// is safe for use by several goroutines, and is not to be changed.
type CA struct {
	// Chain has the authority's own certificate first. Those of the authorities
	// above it follow, if there are any.
	Chain []*x509.Certificate
	Key   crypto.Signer
}

// CAOptions says what a new authority is.
type CAOptions struct {
	// Name is shown to people, 1 to 64 characters.
	Name string
	// ValidFor is the time until it ends; zero is CAValidity.
	ValidFor time.Duration
	// Now is the time of issue; zero is the present.
	Now time.Time
}

// NewCA makes a root authority that signs servers and clients but no authorities
// (a path length of 0, RFC 5280 §4.2.1.9). The errors wrap ErrRequest or
// ErrWeakKey.
func NewCA(o CAOptions, key crypto.Signer) (*CA, error) {
	if o.ValidFor == 0 {
		o.ValidFor = CAValidity
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	if o.ValidFor < 0 {
		return nil, fmt.Errorf("%w: its validity is not positive; give the time until it is to end", ErrRequest)
	}
	if !validText(o.Name, 64) {
		return nil, fmt.Errorf("%w: an authority needs a name of 1 to 64 characters that can be seen", ErrRequest)
	}
	if err := usableKey(key.Public()); err != nil {
		return nil, err
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: o.Name},
		NotBefore:    o.Now.Add(-clockSkew),
		NotAfter:     o.Now.Add(o.ValidFor),
		// RFC 5280 §4.2.1.3; it signs lists of revoked certificates, too.
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	cert, err := create509(t, t, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &CA{Chain: []*x509.Certificate{cert}, Key: key}, nil
}

// LoadCA reads an authority's certificate, with those above it if any, and its
// key, from PEM files. Errors wrap ErrBadFile, ErrWrongKey, ErrNotCA, ErrExpired
// or ErrNotYetValid, or are of package os; they name files.
func LoadCA(certFile, keyFile string) (*CA, error) { return loadCA(certFile, keyFile, time.Now()) }

func loadCA(certFile, keyFile string, now time.Time) (*CA, error) {
	pair, err := load(certFile, keyFile, now)
	if err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	ca := &CA{Key: pair.Certificate.PrivateKey.(crypto.Signer)} // load has checked it
	if ca.Chain, err = LoadCertificates(certFile); err != nil {
		return nil, err
	}
	if err := ca.maySign(); err != nil {
		return nil, fmt.Errorf("authority %s: %w", certFile, err)
	}
	return ca, nil
}

func (ca *CA) maySign() error {
	cert := ca.Chain[0]
	switch {
	case !cert.BasicConstraintsValid || !cert.IsCA:
		return fmt.Errorf("%w: it says itself that it is none; make one with sealane cert ca new", ErrNotCA)
	case cert.KeyUsage != 0 && cert.KeyUsage&x509.KeyUsageCertSign == 0:
		return fmt.Errorf("%w: its key is not for signing certificates", ErrNotCA)
	}
	return usableKey(cert.PublicKey)
}

// Issue signs a certificate for the holder of a public key, whose proof that it
// has the private one is the caller's business (ParseRequest demands it). The
// certificate ends no later than the authority and begins no earlier. The errors
// wrap ErrRequest, ErrWeakKey, ErrNotCA, ErrExpired or ErrNotYetValid.
//
// The result has the new certificate first, and behind it those that a server has
// to send along: all of the chain that are not roots.
func (ca *CA) Issue(o IssueOptions, public crypto.PublicKey) ([]*x509.Certificate, error) {
	if o.ValidFor == 0 {
		o.ValidFor = ServerValidity
		if o.Purpose == ForClient {
			o.ValidFor = ClientValidity
		}
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	if err := ca.maySign(); err != nil {
		return nil, err
	}
	parent := ca.Chain[0]
	if err := (Pair{Leaf: parent}).Check(o.Now); err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	t, err := o.template()
	if err != nil {
		return nil, err
	}
	if err := usableKey(public); err != nil {
		return nil, err
	}
	if t.NotAfter.After(parent.NotAfter) {
		t.NotAfter = parent.NotAfter
	}
	if t.NotBefore.Before(parent.NotBefore) {
		t.NotBefore = parent.NotBefore
	}
	leaf, err := create509(t, parent, public, ca.Key)
	if err != nil {
		return nil, err
	}
	chain := []*x509.Certificate{leaf}
	for _, c := range ca.Chain {
		if string(c.RawIssuer) != string(c.RawSubject) {
			chain = append(chain, c)
		}
	}
	return chain, nil
}

// Sign is Issue for a request. Of the request only the key and, where o has none,
// common name, host names and addresses, and for clients e-mail addresses are
// taken; what else it asks for (to be an authority, other uses) is not.
func (ca *CA) Sign(r *Request, o IssueOptions) ([]*x509.Certificate, error) {
	if len(o.Hosts) == 0 && len(o.Emails) == 0 {
		o.Hosts = r.Hosts
		if o.Purpose == ForClient {
			o.Emails = r.Emails
		}
	}
	if o.CommonName == "" {
		o.CommonName = r.CommonName
	}
	return ca.Issue(o, r.PublicKey)
}

// OptionsOf gives what a certificate holds as what one like it is to hold, with
// the same lifetime from now on, for its renewal. The error wraps ErrRequest if it
// is of a kind that is not made: one for several purposes, or an authority's.
func OptionsOf(cert *x509.Certificate) (IssueOptions, error) {
	o := IssueOptions{CommonName: cert.Subject.CommonName, Hosts: hostsOf(cert.DNSNames, cert.IPAddresses), Emails: cert.EmailAddresses}
	if cert.IsCA {
		return o, fmt.Errorf("%w: it is that of an authority, and a new one would have to be given to every client; make one with sealane cert ca new", ErrRequest)
	}
	var server, client bool
	for _, u := range cert.ExtKeyUsage {
		server = server || u == x509.ExtKeyUsageServerAuth
		client = client || u == x509.ExtKeyUsageClientAuth
	}
	switch {
	case client && !server:
		o.Purpose = ForClient
	case client:
		return o, fmt.Errorf("%w: it is for a server and for a client in one; make two with sealane cert new", ErrRequest)
	}
	if o.ValidFor = cert.NotAfter.Sub(cert.NotBefore) - clockSkew; o.ValidFor <= 0 {
		o.ValidFor = 0
	}
	return o, nil
}
