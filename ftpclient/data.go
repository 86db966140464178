package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
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

// transfer is one data connection and the reply that will end it.
type transfer struct {
	c      *Client
	verb   string
	upload bool
	data   *dataconn.Conn
	sent   atomic.Bool     // all of an upload has been handed to the network
	final  chan finalReply // gets exactly one
	unwind func() bool     // unties the data connection from the context

	linkMu sync.Mutex // guards what follows
	raw    net.Conn   // under data; nil while it is awaited
	ln     net.Listener
	gone   bool // the connection is not wanted any more

	talk
}

type finalReply struct {
	reply ftp.Reply
	err   error
	early bool        // came before the upload was all sent
	kill  *time.Timer // will cut the data connection if it goes on nevertheless
}

var errEarly = fmt.Errorf("%w: the server confirmed the upload before it was all sent", ErrNotVerified)

// transfer opens a data connection and starts the command on it. The order is:
// passive command, connect, REST, command, 1yz, handshake. The connecting and the
// command may overlap (see hasten).
func (c *Client) transfer(ctx context.Context, upload bool, offset int64, verb string, arg ...string) (*transfer, error) {
	t := &transfer{c: c, verb: verb, upload: upload, final: make(chan finalReply, 1)}
	err := errTooSoon
	if c.ahead && !c.opt.Active && offset == 0 {
		err = t.hasten(ctx, verb, arg...)
	}
	if errors.Is(err, errTooSoon) {
		t.cut()
		t = &transfer{c: c, verb: verb, upload: upload, final: make(chan finalReply, 1)}
		if err = t.prepare(ctx); err == nil {
			err = c.start(offset, verb, arg...)
		}
	}
	if err != nil {
		t.cut()
		return nil, err
	}
	if err := c.ctl.SetReadDeadline(time.Time{}); err != nil {
		t.cut()
		return nil, controlError(err)
	}
	t.run(ctx)
	err = t.accept()
	if err == nil {
		err = t.secure(ctx)
	}
	if err != nil {
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
	if err := c.send(verb, arg...); err != nil {
		return err
	}
	return c.started(verb)
}

// started waits for the 1yz reply to the command.
func (c *Client) started(verb string) error {
	r, err := c.read()
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
		c.trace(TraceEvent{Kind: TraceData, Addr: t.raw.RemoteAddr().String()})
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
	c.trace(TraceEvent{Kind: TraceData, Addr: t.raw.RemoteAddr().String(), TLS: data.TLS()})
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
	for n := 0; ; {
		f.reply, f.err = t.c.readNow()
		if f.err == nil && t.ofNoop(f.reply) {
			continue
		}
		if f.err != nil || f.reply.Code.Class() != ftp.Preliminary {
			break
		}
		if n++; n > maxPreliminary {
			f.err = t.c.broken("too many preliminary replies")
			break
		}
	}
	f.early = t.upload && !t.sent.Load()
	confirmed := f.err == nil && f.reply.Code.Class() == ftp.Completion
	switch {
	case f.err != nil, t.upload && (f.early || !confirmed):
		t.drop()
	case t.upload, !confirmed:
		f.kill = time.AfterFunc(replyGrace, t.drop)
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
	if !t.unwind() {
		// The data connection may have been dropped ahead of ABOR, and the server may have
		// answered to that: ABOR still has to come before the end of the talk.
		<-t.c.interrupted
	}
	t.silence()
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
	var here *LocalError
	var refused *ftp.Error
	switch {
	case errors.As(err, &here):
		return err
	case f.err == nil && f.early && errors.Is(err, ErrNetwork):
		return errEarly
	case f.err == nil:
		return err
	case t.upload && errors.Is(err, ErrNetwork) && errors.As(f.err, &refused):
		return f.err
	}
	return fmt.Errorf("%w: %w", err, f.err)
}

// dataError puts an error of reading or writing data into its kind. A download
// that is cut leaves a part whose worth is not known; an upload only failed.
func (t *transfer) dataError(err error) error {
	var ne net.Error
	switch {
	case errors.As(err, &ne) && ne.Timeout():
		return fmt.Errorf("%w: the data connection stood still: %w", ErrNetwork, plain(err))
	case t.upload:
		return fmt.Errorf("%w: the data connection was lost: %w", ErrNetwork, plain(err))
	}
	return fmt.Errorf("%w: %w: %w", ErrNotVerified, ErrTruncated, plain(err))
}
