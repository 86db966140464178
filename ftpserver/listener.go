package ftpserver

import (
	"crypto/tls"
	"errors"
)

// ListenerPolicy says in what the sessions of one listener differ from those of others.
type ListenerPolicy struct {
	// Implicit begins with the TLS handshake, as ServeTLS does.
	Implicit bool
	// ClientCert goes over TLSPolicy.ClientCert; nil: that one counts.
	ClientCert *ClientCert
	// Legacy takes TLS 1.0 and 1.1, and suites with CBC or without forward secrecy, on
	// control and data connections: for old devices, where nobody else can connect. All of
	// it can be broken by who is on the way. Tickets are not shared with sessions of
	// listeners without it.
	Legacy bool
}

// via is what a session keeps of the listener by which it came.
type via struct {
	implicit bool
	ask      ClientCert
	legacy   bool
}

func (s *Server) viaOf(p ListenerPolicy) (via, error) {
	v := via{implicit: p.Implicit, ask: s.TLS.ClientCert, legacy: p.Legacy}
	if p.ClientCert != nil {
		v.ask = *p.ClientCert
	}
	switch {
	case v.implicit && s.TLS.GetCertificate == nil:
		return via{}, errors.New("ftpserver: implicit TLS needs Server.TLS.GetCertificate")
	case v.ask > ClientCertRequire:
		return via{}, errors.New("ftpserver: ListenerPolicy.ClientCert is unknown")
	case v.ask != ClientCertOff && s.TLS.VerifyClient == nil:
		return via{}, errors.New("ftpserver: ListenerPolicy.ClientCert needs Server.TLS.VerifyClient")
	}
	return v, nil
}

// legacySuites are those that RFC 9325 §4.2 advises against and old devices need. RC4 and
// 3DES are not among them: no device that knows TLS 1.0 by ECDHE or AES needs them.
func legacySuites() []uint16 {
	return []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
		tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA,
	}
}
