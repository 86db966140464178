package ftpserver

import (
	"context"
	"strings"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/wire"
)

// cmdAuth changes the control connection to TLS (RFC 4217 §4). TLS-P and the old
// SSL also set PROT P, as their users expect (RFC 4217 §17); with either, only
// TLS 1.2 and 1.3 are spoken.
func cmdAuth(_ context.Context, s *session, arg string) (ftp.Reply, error) {
	level := protClear
	switch strings.ToUpper(arg) {
	case "TLS", "TLS-C":
	case "TLS-P", "SSL":
		level = protPrivate
	default:
		return ftp.Replyf(ftp.Code504BadParameterValue, "Only AUTH TLS is known."), nil
	}
	switch {
	case s.cleared:
		return s.afterCcc(), nil
	case s.conn.TLS() != nil:
		return ftp.Replyf(ftp.Code503BadSequence, "TLS is there already."), nil
	case s.srv.TLS.GetCertificate == nil:
		return ftp.Replyf(ftp.Code431NoSecurity, "This server has no certificate."), nil
	case s.conn.Buffered() > 0:
		// What came behind AUTH came in clear; inside TLS it would count as
		// protected. No client does that, so it is an attack.
		s.observe(Event{Kind: EventRefused, Reply: ftp.Code421Closing, Err: wire.ErrPlaintextBehindAuth})
		s.close(ftp.Replyf(ftp.Code421Closing, "Nothing may follow AUTH before the handshake."))
		return ftp.Reply{}, nil
	}
	s.reply(ftp.Replyf(ftp.Code234SecurityAccepted, "Begin the TLS handshake."))
	if s.ended {
		return ftp.Reply{}, nil
	}
	if err := s.handshake(s.conn.Upgrade); err != nil {
		s.end(err) // RFC 4217 §10.1: drop it
		return ftp.Reply{}, nil
	}
	// A new security exchange ends whatever was before (RFC 2228 §3).
	s.logout()
	s.state, s.pbsz, s.prot = awaitUser, level == protPrivate, level
	return ftp.Reply{}, nil
}
