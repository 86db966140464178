package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

// cmdCcc ends TLS on the control connection and leaves the login as it is (RFC 2228
// §3, RFC 4217 §5). It is for routers that must read PORT and PASV, and gives
// everybody on the way the commands to read and to write: a policy must have turned it
// on. Only behind the login (RFC 4217 §15.3); what follows REIN is the only way back.
func cmdCcc(_ context.Context, s *session, _ string) (ftp.Reply, error) {
	switch {
	case s.conn.TLS() == nil:
		return s.refuseCcc(), nil
	case s.state != loggedIn:
		return ftp.Replyf(ftp.Code530NotLoggedIn, "Log in with USER and PASS first."), nil
	}
	s.cleared = s.endTLS("CCC", ftp.Replyf(ftp.Code200OK, "The control connection goes on in clear."))
	s.show()
	return ftp.Reply{}, nil
}

// refuseCcc is the answer where CCC is off, in the order of RFC 2228 §3: in clear
// there is nothing to clear, and under TLS the policy says no.
func (s *session) refuseCcc() ftp.Reply {
	if s.conn.TLS() == nil {
		return ftp.Replyf(ftp.Code533ProtDenied, "CCC must come under TLS.")
	}
	return ftp.Replyf(ftp.Code534PolicyDenied, "The control connection must stay protected.")
}

// afterCcc refuses what has no place behind CCC: the protection is settled, and so is
// who is logged in.
func (s *session) afterCcc() ftp.Reply {
	return ftp.Replyf(ftp.Code503BadSequence, "Not after CCC; send REIN first.")
}
