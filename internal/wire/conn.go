package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"
)

// readBuffer is the size of the buffer between socket and codec, in bytes. An idle
// session holds it, so it is no larger than most commands need. Longer lines come
// in pieces and are put together outside of it; under TLS a piece costs no system
// call, since crypto/tls has the whole record.
const readBuffer = 128

// keptBuffer bounds, in bytes, the buffers for whole lines and replies that are
// kept for the next one.
const keptBuffer = 512

// maxDiscard bounds, in bytes, what CloseGently reads from a peer that goes on
// sending.
const maxDiscard = 1 << 20

// ErrPlaintextBehindAuth means that the peer sent bytes behind the line that
// asks for TLS, or behind the reply that grants it. They came in clear and
// would be taken for protected ones: the STARTTLS injection (CVE-2011-1575,
// CVE-2021-22947).
var ErrPlaintextBehindAuth = errors.New("wire: plaintext behind the change to TLS")

// Conn is one end of a control connection. Reading and writing may be done by
// two goroutines at the same time, but each by only one; Upgrade and Downgrade need
// both to be at rest.
type Conn struct {
	conn   net.Conn
	br     *bufio.Reader
	tls    *tls.Conn // nil before Upgrade, and behind Downgrade
	socket *Socket   // below it all; may be nil
	write  time.Duration
	line   []byte // of ReadCommand and ReadReply, used again for each line
	out    []byte // of WriteReply and WriteCommand, used again for each
	begun  begun  // of ReadCommand
}

// NewConn wraps conn. A write that does not get on within writeTimeout fails.
// If conn is a *tls.Conn already (implicit FTPS), it counts as upgraded.
func NewConn(conn net.Conn, writeTimeout time.Duration) *Conn {
	c := &Conn{conn: conn, br: bufio.NewReaderSize(conn, readBuffer), write: writeTimeout}
	if t, ok := conn.(*tls.Conn); ok {
		c.tls, conn = t, t.NetConn()
	}
	if c.socket, _ = conn.(*Socket); c.socket != nil {
		c.socket.limit = writeTimeout
	}
	return c
}

// Buffered says how many bytes the peer has sent ahead that were read from the
// network but not yet from the Conn.
func (c *Conn) Buffered() int {
	n := c.br.Buffered()
	if c.socket != nil {
		n += c.socket.ahead()
	}
	return n
}

// TLS returns the state of the TLS connection, or nil while in clear.
func (c *Conn) TLS() *tls.ConnectionState {
	if c.tls == nil {
		return nil
	}
	state := c.tls.ConnectionState()
	return &state
}

// Upgrade changes the connection to TLS: wrap makes the TLS end, and the
// handshake runs until done or until ctx ends. It fails with
// ErrPlaintextBehindAuth, and handshakes nothing, if the peer sent anything
// ahead. After an error the connection is of no more use.
func (c *Conn) Upgrade(ctx context.Context, wrap func(net.Conn) *tls.Conn) error {
	if c.Buffered() > 0 {
		return ErrPlaintextBehindAuth
	}
	if err := c.conn.SetDeadline(time.Time{}); err != nil {
		return err
	}
	t := wrap(c.conn)
	if err := t.HandshakeContext(ctx); err != nil {
		return err
	}
	c.conn, c.tls = t, t
	c.br.Reset(t)
	return nil
}

// SetReadDeadline bounds the reads from now on; it may be called while another
// goroutine reads.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.conn.SetReadDeadline(t) }

// Close closes the connection, under TLS with a close_notify.
func (c *Conn) Close() error { return c.conn.Close() }

// CloseGently ends our direction and reads on for up to limit before it closes.
// Closing with unread input makes the kernel send RST, which can destroy the
// last reply before the peer has read it. Nobody may be reading meanwhile.
func (c *Conn) CloseGently(limit time.Duration) error {
	raw := c.conn
	c.conn.SetDeadline(time.Now().Add(limit))
	if c.tls != nil {
		raw = c.tls.NetConn()
		c.tls.CloseWrite()
		if c.socket != nil {
			c.socket.records = records{} // what comes is read and dropped, in large pieces
		}
	}
	if half, ok := raw.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		io.Copy(io.Discard, io.LimitReader(raw, maxDiscard))
	}
	return raw.Close()
}

// keep gives a buffer back for the next use, unless a rare long line has made it
// large.
func keep(b []byte) []byte {
	if cap(b) > keptBuffer {
		return nil
	}
	return b[:0]
}

func (c *Conn) flush(b []byte) error {
	if err := c.conn.SetWriteDeadline(time.Now().Add(c.write)); err != nil {
		return err
	}
	_, err := c.conn.Write(b)
	return err
}
