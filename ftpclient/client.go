package ftpclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/wire"
)

// maxPreliminary bounds the 1yz replies before the one that counts.
const maxPreliminary = 16

// Defaults of Options.
const (
	DefaultTimeout       = 30 * time.Second
	DefaultFinishTimeout = 2 * time.Minute
)

// Options says how a Client connects. The zero value is the safe one: TLS is
// required and the certificate is verified against the system's roots.
type Options struct {
	// RootCAs are the authorities to trust; nil means those of the system.
	RootCAs *x509.CertPool
	// Certificates are shown to a server that asks for a client certificate.
	Certificates []tls.Certificate
	// Verify, if set, judges the server's certificate in place of RootCAs and
	// host name: nil means trusted. It is called for every handshake, resumed
	// ones and those of data connections too. It must not wait for a person: the
	// time that the server has for a handshake is running. See Probe.
	Verify func(tls.ConnectionState) error
	// MinTLS is the lowest version allowed: tls.VersionTLS12 (the default) or
	// tls.VersionTLS13.
	MinTLS uint16
	// AllowUnresumed accepts a data connection that does not resume the TLS
	// session although an earlier one did. It gives up the proof that both
	// come from the same server.
	AllowUnresumed bool
	// ExpectResumed says that data connections to this server are known to
	// resume the TLS session: then the first one has to as well.
	ExpectResumed bool
	// DataResumed, if set, is called when a data connection has resumed the TLS
	// session for the first time.
	DataResumed func()
	// InsecurePlaintext uses no TLS at all: everybody on the way can read and
	// change password and files. It is allowed for ftp:// URLs only.
	InsecurePlaintext bool

	// Names translates names for a server whose names are not in UTF-8; nil leaves them
	// as they are.
	Names NameCodec
	// Check says what a transfer compares with the server; the zero value is
	// CheckSize.
	Check Check
	// Warn, if set, gets replies that make no sense and were ignored. It is called
	// by the goroutine of the call and must not use the Client.
	Warn func(*Warning)
	// Trace, if set, is told of every step of the dialogue, without passwords. It is
	// called by several goroutines and must not use the Client.
	Trace func(TraceEvent)

	// Timeout bounds each step: connecting, a handshake, one reply, and how
	// long a transfer may stand still. 0 means DefaultTimeout.
	Timeout time.Duration
	// FinishTimeout bounds the wait for the reply behind the last byte of a
	// transfer, which a server may delay to store the file safely. 0 means
	// DefaultFinishTimeout.
	FinishTimeout time.Duration
	// KeepAlive, if not 0, is the interval at which NOOP is sent during a transfer,
	// for the sake of a NAT on the way that forgets silent connections. Some servers
	// cannot bear that: it is off by default.
	KeepAlive time.Duration
	// Active has the server connect to the client for data (EPRT, PORT), from the
	// address of its control connection only. It does not go through a Proxy.
	Active bool
	// Lockstep sends no command before the one ahead of it is answered. Else the
	// commands that do not depend on each other go together, once the server has
	// shown at the login that it answers them all; a Pool remembers those that do not.
	Lockstep bool
	// SendHost names the host of the URL to the server before the login (HOST, RFC
	// 7151). A server that has no such command is used all the same; one that does
	// not know the host is an error.
	SendHost bool
	// Proxy, if set, is through which all connections go: http://host:port (CONNECT)
	// or socks5://host:port, with user and password if need be. It is the proxy that
	// looks up the server's name.
	Proxy *url.URL
	// DialContext makes the TCP connections, also those to the Proxy; nil means
	// net.Dialer's.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)

	greeted func() // a Pool's, called when the first reply has come
}

// Client is a logged-in session on a server. It is for one goroutine at a time;
// only Close may be called by another.
type Client struct {
	opt      Options
	host     string     // as in the URL: what the certificate must name
	peer     string     // address of the control connection's peer, without port
	raw      net.Conn   // under TLS; closing it ends everything at once
	ctl      *wire.Conn // owner of raw
	tickets  *tickets   // one per control connection
	leaf     []byte     // DER of the control connection's certificate
	features []ftp.Feature
	noEPSV   bool // the server refused EPSV once
	noEPRT   bool // likewise
	noMLSD   bool // likewise
	noMLST   bool // likewise
	noMFMT   bool // likewise

	ahead      bool      // the server answers commands that come ahead
	ready      uint16    // data port that was asked for in advance; 0: none
	readyUntil time.Time // when ready is too old
	suspect    bool      // a reply came that may be to another command
	uploads    int       // by StoreFile
	wantTime   bool      // ask for the time of what is fetched
	timeBy     string    // the command that has set a time; "" before the first

	hashChosen string // by OPTS HASH; "" before the first
	resumed    bool   // a data connection has resumed the TLS session

	altered     bool // Do or Chdir has changed what a Pool may not share
	busy        bool
	interrupted chan struct{} // closed when the end of the call's context has done its work
	mu          sync.Mutex    // guards what follows: Close may come from another goroutine
	dead        error         // why nothing more can be sent
	live        *transfer     // the one that runs, which the end of a context can abort
}

// begin is called at the start of each exchange and ties it to ctx. The caller
// calls end with its error, and returns what end returns.
func (c *Client) begin(ctx context.Context) (end func(error) error, err error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := c.lost(); err != nil {
		return nil, err
	}
	if c.busy {
		return nil, ErrBusy
	}
	c.busy = true
	interrupted := make(chan struct{})
	c.interrupted = interrupted
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		c.interrupt(context.Cause(ctx))
	})
	return func(err error) error {
		inTime := stop()
		if !inTime {
			<-interrupted // or it would strike the next call
		}
		c.busy = false
		if !inTime && err != nil {
			return fmt.Errorf("%w (%w)", context.Cause(ctx), err)
		}
		return err
	}, nil
}

// fail notes why the connection is of no more use; the first reason stays.
func (c *Client) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead == nil {
		c.dead = err
	}
}

func (c *Client) lost() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dead
}

// send writes one command. A command that would break the line is refused with
// nothing sent, and does not hurt the connection.
func (c *Client) send(verb string, arg ...string) error {
	return c.sendAll(append([]string{verb}, arg...))
}

// sendAll writes commands by one write, or none of them.
func (c *Client) sendAll(lines ...[]string) error {
	raw, err := c.encode(lines)
	if err != nil {
		return err
	}
	err = c.ctl.WriteCommands(raw...)
	if err == nil {
		c.traceSent(lines)
	}
	if err == nil || errors.Is(err, wire.ErrUnsafeArgument) {
		return err
	}
	err = controlError(err)
	c.fail(err)
	return err
}

// read reads one reply within the timeout.
func (c *Client) read() (ftp.Reply, error) {
	if err := c.ctl.SetReadDeadline(time.Now().Add(c.opt.Timeout)); err != nil {
		err = controlError(err)
		c.fail(err)
		return ftp.Reply{}, err
	}
	return c.readNow()
}

// readNow reads one reply within the deadline that is set.
func (c *Client) readNow() (ftp.Reply, error) {
	r, err := c.readReply()
	if err != nil {
		return ftp.Reply{}, c.readFailed(err)
	}
	return r, nil
}

// readWithin reads one reply within limit. Its errors are those of the connection,
// which they do not end.
func (c *Client) readWithin(limit time.Duration) (ftp.Reply, error) {
	if err := c.ctl.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return ftp.Reply{}, err
	}
	return c.readReply()
}

func (c *Client) readReply() (ftp.Reply, error) {
	r, err := c.ctl.ReadReply()
	if err == nil {
		c.decodeReply(&r)
		c.trace(TraceEvent{Kind: TraceReceived, Reply: r})
		shortenRefusal(&r)
	}
	if err == nil && r.Code == ftp.Code421Closing {
		c.fail(&ftp.Error{Reply: r})
	}
	return r, err
}

// maxRefusal bounds the text of a reply that refuses, in bytes. Such replies are kept in
// errors, and errors in lists, so that 1 MiB each would add up.
const maxRefusal = 4 << 10

// shortenRefusal leaves of a 4yz or 5yz its first maxRefusal bytes.
func shortenRefusal(r *ftp.Reply) {
	if r.Code.Class() < ftp.Transient {
		return
	}
	room := maxRefusal
	for i, line := range r.Lines {
		if room -= len(line) + 16; room < 0 { // 16: an empty line is no less a string
			r.Lines = append(slices.Clone(r.Lines[:i]), strings.Clone(line[:max(0, len(line)+room)]))
			return
		}
	}
}

// readFailed ends the use of a connection of which nothing can be read any more.
func (c *Client) readFailed(err error) error {
	err = controlError(err)
	c.fail(err)
	return err
}

// exchange sends one command and reads its first reply, whatever it is.
func (c *Client) exchange(verb string, arg ...string) (ftp.Reply, error) {
	if err := c.send(verb, arg...); err != nil {
		return ftp.Reply{}, err
	}
	return c.read()
}

// final reads on after a 1yz reply until another one.
func (c *Client) final(r ftp.Reply) (ftp.Reply, error) {
	var err error
	for range maxPreliminary {
		if r.Code.Class() != ftp.Preliminary {
			return r, nil
		}
		if r, err = c.read(); err != nil {
			return r, err
		}
	}
	return ftp.Reply{}, c.broken("too many preliminary replies")
}

// broken ends the use of the connection: after what the server sent, it cannot
// be known which reply belongs to which command.
func (c *Client) broken(what string) error {
	err := fmt.Errorf("%w: %s", ErrProtocol, what)
	c.fail(err)
	return err
}

// expect sends one command and demands a final reply of one of the classes.
func (c *Client) expect(class ftp.Class, verb string, arg ...string) (ftp.Reply, error) {
	r, err := c.exchange(verb, arg...)
	if err == nil {
		r, err = c.final(r)
	}
	if err == nil && r.Code.Class() != class {
		err = &ftp.Error{Command: verb, Reply: r}
	}
	return r, err
}

// Do sends one command and returns its final reply, also a refusing one; the
// error is for the connection only. It is not for commands that open a data
// connection or change TLS. A Pool closes a Client that was used so.
func (c *Client) Do(ctx context.Context, verb string, arg ...string) (ftp.Reply, error) {
	end, err := c.begin(ctx)
	if err != nil {
		return ftp.Reply{}, err
	}
	c.altered = true
	r, err := c.exchange(verb, arg...)
	if err == nil {
		r, err = c.final(r)
	}
	return r, end(err)
}

// TLS describes the control connection's TLS, or is nil without TLS.
func (c *Client) TLS() *tls.ConnectionState { return c.ctl.TLS() }

// Quit says good-bye and closes the connection. An error means only that the
// server did not answer; the connection is closed all the same.
func (c *Client) Quit(ctx context.Context) error {
	end, err := c.begin(ctx)
	if err != nil {
		_ = c.Close()
		return err
	}
	_, err = c.expect(ftp.Completion, "QUIT")
	err = end(err)
	return errors.Join(err, c.Close())
}

// Close closes the connection without a word, also under a running call. It may
// be called again.
func (c *Client) Close() error {
	c.fail(ErrClosed)
	err := c.raw.Close()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
