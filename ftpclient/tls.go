package ftpclient

import (
	"bytes"
	"crypto/tls"
	"strings"
	"sync"
)

func (c *Client) controlTLS() *tls.Config {
	cfg := c.baseTLS()
	cfg.NextProtos = []string{"ftp"}
	cfg.ClientSessionCache = controlTickets{c.tickets}
	cfg.VerifyConnection = c.opt.Verify
	return cfg
}

func (c *Client) dataTLS() *tls.Config {
	cfg := c.baseTLS()
	cfg.NextProtos = []string{"ftp-data", "ftp"}
	cfg.ClientSessionCache = dataTickets{c.tickets}
	// Small first records are for web pages; a file only pays for them.
	cfg.DynamicRecordSizingDisabled = true
	cfg.CurvePreferences = c.dataGroups()
	cfg.VerifyConnection = func(cs tls.ConnectionState) error {
		if len(cs.PeerCertificates) == 0 || !bytes.Equal(cs.PeerCertificates[0].Raw, c.leaf) {
			return ErrOtherCertificate
		}
		if c.opt.Verify != nil {
			return c.opt.Verify(cs)
		}
		return nil
	}
	return cfg
}

// dataGroups says which key exchanges a data connection offers; nil means all. One
// that does not resume is refused once the server has shown that it can: so what is
// left out weakens nothing.
func (c *Client) dataGroups() []tls.CurveID {
	control := c.ctl.TLS()
	if control == nil || control.Version != tls.VersionTLS13 || !c.mustResume() {
		return nil
	}
	switch control.CurveID {
	case tls.X25519MLKEM768, tls.SecP256r1MLKEM768, tls.SecP384r1MLKEM1024:
		// The connection resumes the hybrid exchange, or carries nothing
		// (docs/design/0004-x25519-on-data.md).
		return []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384}
	case tls.CurveP256, tls.CurveP384, tls.CurveP521:
		// The server knows none that we would rather have, and would ask for this one
		// by a HelloRetryRequest: a round trip for each file.
		return []tls.CurveID{control.CurveID}
	}
	return nil
}

// mustResume reports whether a data connection that does not resume the TLS
// session is refused: the server has shown that it can.
func (c *Client) mustResume() bool {
	return (c.resumed || c.opt.ExpectResumed) && !c.opt.AllowUnresumed
}

func (c *Client) baseTLS() *tls.Config {
	name, _, _ := strings.Cut(c.host, "%") // the zone of an IPv6 address is not part of a certificate
	return &tls.Config{
		// Always set, for an address too: crypto/tls would else look for
		// sessions under address and port, and data ports differ.
		ServerName:   strings.TrimSuffix(name, "."),
		RootCAs:      c.opt.RootCAs,
		Certificates: c.opt.Certificates,
		MinVersion:   c.opt.MinTLS,
		MaxVersion:   tls.VersionTLS13,
		CipherSuites: []uint16{ // of TLS 1.2: with forward secrecy, AEAD only
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
			tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
		// Verify takes the place of chain and name; VerifyConnection runs on
		// resumed handshakes too.
		InsecureSkipVerify: c.opt.Verify != nil,
	}
}

// tickets holds the TLS session of one control connection for its data
// connections. It is never shared with another control connection: a server that
// binds data connections to their session would refuse the other's ticket.
type tickets struct {
	mu      sync.Mutex
	session *tls.ClientSessionState
}

// controlTickets is the view of the control connection: it never resumes, and
// its newest ticket is kept.
type controlTickets struct{ *tickets }

func (controlTickets) Get(string) (*tls.ClientSessionState, bool) { return nil, false }

func (t controlTickets) Put(_ string, s *tls.ClientSessionState) {
	if s == nil {
		return
	}
	// In TLS 1.2 an empty ticket means "keep what you have" (RFC 5077 §3.3).
	// crypto/tls hands it over as if it were one.
	if ticket, _, err := s.ResumptionState(); err != nil || len(ticket) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.session = s
}

// dataTickets is the view of the data connections. They all offer the control
// connection's ticket, whatever the name; their own tickets are not kept, so
// that none of them, and no failure of one, can unseat it.
type dataTickets struct{ *tickets }

func (t dataTickets) Get(string) (*tls.ClientSessionState, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.session, t.session != nil
}

func (dataTickets) Put(string, *tls.ClientSessionState) {}
