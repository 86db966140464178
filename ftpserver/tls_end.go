package ftpserver

import (
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/wire"
)

// endTLS sends the reply to a verb that ends TLS on the control connection, as the
// last thing under it, and goes on in clear when both ends have said close_notify. It
// reports whether it got there; if not, the session is over.
//
// Nothing may cross that line: what the client has sent under TLS behind the verb does
// not run in clear, and what comes in clear is not read before its close_notify.
func (s *session) endTLS(verb string, r ftp.Reply) bool {
	if s.conn.Ahead() {
		s.observe(Event{Kind: EventRefused, Reply: ftp.Code421Closing, Err: wire.ErrProtectedBehindEnd})
		s.close(ftp.Replyf(ftp.Code421Closing, "Nothing may follow %s before the end of TLS.", verb))
		return false
	}
	s.reply(r)
	if s.ended {
		return false
	}
	if err := s.awaitEnd(); err != nil {
		if !s.leaving() {
			s.observe(Event{Kind: EventRefused, Verb: verb, Err: err})
		}
		s.end(err) // not even a 421: under TLS nothing can be sent any more
		return false
	}
	return true
}

// awaitEnd waits for the close_notify of the client, as long as for a handshake. A
// shutdown does not wait for that.
func (s *session) awaitEnd() error {
	s.conn.SetReadDeadline(time.Now().Add(s.srv.Limits.Handshake))
	s.ear.setWaiting(true)
	defer s.ear.setWaiting(false)
	if s.leaving() { // who makes it leave later wakes it
		return errShutdown
	}
	return s.conn.Downgrade()
}
