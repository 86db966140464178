package wire

import (
	"math"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// Socket is a connection that can wait for input in a shallow stack. A goroutine
// that waits in the Read of a *tls.Conn is 2 KiB deep and needs a stack of 8 KiB for
// that; a server has thousands of them.
type Socket struct {
	net.Conn
	raw   syscall.RawConn // nil where waiting is left to Read
	try   func(fd uintptr) (done bool)
	armed bool

	// first is of the input, read while waiting: first[from:to] is not given yet. It
	// has room for the header of a TLS record, so that this costs no read more.
	first    [recordHeader]byte
	from, to int
	err      error // instead of it

	records records

	limit time.Duration // of a write that nobody has bounded
	made  time.Time     // the beginning of until; with its monotonic reading
	until atomic.Int64  // the write deadline, in nanoseconds since made; 0: none
}

// NewSocket wraps conn. If that is not a connection of the operating system, or
// the system cannot read without waiting, Wait returns at once.
func NewSocket(conn net.Conn) *Socket {
	s := &Socket{Conn: conn, made: time.Now()}
	if sys, ok := conn.(syscall.Conn); ok && canTry {
		if raw, err := sys.SyscallConn(); err == nil {
			s.raw, s.try = raw, s.tryRead
		}
	}
	return s
}

// FollowRecords makes all reads from now on end with the TLS record in which they
// began, so that TLS can end and leave what lies behind it (Conn.Downgrade). Call it
// right before the handshake.
func (s *Socket) FollowRecords() { s.records = records{on: true} }

// ahead is how much was read while waiting and not given yet.
func (s *Socket) ahead() int { return s.to - s.from }

// dryError is what an armed Socket returns instead of waiting. It is temporary, or
// crypto/tls would take the connection for broken.
type dryError struct{}

func (dryError) Error() string   { return "wire: no input yet" }
func (dryError) Timeout() bool   { return true }
func (dryError) Temporary() bool { return true }

// Read reads, and gives first what came while waiting.
func (s *Socket) Read(p []byte) (int, error) {
	switch {
	case len(p) == 0:
		return 0, nil
	case s.ahead() > 0:
		n := copy(p, s.first[s.from:s.to])
		s.from += n
		return n, nil
	case s.err != nil:
		err := s.err
		s.err = nil
		return 0, err
	case s.armed:
		return 0, dryError{}
	}
	n, err := s.Conn.Read(p[:s.records.room(len(p))])
	s.records.advance(p[:n])
	return n, err
}

// Write bounds what crypto/tls writes by itself while it reads, the answer to a KeyUpdate
// (RFC 8446 §4.6.3): the deadline of the last reply may be over by then, or there was none.
func (s *Socket) Write(p []byte) (int, error) {
	// By the monotonic clock: the clock of the wall may have been put back since then.
	if s.limit > 0 && int64(time.Since(s.made)) >= s.until.Load() {
		if err := s.SetWriteDeadline(time.Now().Add(s.limit)); err != nil {
			return 0, err
		}
	}
	return s.Conn.Write(p)
}

// SetWriteDeadline bounds the writes from now on.
func (s *Socket) SetWriteDeadline(t time.Time) error {
	s.noteDeadline(t)
	return s.Conn.SetWriteDeadline(t)
}

// SetDeadline bounds reads and writes from now on.
func (s *Socket) SetDeadline(t time.Time) error {
	s.noteDeadline(t)
	return s.Conn.SetDeadline(t)
}

func (s *Socket) noteDeadline(t time.Time) {
	switch {
	case t.IsZero():
		s.until.Store(0)
	case time.Until(t) <= 0: // no more writes: crypto/tls says so behind its close_notify
		s.until.Store(math.MaxInt64)
	default:
		s.until.Store(int64(t.Sub(s.made)))
	}
}

// wait returns when there is something to read, or an error to be had by Read, or
// with the error of the deadline.
func (s *Socket) wait() error {
	return s.raw.Read(s.try)
}

// CloseWrite sends FIN, where the connection has a half close.
func (s *Socket) CloseWrite() error {
	if half, ok := s.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return net.ErrClosed
}

// Wait returns when ReadCommand has something to read, whole line or not, or with
// the error of the read deadline. It needs the Conn to be on a Socket, possibly
// under TLS; elsewhere it returns at once.
func (c *Conn) Wait() error {
	if c.socket == nil || c.socket.raw == nil {
		return nil
	}
	c.socket.armed = true
	_, err := c.br.Peek(1) // of what bufio and crypto/tls hold
	c.socket.armed = false
	if _, dry := err.(dryError); dry {
		return c.socket.wait()
	}
	return nil // an error comes again
}
