package ftpserver

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"

	"github.com/sealane/sealane/auth"
)

// identity is who stands behind a session: tickets and data connections of another one
// are a stranger's.
type identity struct {
	account string
	client  clientKey
	legacy  bool // weak TLS does not vouch for strong, nor the other way round
}

// clientKey is the SHA-256 of the certificate that a client has shown; zero: none.
type clientKey [sha256.Size]byte

func keyOf(cs tls.ConnectionState) clientKey {
	if len(cs.PeerCertificates) == 0 {
		return clientKey{}
	}
	return sha256.Sum256(cs.PeerCertificates[0].Raw)
}

// clientKey is of the certificate of the control connection, also when CCC has ended TLS.
func (s *session) clientKey() clientKey {
	if cs := s.conn.TLS(); cs != nil {
		return keyOf(*cs)
	}
	return clientKey{}
}

var errOtherClient = errors.New("ftpserver: the data connection shows another client certificate than the control connection")

// sameClient refuses a data connection with another client certificate than that of the
// control connection, or with none where that has one (RFC 4217 §15.1.2). crypto/tls
// calls it for connections that resume, too: those have the certificate of their
// ticket.
func (g *dataGate) sameClient(cs tls.ConnectionState) error {
	if keyOf(cs) != g.who.client {
		return errOtherClient
	}
	return nil
}

// credentials is what the client has shown by now, but for a password.
func (s *session) credentials(user string) auth.Credentials {
	c := auth.Credentials{User: user, Remote: s.remote, TLS: s.conn.TLS(), Host: s.hostName(), CertificateRequired: s.via.ask == ClientCertRequire}
	if c.TLS != nil && len(c.TLS.PeerCertificates) > 0 {
		c.Certificate, c.CertificateErr = c.TLS.PeerCertificates[0], s.verifyClient(c.TLS.PeerCertificates)
	}
	return c
}

// verifyClient calls VerifyClient, which is the code of others, and must not trust what
// it has no answer for.
func (s *session) verifyClient(chain []*x509.Certificate) error {
	if s.via.ask == ClientCertOff {
		return errNotAsked
	}
	return s.srv.TLS.VerifyClient(chain)
}

var errNotAsked = errors.New("ftpserver: no client certificate was asked for")
