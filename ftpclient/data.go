package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/dataconn"
)

// replyGrace is how long a data connection may go on after the reply that ends
// the transfer: a download that the server has given up, because the bytes under
// way are worth keeping for a later resume, and an upload that it has confirmed,
// because it should close first.
const replyGrace = 2 * time.Second

// lowestDataPort is the first port that is not privileged. A server that sends a
// client to a lower one wants it to talk to another service.
const lowestDataPort = 1024

// passive asks the server for a data port: EPSV (RFC 2428 §3), or PASV if the
// server does not know that.
func (c *Client) passive() (uint16, error) {
	if !c.noEPSV {
		r, err := c.exchange("EPSV")
		if err == nil {
			r, err = c.final(r)
		}
		if err != nil {
			return 0, err
		}
		switch {
		case r.Code == ftp.Code229ExtendedPassive:
			return passivePort(dataconn.ParseEPSV(r.Text()))
		case r.Code.Class() != ftp.Permanent:
			return 0, &ftp.Error{Command: "EPSV", Reply: r}
		}
		c.noEPSV = true
	}
	r, err := c.expect(ftp.Completion, "PASV")
	if err != nil {
		return 0, err
	}
	// The address in the reply is of no interest, not even to compare: behind a
	// NAT it is wrong, and from a hostile server it is a trap (CVE-2020-8284).
	address, err := dataconn.ParsePASV(r.Text())
	return passivePort(address.Port(), err)
}

func passivePort(port uint16, err error) (uint16, error) {
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	if port < lowestDataPort {
		return 0, fmt.Errorf("%w: it named data port %d, which is privileged", ErrProtocol, port)
	}
	return port, nil
}

// transfer is one data connection and the reply that will end it.
type transfer struct {
	c      *Client
	verb   string
	upload bool
	raw    net.Conn
	data   *dataconn.Conn
	sent   atomic.Bool     // all of an upload has been handed to the network
	final  chan finalReply // gets exactly one
	unwind func() bool     // unties raw from the context
}

type finalReply struct {
	reply ftp.Reply
	err   error
	early bool        // came before the upload was all sent
	kill  *time.Timer // will cut the data connection if it goes on nevertheless
}

var errEarly = fmt.Errorf("%w: the server confirmed the upload before it was all sent", ErrNotVerified)

// transfer opens a data connection and starts the command on it. The order is:
// passive command, connect, REST, command, 1yz, handshake.
func (c *Client) transfer(ctx context.Context, upload bool, offset int64, verb string, arg ...string) (*transfer, error) {
	port, err := c.passive()
	if err != nil {
		return nil, err
	}
	raw, err := c.opt.dial(ctx, net.JoinHostPort(c.peer, strconv.Itoa(int(port))))
	if err != nil {
		return nil, err
	}
	if err := c.start(offset, verb, arg...); err != nil {
		reset(raw)
		return nil, err
	}
	t := &transfer{c: c, verb: verb, upload: upload, raw: raw, final: make(chan finalReply, 1)}
	t.unwind = context.AfterFunc(ctx, func() { reset(raw) })
	if err := c.ctl.SetReadDeadline(time.Time{}); err != nil {
		t.cut()
		return nil, controlError(err)
	}
	go t.readFinal()
	if err := t.secure(ctx); err != nil {
		t.cut()
		return nil, t.explain(err)
	}
	return t, nil
}

// start sends the command, with REST right before it (RFC 3659 §5.3), and waits
// for the 1yz reply.
func (c *Client) start(offset int64, verb string, arg ...string) error {
	if offset > 0 {
		if _, err := c.expect(ftp.Intermediate, "REST", strconv.FormatInt(offset, 10)); err != nil {
			return err
		}
	}
	r, err := c.exchange(verb, arg...)
	switch {
	case err != nil:
		return err
	case r.Code.Class() == ftp.Preliminary:
		return nil
	case r.Code.Class() >= ftp.Transient:
		return &ftp.Error{Command: verb, Reply: r}
	}
	return c.broken(fmt.Sprintf("%s was answered %d without a transfer", verb, r.Code))
}

// secure makes the TLS handshake, for empty files too: without it nobody proves
// that there is nothing to send.
func (t *transfer) secure(ctx context.Context) error {
	c := t.c
	if c.ctl.TLS() == nil {
		t.data = dataconn.Plain(t.raw, c.opt.Timeout)
		return nil
	}
	// The end of ctx ends the handshake too, by the reset that is tied to it: crypto/tls
	// would close with a FIN, which a server that has already finished could take for
	// the end of an empty file.
	hctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.opt.Timeout)
	defer cancel()
	data, err := dataconn.Client(hctx, t.raw, c.dataTLS(), c.opt.Timeout)
	if err != nil {
		if cause := ctx.Err(); cause != nil {
			err = fmt.Errorf("%w: %w", cause, err)
		}
		return handshakeError("data", err)
	}
	t.data = data
	switch resumed := data.TLS().DidResume; {
	case resumed:
		if !c.resumed && c.opt.DataResumed != nil {
			c.opt.DataResumed()
		}
		c.resumed = true
	case c.mustResume():
		return fmt.Errorf("%w: %w: somebody else may have answered", ErrTLS, ErrUnresumed)
	}
	return nil
}

// readFinal waits for the reply that ends the transfer, while the data flow: a
// server that refuses half-way, or a control connection that is lost, must not
// leave the data connection waiting.
func (t *transfer) readFinal() {
	var f finalReply
	for n := 0; ; n++ {
		f.reply, f.err = t.c.readNow()
		if f.err == nil && n == maxPreliminary {
			f.err = t.c.broken("too many preliminary replies")
		}
		if f.err != nil || f.reply.Code.Class() != ftp.Preliminary {
			break
		}
	}
	f.early = t.upload && !t.sent.Load()
	confirmed := f.err == nil && f.reply.Code.Class() == ftp.Completion
	switch {
	case f.err != nil, t.upload && (f.early || !confirmed):
		reset(t.raw)
	case t.upload, !confirmed:
		f.kill = time.AfterFunc(replyGrace, func() { reset(t.raw) })
	}
	t.final <- f
}

// wait returns the reply that ends the transfer. It is called once.
func (t *transfer) wait(limit time.Duration) finalReply {
	if err := t.c.ctl.SetReadDeadline(time.Now().Add(limit)); err != nil {
		_ = t.c.raw.Close()
	}
	f := <-t.final
	if f.kill != nil {
		f.kill.Stop()
	}
	t.unwind()
	if f.err == nil && f.reply.Code.Class() > ftp.Completion {
		f.err = &ftp.Error{Command: t.verb, Reply: f.reply}
	}
	return f
}

// explain adds to an error of the data connection what the server says about it,
// which is often the cause: "522 session reuse required". An upload that only
// lost its connection because the server refused the rest, failed by that refusal
// and nothing else.
func (t *transfer) explain(err error) error {
	f := t.wait(t.c.opt.Timeout)
	var refused *ftp.Error
	switch {
	case f.err == nil && f.early && errors.Is(err, ErrNetwork):
		return errEarly
	case f.err == nil:
		return err
	case t.upload && errors.Is(err, ErrNetwork) && errors.As(f.err, &refused):
		return f.err
	}
	return fmt.Errorf("%w: %w", err, f.err)
}

// cut ends the data connection so that the peer cannot take it for the end of a
// file.
func (t *transfer) cut() {
	if t.data != nil {
		t.data.Abort()
	}
	reset(t.raw)
}

// reset closes a TCP connection with RST. A FIN would do for the end of a file
// in clear, and for servers that do not look for close_notify.
func reset(raw net.Conn) {
	if tcp, ok := raw.(interface{ SetLinger(sec int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	_ = raw.Close()
}

// dataError puts an error of reading or writing data into its kind. A download
// that is cut leaves a part whose worth is not known; an upload only failed.
func (t *transfer) dataError(err error) error {
	var ne net.Error
	switch {
	case errors.As(err, &ne) && ne.Timeout():
		return fmt.Errorf("%w: the data connection stood still: %w", ErrNetwork, err)
	case t.upload:
		return fmt.Errorf("%w: the data connection was lost: %w", ErrNetwork, err)
	}
	return fmt.Errorf("%w: %w: %w", ErrNotVerified, ErrTruncated, err)
}
