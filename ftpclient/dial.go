package ftpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/wire"
)

// Dial connects to the server of u, protects the connection as the URL's scheme
// says, and logs in with the user and password of u. The path of u is not used.
func Dial(ctx context.Context, u ftp.URL, opt Options) (*Client, error) {
	if opt.InsecurePlaintext && !u.PlainScheme {
		return nil, errors.New("ftpclient: InsecurePlaintext is for ftp:// URLs only")
	}
	if u.User == "" {
		return nil, errors.New("ftpclient: the URL names no user")
	}
	if strings.ContainsAny(u.User+u.Password, "\r\n\x00") {
		// Found now, so that nothing at all is sent (CVE-2017-3533).
		return nil, fmt.Errorf("ftpclient: user or password: %w", wire.ErrUnsafeArgument)
	}
	return connect(ctx, u, opt, func(c *Client) error {
		if err := c.open(ctx, u); err != nil {
			return err
		}
		if err := c.sendHost(); err != nil {
			return err
		}
		return c.login(u)
	})
}

// connect makes the control connection and opens it.
func connect(ctx context.Context, u ftp.URL, opt Options, open func(*Client) error) (*Client, error) {
	opt = opt.withDefaults()
	if err := opt.usableProxy(); err != nil {
		return nil, err
	}
	raw, err := opt.dial(ctx, u.Address())
	if err != nil {
		return nil, err
	}
	peer, _, err := net.SplitHostPort(raw.RemoteAddr().String())
	if opt.Proxy != nil {
		peer, err = u.Host, nil // the connection's own peer is the proxy
	}
	if err != nil {
		_ = raw.Close()
		return nil, fmt.Errorf("%w: the connection has no usable address", ErrNetwork)
	}
	raw = wire.NewSocket(raw) // bounds what crypto/tls writes while it reads
	c := &Client{opt: opt, host: u.Host, peer: peer, raw: raw, tickets: &tickets{}}
	c.ctl = wire.NewConn(raw, opt.Timeout)
	c.trace(TraceEvent{Kind: TraceConnected, Addr: u.Address()})
	end, err := c.begin(ctx)
	if err == nil {
		err = end(open(c))
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

func (o Options) withDefaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.FinishTimeout <= 0 {
		o.FinishTimeout = DefaultFinishTimeout
	}
	if o.MinTLS < tls.VersionTLS12 {
		o.MinTLS = tls.VersionTLS12
	}
	if o.DialContext == nil {
		o.DialContext = (&net.Dialer{}).DialContext
	}
	return o
}

func (o Options) dial(ctx context.Context, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	dial := o.DialContext
	if o.Proxy != nil {
		dial = o.dialProxy
	}
	raw, err := dial(ctx, "tcp", address)
	switch {
	case err == nil:
		return raw, nil
	case o.Proxy == nil:
		err = plain(err)
	}
	return nil, fmt.Errorf("%w: %w", ErrNetwork, err)
}

// open takes a fresh connection to where a user name may be sent.
func (c *Client) open(ctx context.Context, u ftp.URL) error {
	steps := []func(context.Context) error{c.greeting, c.authTLS}
	switch {
	case u.Security == ftp.Implicit:
		steps = []func(context.Context) error{c.implicitTLS, c.greeting}
	case c.opt.InsecurePlaintext:
		steps = []func(context.Context) error{c.greeting}
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// greeting waits for 220; 120 says that it will come later (RFC 959 §5.4).
func (c *Client) greeting(context.Context) error {
	r, err := c.read()
	if c.opt.greeted != nil {
		c.opt.greeted() // whatever it says: the server has accepted the connection
	}
	if err == nil {
		r, err = c.final(r)
	}
	if err != nil {
		return err
	}
	if r.Code != ftp.Code220Ready {
		// That includes 230: a server that "knows us already" would have us
		// skip TLS (CVE-2021-22946).
		return &ftp.Error{Reply: r}
	}
	if c.ctl.TLS() == nil && c.ctl.Buffered() > 0 {
		// Replies to commands not sent yet, in clear (CVE-2021-22947).
		return c.broken("more was sent behind the greeting")
	}
	return nil
}

// authTLS changes to TLS (RFC 4217 §4). Whatever is not a 234 ends the attempt:
// nothing else may be sent in clear.
func (c *Client) authTLS(ctx context.Context) error {
	r, err := c.exchange("AUTH", "TLS")
	if err != nil {
		return err
	}
	if r.Code != ftp.Code234SecurityAccepted {
		refused := &ftp.Error{Command: "AUTH", Reply: r}
		if r.Code.Class() == ftp.Transient {
			return fmt.Errorf("%w: the server has no TLS at present: %w", ErrTLS, refused)
		}
		return fmt.Errorf("%w: %w: %w", ErrTLS, ErrPlaintextOnly, refused)
	}
	ctx, cancel := context.WithTimeout(ctx, c.opt.Timeout)
	defer cancel()
	err = c.ctl.Upgrade(ctx, func(conn net.Conn) *tls.Conn { return tls.Client(conn, c.controlTLS()) })
	if err != nil {
		return handshakeError("control", err)
	}
	c.leaf = c.ctl.TLS().PeerCertificates[0].Raw
	c.traceTLS()
	return nil
}

func (c *Client) implicitTLS(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.opt.Timeout)
	defer cancel()
	t := tls.Client(c.raw, c.controlTLS())
	if err := t.HandshakeContext(ctx); err != nil {
		return handshakeError("control", err)
	}
	if err := t.SetDeadline(time.Time{}); err != nil {
		return controlError(err)
	}
	c.ctl = wire.NewConn(t, c.opt.Timeout)
	c.leaf = t.ConnectionState().PeerCertificates[0].Raw
	c.traceTLS()
	return nil
}
