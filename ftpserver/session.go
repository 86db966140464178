package ftpserver

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/wire"
	"github.com/sealane/sealane/vfs"
)

var (
	errShutdown = errors.New("the server is shutting down")
	errAborted  = errors.New("aborted by the client")
	errGone     = errors.New("the control connection ended")
	errPanic    = errors.New("panic")
)

// session is one control connection. All fields are touched by its own
// goroutine only, but for those that say otherwise; what a job needs it gets
// handed when it is made.
type session struct {
	srv           *Server
	id            sessionID
	remote, local netip.AddrPort
	implicit      bool
	ctx           context.Context
	cancel        context.CancelCauseFunc
	conn          *wire.Conn
	opened        time.Time

	state   state
	account atomic.Pointer[string] // the grant's, for other sessions to read
	// hasResumed is set by the first data connection that resumed; those to come
	// are measured by it, in their own goroutines.
	hasResumed atomic.Bool
	grant      *auth.Grant
	cwd        vfs.Path
	pbsz       bool
	prot       protLevel
	typ        transferType
	facts      ftp.FactSet
	epsvAll    bool
	offer      *offer // announced, and waiting for its transfer command
	spent      *offer // of the last transfer; its client may yet connect
	failures   int    // wrong passwords
	junk       int    // refused commands before login
	unknown    int    // of these, verbs that do not exist

	given, next following

	permits  chan struct{}
	lines    chan incoming
	held     *incoming // came during a job, to be done after it
	job      *job
	aborting bool // ABOR waits for the job's end
	ended    bool
	farewell bool // the peer was told why, and should get to read it
}

// following is what a command leaves for the one right after it. The dispatcher
// clears it, so that nothing of it can be used twice or by a later command.
type following struct {
	user       string   // USER → PASS
	hasUser    bool     // an empty name is a name
	rest       int64    // REST → RETR, STOR, APPE: bytes
	renameFrom vfs.Path // RNFR → RNTO
	renaming   bool
}

// incoming is what the reader hands over for one permit.
type incoming struct {
	cmd wire.Command
	err error
}

func (s *Server) newSession(conn net.Conn, implicit bool) *session {
	ses := &session{
		srv: s, id: newSessionID(), implicit: implicit, opened: time.Now(),
		remote: addrPort(conn.RemoteAddr()), local: addrPort(conn.LocalAddr()),
		permits: make(chan struct{}, 1), lines: make(chan incoming, 1),
		state: awaitTLS,
	}
	ses.ctx, ses.cancel = context.WithCancelCause(context.Background())
	if implicit || s.TLS.InsecurePlaintext {
		ses.state = awaitUser
	}
	// On an implicit port data is protected from the start, as all clients of
	// such ports assume; elsewhere it is clear until PROT says otherwise (RFC
	// 4217 §9).
	if implicit {
		ses.pbsz, ses.prot = true, protPrivate
	}
	ses.resetParameters()
	return ses
}

// resetParameters brings back the defaults of a new login (RFC 959 §4.1.2).
func (s *session) resetParameters() {
	s.typ = typeASCII
	s.facts = ftp.MakeFactSet(ftp.AllFacts()...)
	s.epsvAll = false
}

// logout takes back what a login gave. The protection of the connections stays
// as it is.
func (s *session) logout() {
	s.dropOffers()
	s.grant, s.cwd = nil, vfs.Path{}
	s.account.Store(nil)
	if s.state == loggedIn {
		s.state = awaitUser
	}
	s.resetParameters()
}

// path resolves an argument against the working directory.
func (s *session) path(arg string) (vfs.Path, error) { return s.cwd.Join(arg) }

// run is the event loop of the session, from greeting to end.
func (s *session) run() {
	readerDone := make(chan struct{})
	go func() {
		defer close(readerDone)
		s.read()
	}()
	defer func() {
		if v := recover(); v != nil {
			s.panicked(v)
			s.reply(ftp.Replyf(ftp.Code421Closing, "Closing after an internal error."))
		}
		s.cancel(errGone)
		s.finishJobQuietly()
		s.dropOffers()
		close(s.permits)
		s.conn.SetReadDeadline(time.Now()) // ends the reader
		<-readerDone
		if s.farewell {
			s.conn.CloseGently(s.srv.Limits.Linger)
		}
	}()

	s.reply(ftp.Replyf(ftp.Code220Ready, "FTP server ready."))
	s.permit()
	for !s.ended {
		s.step()
	}
}

// step waits for one event and deals with it.
func (s *session) step() {
	var done chan outcome
	draining := s.srv.draining
	if s.job != nil {
		done = s.job.done
		draining = nil // let it finish; looked at again then
	}
	select {
	case in := <-s.lines:
		s.handle(in)
	case out := <-done:
		s.finish(out)
	case <-draining:
		s.close(ftp.Replyf(ftp.Code421Closing, "The server is shutting down."))
	case <-s.ctx.Done():
		if s.job != nil {
			s.finish(<-s.job.done) // its context has ended with ours
		}
		s.close(ftp.Replyf(ftp.Code421Closing, "The server is shutting down."))
	}
}

// read hands over one command line per permit, until the connection fails.
func (s *session) read() {
	for range s.permits {
		cmd, err := s.conn.ReadCommand()
		s.lines <- incoming{cmd, err} // has room: one line per permit
		if err != nil && !errors.Is(err, wire.ErrControlByte) {
			return
		}
	}
}

// permit lets the reader take the next line. Before login, between commands and
// during a job different times apply.
func (s *session) permit() {
	s.setReadDeadline()
	s.permits <- struct{}{}
}

func (s *session) setReadDeadline() {
	limits := s.srv.Limits
	switch {
	case s.job != nil:
		s.conn.SetReadDeadline(time.Time{}) // the job has limits of its own
	case s.state != loggedIn:
		s.conn.SetReadDeadline(s.opened.Add(limits.Login))
	default:
		idle, end := time.Now().Add(limits.Idle), s.opened.Add(limits.Session)
		if end.Before(idle) {
			idle = end
		}
		s.conn.SetReadDeadline(idle)
	}
}

// handle deals with what the reader brought.
func (s *session) handle(in incoming) {
	switch {
	case in.err == nil, errors.Is(in.err, wire.ErrControlByte):
	case errors.Is(in.err, wire.ErrLineTooLong):
		s.observe(Event{Kind: EventRefused, Reply: ftp.Code500Unknown, Err: in.err})
		s.close(ftp.Replyf(ftp.Code500Unknown, "Line too long."))
		return
	case errors.Is(in.err, os.ErrDeadlineExceeded):
		s.close(ftp.Replyf(ftp.Code421Closing, "Timeout: log in again."))
		return
	default: // io.EOF, reset: nobody is left to answer
		if !errors.Is(in.err, io.EOF) {
			s.srv.Logger.Debug("control connection failed", "session", s.name(), "error", in.err)
		}
		s.end(errGone)
		return
	}
	if err := s.conn.WriteTelnet(in.cmd.Telnet); err != nil {
		s.end(errGone)
		return
	}
	if s.job != nil && !s.duringJob(in) {
		s.held = &in
		return
	}
	s.dispatch(in)
	if !s.ended {
		s.permit()
	}
}

// duringJob reports whether a command is answered while a job runs. That is for
// transfers, which have said 150: a job that owes its first reply, such as a
// login, must not be overtaken by another, or a client that sends ahead takes
// the one for the other. Only ABOR gets through to it after login; its reply
// waits for the job's.
func (s *session) duringJob(in incoming) bool {
	row := s.srv.table[in.cmd.Verb]
	if in.err != nil || row == nil || !row.during {
		return false
	}
	return !s.job.opening.IsZero() || row.verb == "ABOR" && s.state == loggedIn && in.cmd.Arg == ""
}

// reply sends a reply. If that fails the session is over.
func (s *session) reply(r ftp.Reply) {
	if s.ended && r.Code != ftp.Code421Closing || r.IsZero() {
		return
	}
	if err := s.conn.WriteReply(r); err != nil {
		s.end(errGone)
	}
}

// end makes the loop stop; nothing more is sent.
func (s *session) end(cause error) {
	s.ended = true
	s.cancel(cause)
}

// close says goodbye and ends the session.
func (s *session) close(r ftp.Reply) {
	s.reply(r)
	s.farewell = true
	s.end(errGone)
}

func (s *session) name() string { return hex.EncodeToString(s.id[:6]) }

// observe fills in what all events of a session share.
func (s *session) observe(e Event) {
	if s.srv.Observe == nil {
		return
	}
	e.Time, e.Session, e.Remote = time.Now(), s.name(), s.remote
	if s.grant != nil && e.Account == "" {
		e.Account = s.grant.Account
	}
	if s.conn != nil && e.TLS == "" {
		if state := s.conn.TLS(); state != nil {
			e.TLS = tlsVersion(state.Version)
		}
	}
	s.srv.Observe(s.ctx, e)
}

// panicked keeps a panic in one session from ending the others.
func (s *session) panicked(v any) error {
	s.srv.Logger.Error("panic in a session", "session", s.name(), "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
	return errPanic
}
