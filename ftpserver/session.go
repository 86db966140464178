package ftpserver

import (
	"context"
	"crypto/tls"
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
	"github.com/sealane/sealane/internal/origin"
	"github.com/sealane/sealane/internal/wire"
	"github.com/sealane/sealane/vfs"
)

var (
	errShutdown = errors.New("the server is shutting down")
	errKicked   = errors.New("ended by the administrator")
	errAborted  = errors.New("aborted by the client")
	errGone     = errors.New("the control connection ended")
	errPanic    = errors.New("panic")
)

// session is one control connection. All fields are touched by its own
// goroutine only, but for those that say otherwise; what a job needs it gets
// handed when it is made.
type session struct {
	srv           *Server
	id            sessionID      // as tickets name it; REIN makes another
	label         string         // as events and the log name it
	remote, local netip.AddrPort // as the client has them
	socket        netip.AddrPort // local, but where a proxy is between
	via           via
	admitted      func() // of Admit, until it has been called; may be nil
	ctx           context.Context
	cancel        context.CancelCauseFunc
	conn          *wire.Conn
	opened        time.Time
	loggedOut     time.Time // since when nobody is logged in

	state state
	// identity is of who is logged in, for other sessions to read.
	identity atomic.Pointer[identity]
	// hasResumed is set by the first data connection that resumed; those to come
	// are measured by it, in their own goroutines.
	hasResumed    atomic.Bool
	grant         *auth.Grant
	cwd           vfs.Path
	pbsz          bool
	prot          protLevel
	typ           transferType
	mode          transferMode
	facts         ftp.FactSet
	hash          vfs.Hash  // of HASH
	hashes        bool      // the client asks for hashes, or is about to
	known         *knownSum // of the file that was moved last; may be nil
	umask         umask
	idle          time.Duration // between commands, by SITE IDLE; 0: as the server has it
	epsvAll       bool
	offer         *offer // announced, and waiting for its transfer command
	spent         *offer // of the last transfer; its client may yet connect
	byCertificate bool   // logged in without a password
	cleared       bool   // CCC has ended TLS
	failures      int    // wrong passwords
	junk          int    // refused commands before login
	unknown       int    // of these, verbs that do not exist

	host     *virtualHost
	asked    string       // by HOST; "": nothing
	shown    *virtualHost // whose certificate the control connection has, or had before CCC
	leaf     *tls.Certificate
	misnamed bool // the handshake failed for its server name

	given, next following

	ear      ear
	held     *incoming // came during a job, to be done after it
	job      *job
	aborting bool // ABOR waits for the job's end
	tally    tally
	view     view
	ended    bool
	farewell bool // the peer was told why, and should get to read it
}

// following is what a command leaves for the one right after it. The dispatcher
// clears it, so that nothing of it can be used twice or by a later command.
type following struct {
	user       string   // USER → PASS
	hasUser    bool     // an empty name is a name
	rest       int64    // REST, RANG → RETR, STOR, APPE, HASH: bytes
	end        int64    // RANG → RETR, HASH: behind the last byte; 0: none
	copyFrom   vfs.Path // SITE CPFR → SITE CPTO
	copying    bool
	renameFrom vfs.Path // RNFR → RNTO
	renaming   bool
}

func (s *Server) newSession(conn net.Conn, ends origin.Ends, v via) *session {
	ses := &session{
		srv: s, id: newSessionID(), via: v, opened: time.Now(),
		remote: ends.Remote, local: ends.Local, socket: origin.AddrPort(conn.LocalAddr()),
		ear: ear{socket: wire.NewSocket(conn)},
	}
	ses.label, ses.loggedOut = hex.EncodeToString(ses.id[:6]), ses.opened
	ses.view.now = SessionInfo{ID: ses.label, Since: ses.opened, Began: ses.opened, Remote: ses.remote}
	var cancel context.CancelCauseFunc
	ses.ctx, cancel = context.WithCancelCause(context.Background())
	ses.cancel = func(cause error) {
		cancel(cause)
		ses.ear.wake()
	}
	ses.start(v.implicit)
	return ses
}

// start is the state in which a session begins, and begins again with REIN:
// protected or in clear.
func (s *session) start(protected bool) {
	s.state, s.cleared = awaitTLS, false
	if protected || s.srv.TLS.InsecurePlaintext {
		s.state = awaitUser
	}
	// On an implicit port data is protected from the start, as all clients of
	// such ports assume; elsewhere it is clear until PROT says otherwise (RFC
	// 4217 §9).
	s.pbsz, s.prot = protected, protClear
	if protected {
		s.prot = protPrivate
	}
	s.show()
	s.resetParameters()
}

// resetParameters brings back the defaults of a new login (RFC 959 §4.1.2).
func (s *session) resetParameters() {
	s.typ = typeASCII
	s.mode = transferMode{level: defaultLevel}
	s.facts = ftp.MakeFactSet(ftp.UsualFacts()...)
	s.hash, s.hashes, s.known = vfs.SHA256, false, nil
	s.epsvAll, s.umask, s.idle = false, 0, 0
}

// logout takes back what a login gave. The protection of the connections stays
// as it is.
func (s *session) logout() {
	s.dropOffers()
	if s.grant != nil {
		s.loggedOut = time.Now()
	}
	release(s.grant)
	s.grant, s.cwd = nil, vfs.Path{}
	s.show()
	s.identity.Store(nil)
	s.byCertificate = false
	if s.state == loggedIn {
		s.state = awaitUser
	}
	s.resetParameters()
}

// path resolves an argument against the working directory.
func (s *session) path(arg string) (vfs.Path, error) { return s.cwd.Join(arg) }

// run is the event loop of the session, from greeting to end.
func (s *session) run() {
	defer context.AfterFunc(s.srv.accepting, s.ear.wake)()
	defer func() {
		if v := recover(); v != nil {
			s.panicked(v)
			s.reply(ftp.Replyf(ftp.Code421Closing, "Closing after an internal error."))
		}
		s.cancel(errGone)
		s.finishJobQuietly()
		s.dropOffers()
		s.recall()
		if s.farewell {
			s.conn.CloseGently(s.srv.Limits.Linger)
		}
	}()

	s.reply(ftp.Replyf(ftp.Code220Ready, "%s", s.greeting()))
	for !s.ended {
		s.step()
	}
}

// step waits for one event and deals with it. It is in the stack of every session
// that idles, so large variables are in the functions that it calls.
func (s *session) step() {
	switch {
	case s.job != nil:
		s.stepJob()
	case s.ear.lines != nil:
		s.stepRecall()
	default:
		s.stepLine(s.attend())
	}
}

// stepLine deals with the next line, which has begun to come, or with what keeps it
// from coming.
//
//go:noinline
func (s *session) stepLine(err error) {
	in := s.hear(err)
	cut := errors.Is(in.err, os.ErrDeadlineExceeded) || errors.Is(in.err, errShutdown)
	if cut && s.leaving() {
		s.close(s.goodbye())
		return
	}
	s.handle(in)
}

// stepRecall takes back the listener of the job that has ended.
//
//go:noinline
func (s *session) stepRecall() {
	if in, heard := s.recall(); heard {
		s.handle(in)
	}
}

// stepJob waits for the end of a job, and for lines meanwhile. A shutdown lets it
// finish.
//
//go:noinline
func (s *session) stepJob() {
	select {
	case in := <-s.ear.lines:
		s.ear.lines = nil
		s.handle(in)
	case out := <-s.job.done:
		s.finish(out)
	case <-s.ctx.Done():
		s.finish(<-s.job.done) // its context has ended with ours
		s.close(s.goodbye())
	}
}

// goodbye is for a session that others end.
func (s *session) goodbye() ftp.Reply {
	if errors.Is(context.Cause(s.ctx), errKicked) {
		return ftp.Replyf(ftp.Code421Closing, "The administrator has ended this session.")
	}
	return ftp.Replyf(ftp.Code421Closing, "The server is shutting down.")
}

// setReadDeadline bounds the wait for the next line. Before login, between commands
// and during a job different times apply.
func (s *session) setReadDeadline() {
	limits := s.srv.Limits
	switch {
	case s.job != nil:
		s.conn.SetReadDeadline(time.Time{}) // the job has limits of its own
	case s.state != loggedIn:
		s.conn.SetReadDeadline(s.loggedOut.Add(limits.Login))
	default:
		idle, end := time.Now().Add(s.idleLimit()), s.opened.Add(limits.Session)
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

func (s *session) name() string { return s.label }

// panicked keeps a panic in one session from ending the others.
func (s *session) panicked(v any) error {
	s.srv.Logger.Error("panic in a session", "session", s.name(), "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
	return errPanic
}
