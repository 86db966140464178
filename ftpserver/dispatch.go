package ftpserver

import (
	"context"
	"errors"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/wire"
)

// unknownBeforeLogin is how many verbs that do not exist a peer may send before
// login. Cross-protocol attacks (ALPACA) need many; no FTP client sends three.
const unknownBeforeLogin = 3

var errGarbage = errors.New("garbage on the control connection")

// dispatch does one command: find the row, check state and argument, run it,
// reply.
func (s *session) dispatch(in incoming) {
	s.given, s.next = s.next, following{}
	in.cmd = s.srv.joinSite(in.cmd)
	if isHTTP(in.cmd.Verb) {
		s.closeOnGarbage()
		return
	}
	s.tally.commands++
	row, refusal := s.check(in)
	if row == nil {
		s.observeNotDone(s.srv.table[in.cmd.Verb], "", refusal, nil)
		s.refuse(refusal, s.srv.table[in.cmd.Verb] == nil)
		return
	}
	if row.keepsRest {
		s.next.rest, s.next.end = s.given.rest, s.given.end
	}
	s.view.begins("", "")
	if row.start != nil {
		s.begin(row, in.cmd.Arg)
		return
	}
	reply, err := row.run(s.ctx, s, in.cmd.Arg)
	if err != nil {
		reply = s.replyTo(err)
	}
	s.observeNotDone(row, in.cmd.Arg, reply, err)
	if reply.Code.Class() == ftp.Permanent {
		s.refuse(reply, false)
		return
	}
	s.reply(reply)
}

// check gives the row of a command that may run now, or the refusal.
func (s *session) check(in incoming) (*command, ftp.Reply) {
	row := s.srv.table[in.cmd.Verb]
	switch {
	case row == nil:
		return nil, ftp.Replyf(ftp.Code500Unknown, "Unknown command.")
	case errors.Is(in.err, wire.ErrControlByte):
		return nil, ftp.Replyf(ftp.Code501BadParameter, "NUL and CR are not allowed in a command.")
	case s.state&row.states == 0 && s.state == awaitTLS:
		return nil, ftp.Replyf(ftp.Code530NotLoggedIn, "TLS is required: send AUTH TLS first.")
	case s.state&row.states == 0:
		return nil, ftp.Replyf(ftp.Code530NotLoggedIn, "Log in with USER and PASS first.")
	case row.off && row.denial != nil:
		return nil, row.denial(s)
	case row.off, row.never:
		return nil, ftp.Replyf(ftp.Code502NotImplemented, "%s is not done here.", row.verb)
	case row.arg == argNone && in.cmd.Arg != "":
		return nil, ftp.Replyf(ftp.Code501BadParameter, "%s takes no argument.", row.verb)
	case row.arg == argRequired && in.cmd.Arg == "":
		return nil, ftp.Replyf(ftp.Code501BadParameter, "%s needs an argument: %s", row.verb, row.syntax)
	}
	return row, ftp.Reply{}
}

// refuse sends a 5yz and, before login, counts it: scanners and cross-protocol
// attacks need many tries, clients do not.
func (s *session) refuse(r ftp.Reply, unknown bool) {
	if s.state == loggedIn {
		s.reply(r)
		return
	}
	s.junk++
	if unknown {
		s.unknown++
	}
	if s.unknown >= unknownBeforeLogin || s.junk >= s.srv.Limits.BadCommands {
		s.closeOnGarbage()
		return
	}
	s.pause(s.junk)
	s.reply(r)
}

// pause slows a peer down that keeps on sending what is refused: 20 ms more each
// time.
func (s *session) pause(times int) {
	pauseFor(s.ctx, time.Duration(times-1)*20*time.Millisecond)
}

func pauseFor(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (s *session) closeOnGarbage() {
	s.observe(Event{Kind: EventRefused, Reply: ftp.Code421Closing, Err: errGarbage})
	s.close(ftp.Replyf(ftp.Code421Closing, "Too many bad commands."))
}

// isHTTP reports whether a verb is one by which a web browser, or an attacker who
// steers one, begins (ALPACA, CVE-2021-3618).
func isHTTP(verb string) bool {
	switch verb {
	case "GET", "POST", "HEAD", "PUT", "OPTIONS", "PRI", "CONNECT", "PATCH", "TRACE":
		return true
	}
	return false
}
