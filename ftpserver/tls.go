package ftpserver

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sealane/sealane/internal/dataconn"
)

// The ALPN ids (IANA). x-filezilla-ftp is left out on purpose: a FileZilla that
// gets it then breaks every transfer with a server that is not its own.
const (
	alpnFTP     = "ftp"
	alpnFTPData = "ftp-data"
)

// extPreSharedKey is the TLS 1.3 extension by which a client offers a ticket (RFC
// 8446 §4.2.11).
const extPreSharedKey uint16 = 41

// ticketDesk makes the TLS configurations of all connections and decides which
// tickets count. A ticket proves that a data connection belongs to an account;
// it never chooses the session that the connection is for: programs share TLS
// caches between their parallel sessions, so routing by ticket swaps files.
type ticketDesk struct {
	srv  *Server
	base *tls.Config
}

func newTicketDesk(srv *Server) *ticketDesk {
	return &ticketDesk{
		srv: srv,
		base: &tls.Config{
			MinVersion:     tls.VersionTLS12,
			GetCertificate: srv.guarded(srv.TLS.GetCertificate),
			// TLS 1.2 with AEAD and forward secrecy only (RFC 9325 §4.2).
			CipherSuites: []uint16{
				tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
				tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
				tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
				tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
				tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
				tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
			},
			// Small first records help web pages, not files.
			DynamicRecordSizingDisabled: true,
		},
	}
}

var errGetCertificate = errors.New("ftpserver: no certificate: GetCertificate panicked")

// guarded makes a panic of choose, which is the code of others, a failed
// handshake. crypto/tls calls it in goroutines of data connections, too, where
// a panic would end the whole process.
func (s *Server) guarded(choose func(*tls.ClientHelloInfo) (*tls.Certificate, error)) func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return func(hello *tls.ClientHelloInfo) (_ *tls.Certificate, err error) {
		defer func() {
			if v := recover(); v != nil {
				s.Logger.Error("panic in GetCertificate", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
				err = errGetCertificate
			}
		}()
		return choose(hello)
	}
}

// config is what control and data connections of a listener's sessions have in common.
func (d *ticketDesk) config(v via) *tls.Config {
	c := d.base.Clone()
	c.ClientAuth = v.ask.auth()
	if v.legacy {
		c.MinVersion = tls.VersionTLS10
		c.CipherSuites = append(slices.Clone(c.CipherSuites), legacySuites()...)
	}
	return c
}

// controlConfig is for the control connection of s. Control connections issue
// tickets and never resume: a client that kept an old ticket would go on
// showing the id of a session that is dead or not its own.
func (d *ticketDesk) controlConfig(s *session) *tls.Config {
	c := d.config(s.via)
	c.NextProtos = []string{alpnFTP, alpnFTPData} // the second for clients with one configuration for both
	c.GetCertificate = s.certificate
	c.WrapSession = d.seal(s.id, nil)
	c.UnwrapSession = func([]byte, tls.ConnectionState) (*tls.SessionState, error) { return nil, nil }
	return c
}

// seal puts the proof of the session into each ticket; crypto/tls starts every
// ticket with an empty Extra. inherits, if not nil, reports whether the connection
// resumed with a ticket whose secret is hybrid, and so gives on a hybrid one.
func (d *ticketDesk) seal(id sessionID, inherits func() bool) func(tls.ConnectionState, *tls.SessionState) ([]byte, error) {
	return func(cs tls.ConnectionState, ss *tls.SessionState) ([]byte, error) {
		if cs.DidResume && cs.Version < tls.VersionTLS13 {
			// An empty ticket means "keep the one you have" (RFC 5077 §3.3).
			// crypto/tls would renew it on every connection, and OpenSSL clients
			// (PHP) then fail to resume every second transfer.
			return []byte{}, nil
		}
		p := proof{id: id, suite: cs.CipherSuite, issued: time.Now()}
		if cs.Version == tls.VersionTLS13 {
			p.hybrid = isHybrid(cs.CurveID) || cs.DidResume && inherits != nil && inherits()
		}
		ss.Extra = append(ss.Extra, p.append(make([]byte, 0, len(ticketMark)+proofSize)))
		return d.srv.sealer.EncryptTicket(cs, ss)
	}
}

// dataGate is the TLS side of one offer of a data port.
type dataGate struct {
	desk *ticketDesk
	id   sessionID
	who  identity
	via  via
	host *virtualHost
	leaf *tls.Certificate // of the control connection
	// upload is set once the command is known to be an upload.
	upload atomic.Bool
	// hasResumed reports whether the session has had a resumed data connection.
	hasResumed func() bool
}

// secure is the dataconn.Secure of the offer.
func (g *dataGate) secure(ctx context.Context, raw net.Conn) (*dataconn.Conn, error) {
	// configFor makes the whole of it. Without tickets here crypto/tls makes no keys
	// for them on every connection; those in use are the sealer's.
	c := &tls.Config{GetConfigForClient: g.configFor, SessionTicketsDisabled: true}
	return dataconn.Server(ctx, raw, c, g.desk.srv.Limits.Stall)
}

// configFor makes the configuration of one data connection, a clone of its own
// that its callbacks may change.
func (g *dataGate) configFor(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	c := g.desk.config(g.via)
	c.NextProtos = []string{alpnFTPData, alpnFTP}
	c.GetCertificate = g.certificate
	c.VerifyConnection = g.sameClient
	shown := g.look(hello)
	if shown.light {
		c.CurvePreferences = []tls.CurveID{tls.X25519}
		// Called only where the ticket was not accepted after all.
		c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errTicketLost }
	}
	accepted := proof{}
	c.WrapSession = g.desk.seal(g.id, func() bool { return accepted.hybrid })
	c.UnwrapSession = func(ticket []byte, cs tls.ConnectionState) (*tls.SessionState, error) {
		ss, p := shown.session, shown.proof
		if ss == nil || !bytes.Equal(ticket, shown.ticket) {
			ss, p = g.desk.open(ticket, cs, g.who)
		}
		if ss == nil || shown.light && !p.hybrid {
			return nil, nil
		}
		accepted = p
		if g.upload.Load() {
			// A client that uploads does not read, so it closes with the new
			// ticket unread, and the RST that this causes eats the tail of its
			// file (Ruby's Net::FTP). curl, which needs a new ticket each time,
			// shakes hands before its command and so still gets one.
			c.SessionTicketsDisabled = true
		}
		return ss, nil
	}
	if slices.Contains(hello.SupportedVersions, tls.VersionTLS13) && !slices.Contains(hello.Extensions, extPreSharedKey) {
		// The same loss, and mostly no use: who offers no ticket keeps none. But a
		// client that has resumed in this session has only run out of them: OpenSSL
		// uses each once, and an upload brought none (PHP).
		c.SessionTicketsDisabled = g.upload.Load() || !g.hasResumed()
	}
	return c, nil
}

// certificate is that of the control connection, also if there is a newer one by now (RFC 4217
// §15.1.1): but for one that has ended, or that this hello cannot use.
func (g *dataGate) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if l := g.leaf; l != nil && (l.Leaf == nil || time.Now().Before(l.Leaf.NotAfter)) && hello.SupportsCertificate(l) == nil {
		return l, nil
	}
	return g.desk.srv.certificateOf(g.host)(hello)
}

var errTicketLost = errors.New("ftpserver: a ticket that was to be accepted was not")

// shown is the ticket that a client shows in its ClientHello, if it counts.
type shown struct {
	ticket  []byte
	session *tls.SessionState // nil: it does not count, or there is none
	proof   proof
	light   bool // X25519 will do
}

// look opens the ticket before crypto/tls chooses the key exchange, which it does
// before it looks at tickets.
func (g *dataGate) look(hello *tls.ClientHelloInfo) (s shown) {
	peeked, ok := dataconn.PeekHello(hello.Conn)
	if !ok || len(peeked.Ticket) == 0 {
		return shown{}
	}
	s.ticket = bytes.Clone(peeked.Ticket)
	// Only the keys of the sealer count, and no state of the connection.
	s.session, s.proof = g.desk.open(s.ticket, tls.ConnectionState{}, g.who)
	s.light = s.session != nil && s.proof.mayShare(hello, peeked, time.Now())
	return s
}

// open returns the session of a ticket if that counts as proof of who: it was issued
// by a session that lives and is of the same identity. All else
// leads to a full handshake, never to an error: honest clients offer tickets of
// their other sessions.
func (d *ticketDesk) open(ticket []byte, cs tls.ConnectionState, who identity) (*tls.SessionState, proof) {
	ss, err := d.srv.sealer.DecryptTicket(ticket, cs)
	if ss == nil || err != nil {
		return nil, proof{}
	}
	if p, ok := proofOf(ss); ok && d.srv.vouches(p.id, who) {
		return ss, p
	}
	return nil, proof{}
}
