package daemon

import (
	"crypto/x509"
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
		list, err := certs.LoadCertificates(t.ca)
		if err != nil {
			return false, err
		}
		v.Roots = x509.NewCertPool()
		for _, c := range list {
			v.Roots.AddCert(c)
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

// byCertificate is a login without a password.
func (d *daemon) byCertificate(c auth.Credentials) (*auth.Grant, error) {
	if err := d.policies[c.User].certificate.WithoutPassword(c); err != nil {
		return nil, err
	}
	return d.book.Grant(c.User)
}
