package daemon

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/internal/config"
)

// clientTrust is who is believed when clients show certificates. It is read again when
// its files change; what cannot be used keeps what was before.
type clientTrust struct {
	ca, crl  string // files; may be empty
	verifier atomic.Pointer[certs.ClientVerifier]
}

func newClientTrust(c config.ClientCertConfig) (*clientTrust, error) {
	t := &clientTrust{ca: c.CA, crl: c.CRL}
	_, err := t.reload()
	return t, err
}

func (t *clientTrust) files() []string { return []string{t.ca, t.crl} }

// reload reads the files. It reports that something has changed whenever it could.
func (t *clientTrust) reload() (changed bool, err error) {
	v := &certs.ClientVerifier{}
	if t.ca != "" {
		pem, err := os.ReadFile(t.ca)
		if err != nil {
			return false, err
		}
		v.Roots = x509.NewCertPool()
		if !v.Roots.AppendCertsFromPEM(pem) {
			return false, fmt.Errorf("%s: %w: no certificate in PEM is in it", t.ca, certs.ErrBadFile)
		}
	}
	if t.crl != "" {
		if v.Revoked, err = certs.LoadRevocationLists(t.crl, time.Now()); err != nil {
			return false, err
		}
	}
	t.verifier.Store(v)
	return true, nil
}

func (t *clientTrust) verify(chain []*x509.Certificate) error { return t.verifier.Load().Verify(chain) }

// prepareClients sets up what clients are asked for.
func (d *daemon) prepareClients() (err error) {
	c := d.config.TLS.Client
	if d.config.StrictestClientCert() == config.ClientCertOff {
		return nil
	}
	if d.clients, err = newClientTrust(c); err != nil {
		return startError(err, "mend --client-ca or tls.client_ca, and tls.client_crl", "cannot use the authorities of clients")
	}
	d.ring.also(d.clients)
	return nil
}

// clientCert is what the sessions of a listener are asked for; own is its own setting.
func (d *daemon) clientCert(own string) *ftpserver.ClientCert {
	return new(map[string]ftpserver.ClientCert{
		config.ClientCertRequest: ftpserver.ClientCertRequest, config.ClientCertRequire: ftpserver.ClientCertRequire,
	}[d.config.ClientCertFor(own)])
}

// clientPolicy puts it into the policy of the server.
func (d *daemon) clientPolicy(p *ftpserver.TLSPolicy) {
	if d.clients != nil {
		p.VerifyClient = d.clients.verify
	}
}

// certificatePolicy is what certificates mean for the login of an account.
type certificatePolicy struct {
	mode  string // as config.Account has it
	rules []auth.CertificateRule
}

var (
	errNoCertificate    = errors.New("no client certificate was shown")
	errWrongCertificate = errors.New("the client certificate is not this account's")
	errPasswordOff      = errors.New("the account logs in by certificate only")
)

// shown reports, by nil, that the client has shown a certificate of the account; else the
// error says why not, for the log.
func (p certificatePolicy) shown(c auth.Credentials) error {
	switch {
	case c.Certificate == nil:
		return errNoCertificate
	case slices.ContainsFunc(p.rules, func(r auth.CertificateRule) bool { return r.Matches(c) }):
		return nil
	case c.CertificateErr != nil:
		return c.CertificateErr
	}
	return errWrongCertificate
}

// withPassword judges a login whose password was right, or is of no meaning.
func (p certificatePolicy) withPassword(c auth.Credentials) error {
	var err error
	switch p.mode {
	case config.CertificateAlone:
		if err = p.shown(c); err == nil {
			err = errPasswordOff
		}
	case config.CertificateBoth:
		err = p.shown(c)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", auth.ErrDenied, err)
	}
	return nil
}

// byCertificate is a login without a password.
func (d *daemon) byCertificate(ctx context.Context, c auth.Credentials) (*auth.Grant, error) {
	p := d.policies[c.User].certificate
	if p.mode != config.CertificateAlone && p.mode != config.CertificateEither {
		return nil, auth.ErrPassword
	}
	if err := p.shown(c); err != nil {
		return nil, fmt.Errorf("%w: %w", auth.ErrPassword, err)
	}
	return d.book.Grant(c.User)
}
