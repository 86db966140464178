package dataconn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// Errors of a data connection.
var (
	// ErrHandshake is wrapped by every error of a TLS handshake.
	ErrHandshake = errors.New("dataconn: the TLS handshake of the data connection failed")
	// ErrTruncated is wrapped when a TLS stream ended in a FIN that no
	// close_notify announced: what has been read may be a part only (RFC 8446 §6.1).
	ErrTruncated = errors.New("dataconn: the data connection was cut before its close_notify")
	// ErrStalled is wrapped, together with os.ErrDeadlineExceeded, when no byte
	// moved for as long as the stall limit.
	ErrStalled = errors.New("dataconn: no data moved within the stall limit")
)

// Conn is a data connection, plain or under TLS with its handshake completed.
//
// One goroutine may read while another writes; Abort, Received and Sent may be
// called from anywhere at any time. A Conn is given back with Drain, after
// Finish, or with Abort. There is no Close on purpose: for a plain connection
// it would send a FIN, and so make a cut look like the end of the data.
type Conn struct {
	raw    *rawConn
	stream net.Conn // raw, or the TLS connection over it
	secure *tls.Conn
	state  *tls.ConnectionState

	received, sent atomic.Int64
	broken         atomic.Bool // a Write failed: our stream can no longer end well
}

// Plain makes a data connection of raw without TLS (PROT C). stall is the
// longest time in which no byte may move in a Read or a Write that waits; zero
// or less means two minutes.
func Plain(raw net.Conn, stall time.Duration) *Conn {
	r := wrapRaw(raw, stall)
	return &Conn{raw: r, stream: r}
}

// Server makes a data connection of raw by a TLS handshake in the server's
// role, which the TLS server of the control connection has on the data
// connection too, whoever connected to whom (RFC 4217 §7). The handshake is
// bounded by ctx and by stall (see [Plain]). If it fails, raw is closed and the
// error wraps ErrHandshake, and ctx's error if that was the reason.
func Server(ctx context.Context, raw net.Conn, cfg *tls.Config, stall time.Duration) (*Conn, error) {
	r := wrapRaw(raw, stall)
	return handshake(ctx, r, tls.Server(r, cfg))
}

// Client is [Server] in the client's role.
func Client(ctx context.Context, raw net.Conn, cfg *tls.Config, stall time.Duration) (*Conn, error) {
	r := wrapRaw(raw, stall)
	return handshake(ctx, r, tls.Client(r, cfg))
}

func handshake(ctx context.Context, raw *rawConn, secure *tls.Conn) (*Conn, error) {
	raw.secured = true
	raw.beginEarly()
	growStack()
	if err := secure.HandshakeContext(ctx); err != nil {
		raw.dropEarly()
		raw.Close()
		return nil, fmt.Errorf("%w: %w", ErrHandshake, err)
	}
	raw.wide = true
	raw.endEarly()
	state := secure.ConnectionState()
	return &Conn{raw: raw, stream: secure, secure: secure, state: &state}, nil
}

// Read reads payload. It returns io.EOF only at the true end of the peer's
// stream: its close_notify under TLS, its FIN on a plain connection. Under TLS
// a FIN in any other place gives an error that wraps ErrTruncated, and what
// follows a close_notify is never returned (RFC 8446 §6.1).
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.stream.Read(p)
	c.received.Add(int64(n))
	return n, explain(err)
}

// ReadReady fills p with payload as Read does, and goes on for as long as more has
// arrived already: TLS gives out one record at a time, and files are better off
// with large writes. With an error it returns what came before it.
func (c *Conn) ReadReady(p []byte) (n int, err error) {
	for {
		got, err := c.Read(p[n:])
		n += got
		// A part of a record may be all that is there. The rest is under way.
		if err != nil || n == len(p) || len(c.raw.ahead) == 0 {
			return n, err
		}
	}
}

// Write writes payload. After an error the stream cannot be continued or
// finished; Abort it.
func (c *Conn) Write(p []byte) (int, error) {
	var n int
	var err error
	if c.secure != nil && len(p) > maxRecord {
		n, err = c.raw.gathered(c.secure, p)
	} else {
		n, err = c.stream.Write(p)
	}
	c.sent.Add(int64(n))
	if err != nil {
		c.broken.Store(true)
	}
	return n, explain(err)
}

func explain(err error) error {
	// An error that is io.EOF is returned as it is: callers compare it with ==.
	if err == nil || err == io.EOF || !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrStalled, err)
}

// TLS returns the state after the handshake, or nil if the connection is plain.
// It is shared: do not change it.
func (c *Conn) TLS() *tls.ConnectionState { return c.state }

// Resumed reports whether the handshake resumed a TLS session.
func (c *Conn) Resumed() bool { return c.state != nil && c.state.DidResume }

// LocalAddr returns our address.
func (c *Conn) LocalAddr() net.Addr { return c.raw.LocalAddr() }

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return c.raw.RemoteAddr() }

// Received returns how many bytes of payload Read has returned so far.
func (c *Conn) Received() int64 { return c.received.Load() }

// Sent returns how many bytes of payload Write has taken so far. They may still
// be on their way.
func (c *Conn) Sent() int64 { return c.sent.Load() }

var errUnfinished = errors.New("dataconn: an earlier write failed, so the stream cannot end properly")

// Finish ends our direction properly: close_notify (under TLS), then FIN. The
// peer may go on sending, and Read goes on working. The close_notify waits for
// room no longer than the stall limit; the FIN does not wait.
//
// After a failed Write, Finish sends nothing and returns an error, because a
// FIN would make the part look like the whole.
func (c *Conn) Finish() error {
	if c.broken.Load() {
		return errUnfinished
	}
	if c.secure != nil {
		if err := c.secure.CloseWrite(); err != nil {
			c.broken.Store(true)
			return explain(err)
		}
	}
	err := c.raw.CloseWrite() // which also flushes, in WriteLast
	if err != nil {
		c.broken.Store(true)
	}
	if c.secure != nil && errors.Is(err, errors.ErrUnsupported) {
		return nil // the close_notify is the end; the FIN comes with Drain
	}
	return err
}

// Drain reads and discards what the peer still sends, until it ends its stream,
// an error comes or limit has passed, and then closes the connection. It bounds
// the time only: memory does not grow with what arrives, and it is neither
// decrypted nor counted. No Read or Write may be running.
//
// Both ends call it after Finish, in place of closing at once: a close with
// input unread makes the kernel send RST, which destroys what the peer has not
// read yet. A server that refuses an upload so has its refusal heard. A client
// that ends an upload would otherwise, with the server's TLS 1.3 session tickets
// unread, lose the tail of the file.
func (c *Conn) Drain(limit time.Duration) {
	// The raw connection and not the stream: after a close_notify the stream
	// stays at io.EOF and leaves in the kernel what came behind it.
	c.raw.limitUntil(time.Now().Add(limit))
	c.raw.wide = false // what is thrown away needs no large buffer
	c.raw.dropEarly()
	_, _ = io.Copy(io.Discard, onlyReader{c.raw})
	_ = c.raw.Close()
}

// onlyReader hides every other method, so that io.Copy takes the plain way.
type onlyReader struct{ io.Reader }

// Abort ends the connection at once and without a close_notify, by RST where
// it is TCP: a cut has to look like a cut, on a plain connection too, where a
// FIN would look like the end of the data. It ends a Read, Write, Finish or
// Drain that is running, and may be called at any time and several times.
func (c *Conn) Abort() {
	// Never tls.Conn.Close: it would send a close_notify.
	cut(c.raw)
}

// cut closes raw with RST, which also leaves no TIME_WAIT behind on our side.
func cut(raw net.Conn) {
	if l, ok := raw.(interface{ SetLinger(sec int) error }); ok {
		_ = l.SetLinger(0)
	}
	_ = raw.Close()
}
