package dataconn

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/sealane/sealane/internal/sock"
)

// defaultStall is the stall limit where none is given.
const defaultStall = 2 * time.Minute

// rawConn is the transport below a Conn. It keeps the stall limit here and not
// above TLS, because one TLS record is up to 16 KiB: a slow line moves bytes all
// the time and yet may need longer than the limit for a record.
type rawConn struct {
	net.Conn
	stall     time.Duration
	secured   bool        // set before the handshake, never changed later
	legacyEOF bool        // leave it to TLS what a FIN means
	heard     atomic.Bool // the peer has sent at least one byte
	heardAt   time.Time   // when that came; of the reading goroutine
	// until, if not nil, is an absolute deadline in place of the stall limit. It keeps
	// its monotonic reading: a clock that is put back must not prolong it.
	until atomic.Pointer[time.Time]

	more        bool         // FIN follows what is gathered
	gather      []byte       // what TLS has written and is not sent yet; nil: send at once
	early       *earlyBuffer // reads of the handshake; nil before, and when all of it is taken
	wide        bool         // read ahead: set after the handshake
	ahead       []byte       // what was read and TLS has not taken yet
	aheadBuffer *aheadBuffer // behind ahead
}

// wrapRaw takes a rawConn over rather than wrap it twice: candidates are
// wrapped before it is known what they become.
func wrapRaw(raw net.Conn, stall time.Duration) *rawConn {
	if stall <= 0 {
		stall = defaultStall
	}
	r, ok := raw.(*rawConn)
	if !ok {
		r = &rawConn{Conn: raw}
	}
	r.stall = stall
	return r
}

func (r *rawConn) deadline() time.Time {
	if until := r.until.Load(); until != nil {
		return *until
	}
	return time.Now().Add(r.stall)
}

func (r *rawConn) limitUntil(t time.Time) { r.until.Store(&t) }

// Read reads for TLS, or payload of a plain connection.
func (r *rawConn) Read(p []byte) (int, error) {
	switch {
	case r.early != nil:
		n, err := r.readEarly(p)
		if r.wide {
			r.endEarly()
		}
		return n, err
	case r.wide:
		return r.readWide(p)
	}
	return r.receive(p)
}

// receive turns the transport's io.EOF into ErrTruncated under TLS: crypto/tls
// would pass the former on as a clean end if it comes between two records. The
// io.EOF that crypto/tls makes itself, of a close_notify, is then the only one.
func (r *rawConn) receive(p []byte) (int, error) {
	if err := r.SetReadDeadline(r.deadline()); err != nil {
		return 0, err
	}
	if r.early != nil && !r.wide {
		sock.AckAtOnce(r.Conn) // still in the handshake
	}
	n, err := r.Conn.Read(p)
	if n > 0 && !r.heard.Load() {
		r.heardAt = time.Now()
		r.heard.Store(true)
	}
	if err == io.EOF && r.secured && !r.legacyEOF {
		if n > 0 {
			return n, nil // the next Read finds the end again
		}
		return 0, ErrTruncated
	}
	return n, err
}

// Write writes what TLS made, or payload of a plain connection.
func (r *rawConn) Write(p []byte) (int, error) {
	if kept, err := r.keep(p); kept {
		return len(p), err
	}
	return r.transmit(p)
}

// transmit goes on after a deadline in which some bytes moved: the limit is on a
// stall, not on the size of p.
func (r *rawConn) transmit(p []byte) (int, error) {
	total := 0
	for {
		// Also in place of the 5 s that crypto/tls sets for a close_notify: with
		// a full send buffer a slow but living peer may need longer.
		if err := r.SetWriteDeadline(r.deadline()); err != nil {
			return total, err
		}
		n, err := r.Conn.Write(p[total:])
		total += n
		moved := n > 0 && errors.Is(err, os.ErrDeadlineExceeded) && r.until.Load() == nil
		if !moved {
			return total, err
		}
	}
}

// CloseWrite sends FIN. Of a transport that has no half close the error wraps
// errors.ErrUnsupported.
func (r *rawConn) CloseWrite() error {
	if r.more {
		if err := r.flushLast(); err != nil {
			return err
		}
	}
	if h, ok := r.Conn.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return errors.ErrUnsupported
}

// SetLinger is net.TCPConn's, where the transport has it.
func (r *rawConn) SetLinger(sec int) error {
	if l, ok := r.Conn.(interface{ SetLinger(sec int) error }); ok {
		return l.SetLinger(sec)
	}
	return errors.ErrUnsupported
}
