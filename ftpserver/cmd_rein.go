package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

// cmdRein brings the session back to its beginning (RFC 959 §4.1.1); the dispatcher
// holds it back while a transfer runs. The reply is the last thing under TLS, which
// then ends (RFC 4217 §13), and all tickets with it. On an implicit port TLS stays, and
// its tickets with it: such a port has no state without TLS to which it could return.
//
// What limits a peer that has not logged in is not set back: the number of wrong
// passwords and of refused commands, to which REIN itself counts then, and the time.
func cmdRein(_ context.Context, s *session, _ string) (ftp.Reply, error) {
	if s.state != loggedIn {
		if s.junk++; s.junk >= s.srv.Limits.BadCommands {
			s.closeOnGarbage()
			return ftp.Reply{}, nil
		}
	}
	s.logout()
	protected := s.conn.TLS() != nil
	if !protected || s.via.implicit {
		s.resetHost()
		s.start(protected)
		return ftp.Replyf(ftp.Code220Ready, "%s", s.greeting()), nil
	}
	s.srv.renew(s)
	s.hasResumed.Store(false)
	s.host, s.asked = nil, ""
	if s.endTLS("REIN", ftp.Replyf(ftp.Code220Ready, "%s", s.greeting())) {
		s.shown = nil
		s.start(false)
	}
	return ftp.Reply{}, nil
}
