package ftpserver

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/origin"
	"github.com/sealane/sealane/internal/sock"
	"github.com/sealane/sealane/internal/wire"
)

// controlSendBuffer bounds the replies that wait in the kernel for a client that
// does not read them.
const controlSendBuffer = 64 << 10

var (
	errTooMany    = errors.New("too many sessions")
	errTurnedAway = errors.New("new sessions are turned away")
)

// accept makes a session of a new control connection and runs it in a goroutine
// of its own.
func (s *Server) accept(conn net.Conn, ends origin.Ends, v via) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetWriteBuffer(controlSendBuffer)
		sock.InlineUrgent(tcp)
		if err := sock.FindVanished(tcp); err != nil { // then it is found by its idleness
			s.Logger.Debug("no keepalive for a control connection", "error", err)
		}
	}
	ses := s.newSession(conn, ends, v)
	if err := s.admit(ses); err != nil {
		ses.observe(Event{Kind: EventRefused, Reply: ftp.Code421Closing, Err: err})
		s.turnAway(conn, v)
		return
	}
	go func() {
		defer s.running.Done()
		defer s.dismiss(ses)
		ses.serve()
	}()
}

// admit asks Admit, and counts a session in, or says why not.
func (s *Server) admit(ses *session) error {
	if s.Admit != nil {
		release, err := s.Admit(ses.remote)
		if err != nil {
			return err
		}
		ses.admitted = release
	}
	err := s.enroll(ses)
	if err != nil {
		ses.settle()
	}
	return err
}

// settle tells who admitted the session that it has logged in, or has ended.
func (s *session) settle() {
	if s.admitted != nil {
		s.admitted()
		s.admitted = nil
	}
}

func (s *Server) enroll(ses *session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	addr := ses.remote.Addr()
	switch {
	case s.closed:
		return ErrServerClosed
	case s.turningAway:
		return errTurnedAway
	case len(s.sessions) >= s.Limits.Sessions:
		return errTooMany
	case addr.IsValid() && s.perAddr[addr] >= s.Limits.SessionsPerAddress:
		return errTooMany
	}
	s.sessions[ses.id] = ses
	s.users++
	s.perAddr[addr]++
	s.running.Add(1)
	return nil
}

// renew gives a session another id, so that no ticket of before vouches for it.
func (s *Server) renew(ses *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, ses.id)
	ses.id = newSessionID()
	s.sessions[ses.id] = ses
}

func (s *Server) dismiss(ses *session) {
	defer ses.settle()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, ses.id)
	s.users--
	s.leaveLocked()
	addr := ses.remote.Addr()
	if s.perAddr[addr]--; s.perAddr[addr] == 0 {
		delete(s.perAddr, addr)
	}
}

// turnAway says 421 where that can be said in clear, and closes. The reply fits
// into an empty socket buffer, so it cannot hold up the accept loop.
func (s *Server) turnAway(conn net.Conn, v via) {
	if !v.implicit {
		conn.SetWriteDeadline(time.Now().Add(time.Second))
		conn.Write(wire.AppendReply(nil, ftp.Replyf(ftp.Code421Closing, "Too many connections; come again later.")))
	}
	conn.Close()
}

// serve takes a control connection from its first byte to its last.
func (s *session) serve() {
	defer s.cancel(nil)
	s.observeStart()
	defer s.observeEnd()
	defer func() { release(s.grant) }()
	if s.open() {
		defer s.conn.Close()
		s.run()
	}
}

// open makes the control connection, on an implicit port by a handshake.
func (s *session) open() bool {
	var conn net.Conn = s.ear.socket
	if s.via.implicit {
		err := s.handshake(func(ctx context.Context, server func(net.Conn) *tls.Conn) error {
			t := server(conn)
			conn = t
			return t.HandshakeContext(ctx)
		})
		if err != nil {
			s.ear.socket.Close() // not by TLS: there is no TLS
			return false
		}
	}
	s.conn = wire.NewConn(conn, s.srv.Limits.Write)
	s.show()
	return true
}

// handshake runs a TLS handshake of the control connection within its limit: run
// makes the TLS end by server, and shakes hands.
func (s *session) handshake(run func(ctx context.Context, server func(net.Conn) *tls.Conn) error) error {
	ctx, cancel := context.WithTimeout(s.ctx, s.srv.Limits.Handshake)
	defer cancel()
	e := Event{Kind: EventTLSFailed}
	socket := s.ear.socket
	plain := socket.Conn
	prompt := &sock.HandshakeConn{Conn: plain}
	socket.Conn = prompt
	var t *tls.Conn
	aside(func() {
		e.Err = run(ctx, func(c net.Conn) *tls.Conn {
			socket.FollowRecords()
			t = tls.Server(c, s.srv.tickets.controlConfig(s))
			return t
		})
	})
	prompt.Done()
	switch {
	case e.Err == nil:
		socket.Conn = plain // otherwise crypto/tls may still be closing prompt
		cs := t.ConnectionState()
		e.Kind, e.TLS, e.Handshake = EventTLS, tlsVersion(cs.Version), shaken(cs)
		e.Implicit, e.Legacy = s.via.implicit, s.via.legacy
	case s.misnamed:
		e.Err = errServerName
	}
	s.observe(e)
	return e.Err
}

// aside runs f in a goroutine of its own and waits for it. What f needs of the stack
// then ends with it: the stack of a session that has grown stays so for as long as
// the session idles. A panic of f is the caller's.
func aside(f func()) {
	done := make(chan any)
	go func() {
		defer func() { done <- recover() }()
		f()
	}()
	if v := <-done; v != nil {
		panic(v)
	}
}
