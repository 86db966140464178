package wire

import (
	"errors"
	"io"
)

// ErrProtectedBehindEnd means that the peer sent commands behind the one that ends
// TLS, and still under it. They must not run in clear, where what they answer can
// be read and what they ask for is nobody's in particular.
var ErrProtectedBehindEnd = errors.New("wire: protected commands behind the end of TLS")

var errNoEnd = errors.New("wire: this connection cannot go back from TLS")

// Ahead reports whether the peer has sent anything behind the last line, as far as
// that is known without reading from the network. Nobody may be reading meanwhile.
func (c *Conn) Ahead() bool {
	if c.Buffered() > 0 {
		return true
	}
	if c.socket == nil {
		return false
	}
	c.socket.armed = true
	_, err := c.br.Peek(1) // of what crypto/tls holds
	c.socket.armed = false
	return err == nil // any other error comes again
}

// Downgrade ends TLS and goes on in clear: it sends close_notify and waits for that
// of the peer, until the read deadline. What the peer has sent behind its own is
// then read in clear, and nothing before it ever is. It fails with
// ErrProtectedBehindEnd if protected bytes come first. It needs a Socket that
// follows the records of TLS. After an error the connection is of no more use.
func (c *Conn) Downgrade() error {
	switch {
	case c.tls == nil || c.socket == nil || !c.socket.records.on:
		return errNoEnd
	case c.Ahead():
		return ErrProtectedBehindEnd
	}
	if err := c.tls.CloseWrite(); err != nil {
		return err
	}
	var one [1]byte
	n, err := c.tls.Read(one[:])
	switch {
	case n > 0:
		return ErrProtectedBehindEnd
	case err != io.EOF: // which is also that of a FIN between records: nothing comes behind it
		return errors.Join(err, errNoEnd)
	case !c.socket.records.between() || c.socket.ahead() > 0:
		return errNoEnd
	}
	c.socket.records = records{}
	c.conn, c.tls = c.socket, nil
	c.br.Reset(c.socket)
	c.line, c.begun = nil, begun{}
	return nil
}
