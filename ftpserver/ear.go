package ftpserver

import (
	"errors"
	"os"
	"sync"
	"time"

	"github.com/sealane/sealane/internal/wire"
)

// ear is how a session hears its peer. Between commands, which is where sessions
// spend their lives, its own goroutine reads, and no other is there to take memory.
// While a job runs, a listener reads one line in a goroutine of its own.
type ear struct {
	socket *wire.Socket
	lines  chan incoming // of the listener; nil if there is none

	// mu guards waiting, which says that the session's goroutine reads, or is about
	// to, and may be woken through the read deadline.
	mu      sync.Mutex
	waiting bool
}

// incoming is one line, or what came instead of it.
type incoming struct {
	cmd wire.Command
	err error
}

// wake cuts the wait of an idle session short, so that it sees what has changed.
// It may be called from any goroutine, and does nothing to a session that is busy.
func (e *ear) wake() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.waiting {
		e.socket.SetReadDeadline(time.Now())
	}
}

func (e *ear) setWaiting(waiting bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.waiting = waiting
}

// permit lets the next line come: during a job by a listener. Between jobs there is
// nothing to do for that, since hear comes next.
func (s *session) permit() {
	if s.job == nil || s.ear.lines != nil {
		return
	}
	s.setReadDeadline()
	lines := make(chan incoming, 1) // has room: the listener never waits
	s.ear.lines = lines
	go func() {
		cmd, err := s.conn.ReadCommand()
		lines <- incoming{cmd, err}
	}()
}

// recall ends the listener, if there is one, and gives what it has heard. What it
// has read of a line stays in the connection for the next read.
func (s *session) recall() (in incoming, heard bool) {
	if s.ear.lines == nil {
		return incoming{}, false
	}
	s.conn.SetReadDeadline(time.Now())
	in = <-s.ear.lines
	s.ear.lines = nil
	return in, !errors.Is(in.err, os.ErrDeadlineExceeded)
}

// attend waits while no job runs until a line begins to come, or for the reason that
// none will. It leaves the session waiting, as hear reads on.
func (s *session) attend() error {
	s.setReadDeadline()
	s.ear.setWaiting(true)
	// Whoever makes it leave wakes it after that: what is missed here is woken.
	if s.leaving() {
		return errShutdown
	}
	return s.conn.Wait()
}

// hear reads the line that attend has waited for, or fails as attend did.
func (s *session) hear(err error) incoming {
	defer s.ear.setWaiting(false)
	if err != nil {
		return incoming{err: err}
	}
	cmd, err := s.conn.ReadCommand()
	return incoming{cmd, err}
}

// leaving reports whether the server wants the session to end.
func (s *session) leaving() bool { return s.srv.accepting.Err() != nil || s.ctx.Err() != nil }
