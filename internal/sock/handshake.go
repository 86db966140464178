package sock

import (
	"net"
	"sync/atomic"
)

// HandshakeConn acknowledges at once while a TLS handshake reads from it, and is
// the connection itself, but for one check per read, when that is done.
type HandshakeConn struct {
	net.Conn
	done atomic.Bool
}

// Read reads, and acknowledges at once during the handshake.
func (c *HandshakeConn) Read(p []byte) (int, error) {
	if !c.done.Load() {
		AckAtOnce(c.Conn)
	}
	return c.Conn.Read(p)
}

// Done says that the handshake is over, well or not.
func (c *HandshakeConn) Done() { c.done.Store(true) }

// CloseWrite sends FIN, where the connection has a half close.
func (c *HandshakeConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return net.ErrClosed
}
